"""History of another tool: judged line by line, all or nothing, once, in silence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from guichet.cases.models import Case, Clock, Interaction
from guichet.gateway.worker import drain
from guichet.journal.models import Event
from guichet.outbox.models import Delivery, Parcel
from guichet.people.models import Person
from guichet.procedures.models import Dossier, Procedure

HEAD = (
    "external_id;first_name;family_name;email;filed_on;phase;outcome;decided_on;closed_on;amount;"
    "answer.prenom;answer.debut"
)
GOOD = (
    "A1;Camille;Duprat;camille@courriel.example;2024-03-02;closed;granted;2024-05-06;2024-09-01;400,00;"
    "Camille;01/06/2024",
    "A2;Lina;Faure;;2025-01-10;appraisal;;;;;Lina;",
)


def load(path: Path, procedure: Procedure, *more: str) -> None:
    call_command("import_dossiers", str(path), "--procedure", procedure.code, *more)


@pytest.fixture
def sheet(tmp_path: Path) -> Any:
    def make(*lines: str) -> Path:
        path = tmp_path / "historique.csv"
        path.write_text("\n".join([HEAD, *lines]), "utf-8-sig")
        return path

    return make


def test_history_enters_in_silence(mobility: Procedure, sheet: Any) -> None:
    load(sheet(*GOOD), mobility)
    drain()
    over, running = Dossier.objects.order_by("external_id")
    assert (over.phase, over.outcome, over.amount_cents, over.applicant.full_name) == (
        "closed", "granted", 40000, "Camille Duprat",
    )  # fmt: skip
    assert over.answers["debut"] == "2024-06-01" and over.filed_at and over.filed_at.date().isoformat() == "2024-03-02"
    assert over.case and over.case.status == "closed" and over.case.closed_at == over.closed_at
    assert running.case and running.case.status == "appraisal" and not running.expected
    assert not Clock.objects.exists() and not Parcel.objects.exists() and not Delivery.objects.exists()
    assert not Interaction.objects.filter(direction="out").exists()
    assert Event.objects.filter(verb="dossier.imported").count() == 2


def test_taken_over_once(mobility: Procedure, sheet: Any) -> None:
    load(sheet(GOOD[0]), mobility)
    load(sheet(*GOOD), mobility)
    assert Dossier.objects.count() == 2 and Person.objects.count() == 2


def test_a_dry_run_writes_nothing(mobility: Procedure, sheet: Any) -> None:
    load(sheet(*GOOD), mobility, "--dry-run")
    assert not Dossier.objects.exists() and not Person.objects.exists()


def test_one_wrong_line_and_nothing_enters(mobility: Procedure, sheet: Any) -> None:
    path = sheet(
        *GOOD,
        "A1;X;Y;;2024-03-02;appraisal;;;;;;",
        ";X;;pas-une-adresse;02/03/2024;fini;;;;beaucoup;;hier",
        "A3;X;Y;;2024-03-02;closed;granted;2024-01-01;;-1;;",
        "A4;X;Y;;2999-01-01;appraisal;granted;;;;;",
        "A5;trop;court",
    )
    with pytest.raises(CommandError, match="Rien n'est entré"):
        load(path, mobility)
    assert not Dossier.objects.exists() and not Case.objects.exists() and not Person.objects.exists()
    report = path.with_name("historique.erreurs.csv").read_text("utf-8-sig").splitlines()
    said = {tuple(line.split(";")[:2]) for line in report[1:]}
    assert said == {
        ("4", "external_id"),
        *(("5", name) for name in ("external_id", "family_name", "email", "filed_on", "phase", "amount")),
        ("5", "answer.debut"),
        *(("6", name) for name in ("decided_on", "closed_on", "amount")),
        *(("7", name) for name in ("filed_on", "outcome", "decided_on")),
        ("8", ""),
    }  # fmt: skip


def test_lines_of_json(mobility: Procedure, tmp_path: Path) -> None:
    path = tmp_path / "historique.jsonl"
    line = {
        "external_id": "B1", "filed_on": "2025-01-10", "phase": "documents",
        "person": {"family_name": "Faure", "kind": "citizen"}, "answers": {"prenom": "Lina", "boursier": True},
    }  # fmt: skip
    path.write_text(json.dumps(line) + "\n{\n" + json.dumps({**line, "external_id": "B2", "inconnu": 1}), "utf-8")
    with pytest.raises(CommandError) as refused:
        load(path, mobility)
    assert "ligne 2, toute la ligne : Cette ligne est illisible." in str(refused.value)
    assert "ligne 3, inconnu : Cette colonne n'existe pas." in str(refused.value)
    path.write_text(json.dumps(line), "utf-8")
    load(path, mobility)
    assert Dossier.objects.get().answers["boursier"] is True
