"""The procedures of the demo Region are complete, and their examples are computed as their rules say."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from guichet.demo.procedures import FOLDER
from guichet.procedures.answers import known, pages_of, read_page
from guichet.procedures.checking import blanks
from guichet.procedures.computing import Met, computation, eligibility, pieces_of, shared_out
from guichet.procedures.definition import Definition, load
from guichet.procedures.formulas import BadFormula, Unknown, read

FILES = sorted(FOLDER.glob("*.json"))
DAY = date(2026, 11, 27)
AMOUNTS = {
    "aide-permis": 120000, "bafa": 38400, "bourse-apprentis": 109800, "fonds-social-formation": 64050,
    "mobilite-internationale": 77000, "subvention-association": 300000, "transport-scolaire": 8100,
}  # fmt: skip


def said(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def answered(definition: Definition, example: dict[str, str], day: date = DAY) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    example = {"prenom": "Camille", "nom": "Duprat", **example}
    for page in definition.pages:
        if page not in pages_of(definition, known(definition, answers, day=day)):
            continue
        answers, errors = read_page(definition, page, {k: [v] for k, v in example.items()}, answers, day=day)
        assert not errors, errors
    return answers


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_is_complete_and_computes_its_example(path: Path) -> None:
    it = said(path)
    definition = load(it["body"])
    assert blanks(definition) == []
    values = known(definition, answered(definition, it["example"]), day=DAY)
    assert all(verdict.met == Met.YES for verdict in eligibility(definition, values))
    found = computation(definition, values)
    assert found is not None and found.cents == AMOUNTS[it["code"]]
    assert pieces_of(definition, values)
    assert sum(shared_out(found.cents, definition.instalments)) in {0, found.cents}


def test_every_blank_is_named() -> None:
    named = blanks(Definition())
    for word in ("résumé", "recours", "sans Internet", "conservation", "signataire", "silence", "étape", "page"):
        assert any(word in sentence for sentence in named), word


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"rules": [{"code": "x", "label": "x", "formula": "inconnu > 1", "met": "", "unmet": ""}]}, "inconnu"),
        ({"pieces": [{"code": "x", "label": "Pièce x", "blocks_instruction": True}]}, "indispensable"),
        ({"silence_months": None}, "combien de mois"),
        ({"receipt_exempt": True}, "motivée"),
        ({"computed": [{"code": "x", "label": "x", "formula": "1 +"}]}, "ne se lit pas"),
        ({"steps": []}, "étape"),
    ],
)
def test_what_does_not_hold_together_is_named(change: dict[str, Any], word: str) -> None:
    body = {**said(FOLDER / "permis.json")["body"], **change}
    assert any(word in sentence for sentence in blanks(load(body)))


def test_the_tariff_changes_with_the_dated_figures() -> None:
    body = said(FOLDER / "permis.json")["body"]
    ceiling = next(p for p in body["parameters"] if p["code"] == "plafond_1")
    ceiling["values"] = [
        {"value": "9700", "first_day": "2022-01-01", "last_day": "2026-12-31"},
        {"value": "8000", "first_day": "2027-01-01"},
    ]
    definition = load(body)
    example = {**said(FOLDER / "permis.json")["example"], "revenu_fiscal": "9000", "parts": "1"}
    for day, cents in ((date(2026, 12, 31), 120000), (date(2027, 1, 1), 80000)):
        found = computation(definition, known(definition, answered(definition, example, day), day=day))
        assert found is not None and found.cents == cents


@pytest.mark.parametrize(
    "text",
    ["__import__('os')", "a.b", "[x for x in y]", "f(1)", "1 +", "lambda: 1", "2 ** 9", "((((", "x := 1", "a[0]"],
)
def test_a_formula_is_nothing_but_a_formula(text: str) -> None:
    with pytest.raises(BadFormula):
        read(text)


def test_what_is_not_known_is_not_false() -> None:
    assert read("age >= 18 ou boursier").value({"boursier": True, "age": None}) is True
    with pytest.raises(Unknown):
        read("age >= 18 et boursier").value({"boursier": True})
    with pytest.raises(BadFormula, match="zéro"):
        from decimal import Decimal

        read("1 / parts").value({"parts": Decimal(0)})


@pytest.mark.parametrize(
    ("cents", "thirds"), [(40000, [13333, 13333, 13334]), (1, [0, 0, 1]), (90000, [30000, 30000, 30000])]
)
def test_thirds_are_exact(cents: int, thirds: list[int]) -> None:
    instalments = load(said(FOLDER / "mobilite_internationale.json")["body"]).instalments
    assert shared_out(cents, instalments) == thirds
