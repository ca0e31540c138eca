"""Acting for somebody: given by an invitation that is accepted, ended by either, worth nothing more after."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from guichet.citizens import actions as do
from guichet.citizens.models import Account, MandateInvitation
from guichet.core.refused import Refused
from guichet.outbox.models import Delivery
from guichet.people.models import Duplicate, Mandate, Person
from guichet.procedures.models import Dossier
from tests.factories import citizen_account, signed_in

pytestmark = pytest.mark.django_db
LEA = "lea.martin@courriel.example"
Filed = Callable[..., Dossier]


@pytest.fixture
def lea(account: Account) -> Account:
    return citizen_account(LEA, first_name="Léa", family_name="Martin")


def handle() -> str:
    text = Delivery.objects.select_related("parcel").filter(recipient=LEA).latest("pk").parcel.text
    found = re.search(r"/aidants/invitation/([\w-]+)/", text)
    assert found, text
    return found.group(1)


def test_an_invitation_opens_only_for_its_address_and_once(account: Account, lea: Account, client: Client) -> None:
    do.invite(account, LEA, "proche")
    at = f"/mes-demarches/aidants/invitation/{handle()}/"
    stranger = citizen_account("noe@courriel.example", first_name="Noé", family_name="Petit")
    page = signed_in(Client(), stranger).get(at)
    assert page.status_code == 404
    assert "Duprat" not in page.content.decode()
    assert not Mandate.objects.exists()
    signed_in(client, lea)
    assert "Duprat" in client.get(at).content.decode()
    assert not Mandate.objects.exists()  # reading it does nothing
    client.post(at, {"reponse": "oui"})
    assert Mandate.objects.get().holder == lea.person
    client.post(at, {"reponse": "oui"})
    assert Mandate.objects.count() == 1


def test_refused_or_taken_back_it_gives_nothing(account: Account, lea: Account) -> None:
    do.invite(account, LEA, "proche")
    assert do.answer_invitation(lea, handle(), accepted=False) is None
    sent = do.invite(account, LEA, "proche")
    do.take_back(account, sent.pk)
    with pytest.raises(Refused):
        do.answer_invitation(lea, handle(), accepted=True)
    assert not Mandate.objects.exists()


def test_an_invitation_expires(account: Account, lea: Account) -> None:
    do.invite(account, LEA, "proche")
    MandateInvitation.objects.update(expires_at=timezone.now())
    with pytest.raises(Refused):
        do.answer_invitation(lea, handle(), accepted=True)


def test_an_adviser_is_given_thirty_days(account: Account, lea: Account) -> None:
    do.invite(account, LEA, "conseiller")
    mandate = do.answer_invitation(lea, handle(), accepted=True)
    assert mandate is not None
    assert mandate.last_day == timezone.localdate() + timedelta(days=30)


def test_a_third_person_ends_nothing(account: Account, lea: Account) -> None:
    do.invite(account, LEA, "proche")
    mandate = do.answer_invitation(lea, handle(), accepted=True)
    assert mandate is not None
    stranger = citizen_account("noe@courriel.example", first_name="Noé", family_name="Petit")
    with pytest.raises(Refused):
        do.end_own_mandate(stranger, mandate.pk)
    mandate.refresh_from_db()
    assert mandate.ended_at is None


def test_a_child_is_declared_until_majority(account: Account) -> None:
    today = timezone.localdate()
    born = today.replace(year=today.year - 10, day=1)
    mandate = do.declare_child(account, first_name="Lou", family_name="Duprat", born_on=born)
    assert mandate.proof == "déclaration du parent"
    assert mandate.last_day == born.replace(year=born.year + 18) - timedelta(days=1)
    # answered at the address of the parent, which proves nobody
    assert mandate.principal.contact_points.get().is_shared
    with pytest.raises(Refused):
        do.declare_child(account, first_name="lou", family_name="DUPRAT", born_on=born)
    with pytest.raises(Refused):
        do.declare_child(account, first_name="Max", family_name="Duprat", born_on=born.replace(year=born.year - 9))


def test_who_declares_an_organisation_sees_nothing_of_the_one_that_exists(account: Account) -> None:
    existing = Person.objects.create(kind="association", organisation_name="Les Amis", rna="W861234567")
    mandate = do.declare_organisation(account, name="Les Amis", number="w861234567", function="Présidente")
    assert mandate.principal != existing
    assert mandate.proof.endswith("à vérifier")
    assert Duplicate.objects.filter(first=existing, second=mandate.principal, state="proposed").exists()
    with pytest.raises(Refused):
        do.declare_organisation(account, name="X", number="12345", function="Présidente")
