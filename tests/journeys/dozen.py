"""A dozen students filed: `python -m tests.journeys.dozen`, on the database of DATABASE_URL. Some wait to be examined,
two lack a document, three are granted and wait to be paid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from guichet.procedures.models import Dossier

COUNT, LACKING, PAID = 8, 2, 3
NAMES = ("Ana Roux", "Paul Petit", "Inès Blanc", "Marie-Clémentine de La Rochefoucauld-Montbéliard", "Tom Noir",
         "Éva Roy", "Luc Faure", "Zoé Marin", "Léo Gris", "Mia Brun", "Noé Vert", "Lou Bleu", "Max Rose")  # fmt: skip


def write() -> None:
    from django.utils import timezone

    from guichet.accounts.models import User
    from guichet.procedures import actions as do

    ids = iter(NAMES)
    for _ in range(COUNT):
        _file(next(ids), "convention", "ceam", "identite", "rib")
    for _ in range(LACKING):
        _file(next(ids), "ceam", "identite", "rib")
    leo, maud = (User.objects.get(email=f"{name}@agents.example") for name in ("leo", "maud"))
    sitting = do.open_sitting(by=leo, day=timezone.localdate())
    for _ in range(PAID):
        dossier = _file(next(ids), "convention", "ceam", "identite", "rib")
        do.declare_admissible(dossier, by=leo)
        for piece in dossier.pieces.filter(state="received"):
            do.judge(piece, by=leo, accepted=True)
        do.complete(dossier, by=leo)
        do.confirm(do.propose(dossier, by=leo, way="favourable"), by=maud)
        do.enrol(sitting, [dossier], by=leo)
    do.freeze(sitting, by=leo)
    for seat in sitting.seats.all():
        do.vote(seat, by=leo, result="granted")
    do.hold(sitting, by=leo, deliberation="2026.12")


def _file(name: str, *pieces: str) -> Dossier:
    from guichet.demo.procedures import examples
    from guichet.procedures import actions as do
    from guichet.procedures.models import Procedure
    from tests.procedures.conftest import PDF, citizen, fill

    first, _, last = name.partition(" ")
    address = f"usager{NAMES.index(name)}@courriel.example"
    person = citizen(first, last, address)
    answers = {**examples()["mobilite-internationale"], "prenom": first, "nom": last, "titulaire_compte": name}
    draft = fill(do.begin(Procedure.objects.get(code="mobilite-internationale"), person), person, answers)
    for code in pieces:
        do.send_piece(draft, code, person=person, content=PDF + f"{code} {name}".encode(), name=f"{code}.pdf")
    return do.file_dossier(draft, person=person, address=address)


if __name__ == "__main__":
    django.setup()
    write()
