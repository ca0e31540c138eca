"""Dossiers of the demo Region: begun, filed, judged and decided by the same actions as on the screens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone

from guichet.accounts.models import User
from guichet.citizens.actions import open_account
from guichet.core.pdf import pdf_of
from guichet.demo.procedures import examples
from guichet.people.identity import Claim
from guichet.people.models import Person
from guichet.procedures import actions as do
from guichet.procedures.models import Dossier, Piece, Procedure, Sitting

# Address, first name, name, postcode, town: the citizens whose accounts are shown with the demo's.
CITIZENS = (
    ("camille.duprat@courriel.example", "Camille", "Duprat", "86000", "Poitiers"),
    ("sandrine.lacoste@courriel.example", "Sandrine", "Lacoste", "17320", "Marennes"),
    ("yanis.moreau@courriel.example", "Yanis", "Moreau", "33000", "Bordeaux"),
)
BLURRED = "La photo est floue : le numéro ne se lit pas."


def build(*, password: str) -> None:
    """Open the accounts, and bring a dossier to each stage that people want to see."""
    people = [_citizen(*row, password=password) for row in CITIZENS]
    officers = list(User.objects.filter(email__startswith="julien.faure")) + list(
        User.objects.filter(email__startswith="maud.lestage")
    )
    procedures = {row.code: row for row in Procedure.objects.filter(live__isnull=False).order_by("position", "pk")}
    if len(officers) < 2 or not procedures:
        return
    stages = ("pieces", "verification", "commission", "depose", "accorde", "brouillon")
    for number, procedure in enumerate(procedures.values()):
        for turn, person in enumerate(people):
            bring(procedure, person, stages[(number + turn * 2) % len(stages)], officers)


def _citizen(email: str, first: str, family: str, postcode: str, town: str, *, password: str) -> Person:
    claim = Claim(
        email=email, first_name=first, family_name=family, postcode=postcode, town=town, department=postcode[:2],
        address=f"3 rue des Lilas\n{postcode} {town}", phone="+33639981252" if first == "Camille" else "",
    )  # fmt: skip
    person: Person = open_account(claim, password=password).person
    return person


def bring(procedure: Procedure, person: Person, stage: str, officers: Sequence[User]) -> Dossier | None:
    """One dossier of the person, filed with the example of the procedure and brought to a stage."""
    first, second = officers
    answers = examples().get(procedure.code)
    if answers is None or procedure.live is None:
        return None
    draft = do.begin(procedure, person)
    said = {**answers, "prenom": person.first_name, "nom": person.family_name}
    if "prenom" in draft.definition.fields:
        said["titulaire_compte"] = person.full_name
    pages = draft.definition.pages[:1] if stage == "brouillon" else draft.definition.pages
    for page in pages:
        posted = {code: _texts(value) for code, value in said.items()}
        draft, errors = do.save_page(draft, page.code, posted, person=person, edit=draft.edit)
        assert not errors, (procedure.code, errors)
    if stage == "brouillon":
        return draft
    dossier = do.file_dossier(draft, person=person, address=_address(person))
    codes = [piece.code for piece in dossier.pieces.exclude(state=Piece.State.LATER)]
    late = codes[0] if stage == "pieces" and codes else ""
    for code in codes:
        _send(dossier, code, person)
    if stage == "depose":
        return dossier
    do.assign(dossier, first, by=first)
    do.declare_admissible(dossier, by=first)
    dossier.refresh_from_db()
    if stage == "verification":
        return dossier
    for piece in dossier.pieces.filter(state=Piece.State.RECEIVED):
        if piece.code == late:
            do.judge(piece, by=first, accepted=False, reason=BLURRED)
        else:
            do.judge(piece, by=first, accepted=True)
    if stage == "pieces":
        if late:
            do.ask_missing(dossier, by=first, until=timezone.localdate() + timedelta(days=15))
        return dossier
    return _decided(dossier, stage, first, second)


def _decided(dossier: Dossier, stage: str, first: User, second: User) -> Dossier:
    dossier.refresh_from_db()
    if dossier.phase == "documents":
        do.complete(dossier, by=first)
    opinion = do.propose(dossier, by=first, way="favourable")
    do.confirm(opinion, by=second)
    dossier.refresh_from_db()
    if not dossier.definition.by_committee:
        if stage == "accorde":
            do.decide(dossier, by=second, outcome="granted")
        return dossier
    today = timezone.localdate()
    if stage == "commission":
        sitting = Sitting.objects.filter(state=Sitting.State.OPEN, day__gt=today).first() or do.open_sitting(
            by=first, day=today + timedelta(days=18)
        )
        do.enrol(sitting, [dossier], by=first)
        return dossier
    sitting = do.open_sitting(by=first, day=today)
    do.enrol(sitting, [dossier], by=first)
    do.freeze(sitting, by=first)
    do.vote(sitting.seats.get(), by=first, result="granted")
    do.hold(sitting, by=first, deliberation=f"{today.year}.{sitting.pk}")
    dossier.refresh_from_db()
    return dossier


def _address(person: Person) -> str:
    return str(person.contact_points.filter(kind="email").values_list("value", flat=True).first() or "")


def _texts(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _send(dossier: Dossier, code: str, person: Person) -> None:
    spec = dossier.definition.piece(code)
    label = spec.label if spec else code
    html = f"<!doctype html><html lang='fr'><title>{label}</title><h1>{label}</h1><p>{person.full_name}</p>"
    content = pdf_of(html) or b"%PDF-1.4\n"
    do.send_piece(dossier, code, person=person, content=content, name=f"{code}.pdf")
