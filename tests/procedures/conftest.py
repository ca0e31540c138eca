from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from guichet.accounts.actions import create_agent, join
from guichet.accounts.machines import GUICHET, machine
from guichet.accounts.models import User
from guichet.demo.procedures import FOLDER, load
from guichet.people.models import ContactPoint, Person
from guichet.procedures import actions as do
from guichet.procedures.actions import begin, file_dossier, save_page, send_piece
from guichet.procedures.models import Dossier, Payment, PaymentOrder, Procedure
from guichet.procedures.orders import fingerprint
from tests.factories import Region

PDF = b"%PDF-1.4\n% une page de test\n"
STUDENT: dict[str, str] = {
    "prenom": "Camille", "nom": "Duprat", "date_naissance": "2004-03-02", "adresse": "3 rue des Lilas",
    "code_postal": "86000", "ville": "Poitiers", "telephone": "06 39 98 12 52", "statut": "etudiant",
    "etablissement": "Université de Poitiers", "etablissement_na": "oui", "boursier": "non", "revenu_foyer": "21 000",
    "nature": "stage", "pays": "Irlande", "organisme": "Trinity Books", "debut": "01/06/2026", "fin": "2026-06-27",
    "gratification": "600", "autre_aide": "non", "titulaire_compte": "Camille Duprat",
    "iban": "FR14 2004 1010 0505 0001 3M02 606", "exactitude": "oui",
}  # fmt: skip


@pytest.fixture
def officers(region: Region) -> tuple[User, User]:
    """Two agents of the service in charge: one proposes, the other confirms."""
    by = machine(GUICHET)
    julien = create_agent("julien@agents.example", by=by, password="un mot de passe long", first_name="Julien",
                          last_name="Faure", capacity="Instructeur")  # fmt: skip
    join(julien, region.youth, by=by)
    return region.leo, julien


@pytest.fixture
def mobility(region: Region) -> Procedure:
    by = machine(GUICHET)
    procedure = load(FOLDER / "mobilite_internationale.json", by=by, reviewer=by)
    procedure.team = region.youth
    procedure.save()
    return procedure


def exported(payments: Iterable[Payment], officers: tuple[User, User], day: date | None = None) -> PaymentOrder:
    """An order prepared by the first agent and validated by the second."""
    maker, checker = officers
    order = do.prepare_order(list(payments), by=maker, execution_day=day or timezone.localdate())
    return do.validate_order(order, by=checker, seen=fingerprint(list(order.payments.all())))


def citizen(first: str = "Camille", last: str = "Duprat", email: str = "camille.duprat@courriel.example") -> Person:
    person = Person(first_name=first, family_name=last, address="3 rue des Lilas", postcode="86000", town="Poitiers")
    from guichet.people.actions import set_keys

    set_keys(person)
    person.save()
    ContactPoint.objects.create(person=person, kind="email", value=email, source="form", verified_at=timezone.now())
    return person


@pytest.fixture
def camille(region: Region) -> Person:
    return citizen()


def without_number(text: str, dossier: Dossier) -> str:
    """What it says besides the number of the dossier, which is drawn and may hold any digits."""
    return text.replace(dossier.reference, "").replace(dossier.spoken_reference, "")


def fill(draft: Dossier, person: Person, answers: dict[str, Any]) -> Dossier:
    posted = {code: value if isinstance(value, list) else [value] for code, value in answers.items()}
    for page in draft.definition.pages:
        draft, errors = save_page(draft, page.code, posted, person=person, edit=draft.edit)
        assert not errors, errors
    return draft


@pytest.fixture
def filed(mobility: Procedure, camille: Person) -> Callable[..., Dossier]:
    def make(*, pieces: tuple[str, ...] = (), **changes: str) -> Dossier:
        draft = fill(begin(mobility, camille), camille, {**STUDENT, **changes})
        for code in pieces:
            send_piece(draft, code, person=camille, content=PDF + code.encode(), name=f"{code}.pdf")
        return file_dossier(draft, person=camille)

    return make
