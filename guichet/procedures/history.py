"""Dossiers of another tool, as a file tells them: read line by line, judged before anything is written."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils import timezone

from guichet.core import identifiers
from guichet.core.phones import normalise
from guichet.core.text import strip_controls
from guichet.people.identity import Claim
from guichet.people.models import Person
from guichet.procedures.answers import read_all
from guichet.procedures.definition import Definition
from guichet.procedures.models import Outcome
from guichet.procedures.models.dossier import Phase

PERSON = {
    "kind": 12, "civility": 4, "first_name": 80, "family_name": 80, "organisation_name": 160, "email": 254, "phone": 30,
    "address": 400, "postcode": 10, "town": 80, "siret": 20, "rna": 12,
}  # fmt: skip
FACTS = ("external_id", "phase", "outcome", "filed_on", "decided_on", "closed_on", "amount")
ANSWER = "answer."
DECIDED = frozenset({Phase.NOTIFICATION, Phase.PAYMENT, Phase.CLOSED})
EXPRESS = frozenset({Outcome.GRANTED, Outcome.REFUSED})


@dataclass(frozen=True, slots=True)
class Fault:
    line: int
    field: str
    reason: str


@dataclass(slots=True)
class Past:
    """One dossier of the past, whose values were read."""

    external_id: str
    claim: Claim
    answers: dict[str, Any]
    phase: Phase
    outcome: str
    filed_on: date
    decided_on: date | None
    closed_on: date | None
    amount_cents: int | None


@dataclass(slots=True)
class _Line:
    number: int
    values: Mapping[str, Any]
    faults: list[Fault] = field(default_factory=list)

    def wrong(self, name: str, reason: str) -> None:
        self.faults.append(Fault(self.number, name, reason))

    def text(self, name: str, longest: int) -> str:
        raw = self.values.get(name)
        if raw is None:
            return ""
        if not isinstance(raw, str | int):
            self.wrong(name, "Écrivez un texte.")
            return ""
        text = " ".join(strip_controls(str(raw)).split())
        if len(text) > longest:
            self.wrong(name, f"Ce texte dépasse {longest} signes.")
        return text

    def day(self, name: str) -> date | None:
        text = self.text(name, 10)
        if not text:
            return None
        try:
            found = date.fromisoformat(text)
        except ValueError:
            self.wrong(name, "Écrivez une date comme 2025-12-31.")
            return None
        if not found.year >= 1950 or found > timezone.localdate():
            self.wrong(name, "Cette date est à venir, ou trop ancienne.")
            return None
        return found


def lines_of(text: str, form: str) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """(number of the line, what it says; None when it cannot be read). `form`: "csv" or "jsonl"."""
    if form == "csv":
        head = text.partition("\n")[0]
        reader = csv.DictReader(text.splitlines(), delimiter=";" if head.count(";") > head.count(",") else ",")
        for row in reader:
            # More cells than columns, or fewer: the line is broken.
            broken = None in row or None in row.values()
            yield reader.line_num, None if broken else {k.strip(): v for k, v in row.items() if v != ""}
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            said = json.loads(line)
        except ValueError:
            said = None
        yield number, _flat(said) if isinstance(said, dict) else None


def _flat(said: dict[str, Any]) -> dict[str, Any]:
    person, answers = said.pop("person", {}), said.pop("answers", {})
    flat = dict(said)
    flat |= person if isinstance(person, dict) else {"person": person}
    flat |= {ANSWER + k: v for k, v in answers.items()} if isinstance(answers, dict) else {"answers": answers}
    return flat


def judge(rows: Iterable[tuple[int, dict[str, Any] | None]], it: Definition) -> tuple[list[Past], list[Fault]]:
    """What may be taken over, and all that is wrong, in the order of the file."""
    found: list[Past] = []
    faults: list[Fault] = []
    seen: dict[str, int] = {}
    for number, values in rows:
        if values is None:
            faults.append(Fault(number, "", "Cette ligne est illisible."))
            continue
        line = _Line(number, values)
        past = _past(line, it)
        if past.external_id and (first := seen.setdefault(past.external_id, number)) != number:
            line.wrong("external_id", f"Cet identifiant est déjà celui de la ligne {first}.")
        faults += line.faults
        found.append(past)
    return found, faults


def _past(line: _Line, it: Definition) -> Past:
    for name in line.values:
        if name not in PERSON and name not in FACTS and not name.startswith(ANSWER):
            line.wrong(name, "Cette colonne n'existe pas.")
    identifier = line.text("external_id", 120)
    if not identifier:
        line.wrong("external_id", "Donnez l'identifiant du dossier dans l'autre logiciel.")
    filed = line.day("filed_on")
    if filed is None and not any(fault.field == "filed_on" for fault in line.faults):
        line.wrong("filed_on", "Donnez la date de dépôt.")
    day = filed or timezone.localdate()
    raw = {name.removeprefix(ANSWER): value for name, value in line.values.items() if name.startswith(ANSWER)}
    answers, wrong = read_all(it, raw, day=day, lenient=True)
    for code, reason in wrong.items():
        line.wrong(ANSWER + code, reason)
    phase, outcome = _stage(line)
    decided, closed = line.day("decided_on"), line.day("closed_on")
    _check_dates(line, phase, outcome, day, decided, closed)
    return Past(
        external_id=identifier, claim=_claim(line), answers={k: v for k, v in answers.items() if v is not None},
        phase=phase, outcome=outcome, filed_on=day, decided_on=decided, closed_on=closed,
        amount_cents=_amount(line, outcome),
    )  # fmt: skip


def _stage(line: _Line) -> tuple[Phase, str]:
    phase, outcome = line.text("phase", 20), line.text("outcome", 30)
    known = [one.value for one in Phase if one != Phase.DRAFT]
    if phase not in known:
        line.wrong("phase", f"Valeurs possibles : {', '.join(known)}.")
        phase = Phase.ADMISSIBILITY.value
    if outcome not in Outcome.values:
        line.wrong("outcome", f"Valeurs possibles : {', '.join(filter(None, Outcome.values))}.")
        outcome = ""
    if outcome and Phase(phase) not in DECIDED:
        line.wrong("outcome", "Un dossier qui a une issue n'est plus en instruction.")
    if not outcome and Phase(phase) in DECIDED:
        line.wrong("outcome", "Donnez l'issue de ce dossier.")
    return Phase(phase), outcome


def _check_dates(
    line: _Line, phase: Phase, outcome: str, filed: date, decided: date | None, closed: date | None
) -> None:
    if outcome in EXPRESS and not decided and "decided_on" not in {fault.field for fault in line.faults}:
        line.wrong("decided_on", "Donnez la date de la décision.")
    if phase == Phase.CLOSED and not closed and "closed_on" not in {fault.field for fault in line.faults}:
        line.wrong("closed_on", "Donnez la date de fin.")
    if phase != Phase.CLOSED and closed:
        line.wrong("closed_on", "Ce dossier n'est pas terminé : laissez cette date vide.")
    if decided and decided < filed:
        line.wrong("decided_on", "La décision vient avant le dépôt.")
    if closed and closed < (decided or filed):
        line.wrong("closed_on", "La fin vient avant le dépôt ou la décision.")


def _amount(line: _Line, outcome: str) -> int | None:
    text = line.text("amount", 20).replace(" ", "").replace(",", ".")
    if not text:
        return None
    try:
        cents = Decimal(text) * 100
    except InvalidOperation:
        line.wrong("amount", "Écrivez un montant en euros, par exemple 400 ou 133,33.")
        return None
    if not cents.is_finite() or cents != cents.to_integral_value() or not 0 <= cents < 10**14:
        line.wrong("amount", "Un montant est positif et s'arrête aux centimes.")
        return None
    if outcome not in {Outcome.GRANTED, Outcome.IMPLICIT_ACCEPTANCE}:
        line.wrong("amount", "Seul un dossier accordé a un montant.")
    return int(cents)


def _claim(line: _Line) -> Claim:
    said: dict[str, Any] = {name: line.text(name, longest) for name, longest in PERSON.items()}
    said["kind"] = said["kind"] or Person.Kind.CITIZEN.value
    if said["kind"] not in Person.Kind.values:
        line.wrong("kind", f"Valeurs possibles : {', '.join(Person.Kind.values)}.")
    if said["civility"] not in Person.Civility.values:
        line.wrong("civility", "Valeurs possibles : mme, m, ou rien.")
    if not (said["family_name"] or said["organisation_name"]):
        line.wrong("family_name", "Donnez le nom de la personne, ou celui de l'organisme.")
    readers = {
        "email": (identifiers.email, "Cette adresse e-mail n'en est pas une."),
        "phone": (normalise, "Ce numéro de téléphone n'en est pas un."),
        "siret": (identifiers.siret, "Un SIRET a 14 chiffres."),
        "rna": (identifiers.rna, "Un numéro RNA commence par W et a neuf chiffres."),
    }
    for name, (read, complaint) in readers.items():
        if said[name]:
            value = read(said[name])
            if not value:
                line.wrong(name, complaint)
            said[name] = value or ""
    return Claim(**said, department=identifiers.department_of(said["postcode"]) if said["postcode"] else "")
