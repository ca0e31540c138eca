from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from guichet.accounts.machines import PORTAL, machine
from guichet.citizens.actions import open_account
from guichet.citizens.models import Account, SignInLink
from guichet.core.refused import Refused
from guichet.journal.models import Event
from guichet.outbox.models import Parcel
from guichet.people import actions as people
from guichet.people.identity import Claim
from guichet.people.models import ContactPoint, Duplicate, Person
from tests.citizens.conftest import ADDRESS, PASSWORD, last_mail, link_of
from tests.factories import citizen_account

NAMED = {"first_name": "Camille", "family_name": "Duprat", "password": PASSWORD}
pytestmark = pytest.mark.django_db


def known(first: str = "Camille", last: str = "Duprat", *, proved: bool = True) -> Person:
    """A record that wrote to the Region before."""
    by = machine(PORTAL)
    person = people.welcome(Claim(email=ADDRESS, first_name=first, family_name=last), by=by, source="form")
    if proved:
        people.verify_point(person.contact_points.get(), by=by, how="code reçu par e-mail")
    return person


def test_an_account_is_opened_by_the_link_and_its_button() -> None:
    client = Client()
    response = client.post("/mon-compte/creer/", {"email": " Camille.Duprat@Courriel.example "})
    assert response["Location"] == "/mon-compte/lien-envoye/"
    assert ADDRESS in client.get("/mon-compte/lien-envoye/").content.decode()
    link = link_of()
    for _ in range(2):  # a scanner that follows links, twice
        assert Client().get(link).status_code == 200
        assert Client().head(link).status_code == 200
    assert not Account.objects.exists()
    response = client.post(link, NAMED)
    assert (response.status_code, response["Location"]) == (302, "/mes-demarches/")
    account = Account.objects.get()
    assert (account.email, account.person.full_name, account.check_password(PASSWORD)) == (
        ADDRESS, "Camille Duprat", True,
    )  # fmt: skip
    assert account.person.contact_points.get().is_verified
    assert "Camille Duprat" in client.get("/").content.decode()
    events = Event.objects.filter(subject=f"citizen:{account.pk}").order_by("id")
    assert [event.verb for event in events] == ["citizen.opened", "citizen.signed_in"]
    replayed = Client().post(link, NAMED)
    assert replayed.status_code == 400 and "Ce lien ne sert plus" in replayed.content.decode()


def test_the_password_may_be_left_and_is_checked_when_given() -> None:
    client = Client()
    client.post("/mon-compte/creer/", {"email": ADDRESS})
    link = link_of()
    for bad in ("court", "camille.duprat@courriel.example", "motdepasse123" * 20):
        response = client.post(link, {**NAMED, "password": bad})
        assert response.status_code == 400, bad
        assert 'value="Camille"' in response.content.decode()  # nothing typed is lost
    assert client.post(link, {**NAMED, "first_name": "  "}).status_code == 400
    assert client.post(link, {**NAMED, "password": ""}).status_code == 302
    assert not Account.objects.get().has_password


def test_joins_the_record_whose_own_proved_address_it_is() -> None:
    person = known()
    account = citizen_account(ADDRESS)
    assert account.person == person
    assert not Duplicate.objects.exists()


@pytest.mark.parametrize("why", ["unproved", "shared", "other name", "dead", "organisation", "taken"])
def test_never_joins_a_record_that_may_be_somebody_else(why: str) -> None:
    person = known("Bruno" if why == "other name" else "Camille", proved=why != "unproved")
    if why == "shared":
        ContactPoint.objects.update(is_shared=True)
    if why == "dead":
        Person.objects.update(deceased=True)
    if why == "organisation":
        Person.objects.update(kind="association", organisation_name="Les Amis")
    if why == "taken":
        account = citizen_account(ADDRESS)
        assert account.person == person
        Account.objects.update(email="autre@courriel.example")
    account = citizen_account(ADDRESS)
    assert account.person != person
    assert account.person.full_name == "Camille Duprat"
    assert Duplicate.objects.filter(state="proposed").count() == 1  # an agent decides
    assert ContactPoint.objects.filter(value=ADDRESS, is_shared=True).count() == 2


def test_a_merged_record_is_read_as_its_survivor() -> None:
    account = citizen_account(ADDRESS)
    other = people.welcome(Claim(first_name="Camille", family_name="Duprat-Roy"), by=machine(PORTAL), source="form")
    people.merge(other, account.person, by=machine(PORTAL))
    from tests.factories import signed_in

    client = signed_in(Client(), account)
    assert "Camille Duprat-Roy" in client.get("/mon-compte/").content.decode()


def test_who_has_an_account_is_told_in_his_mailbox_only(account: Account) -> None:
    known_page = Client().post("/mon-compte/creer/", {"email": ADDRESS})
    unknown_page = Client().post("/mon-compte/creer/", {"email": "personne@courriel.example"})
    assert (known_page.status_code, known_page["Location"]) == (unknown_page.status_code, unknown_page["Location"])
    assert "Vous avez déjà un compte" in last_mail().text
    assert SignInLink.objects.get(email=ADDRESS).purpose == "sign_in"
    assert "ouvrir votre compte" in last_mail("personne@courriel.example").text


def test_two_links_open_one_account() -> None:
    """Asked twice, both links pressed."""
    client = Client()
    client.post("/mon-compte/creer/", {"email": ADDRESS})
    first = link_of()
    client.post("/mon-compte/creer/", {"email": ADDRESS})
    second = link_of()
    assert first != second
    assert client.post(first, NAMED).status_code == 302
    assert Client().post(second, NAMED).status_code == 400
    assert Account.objects.count() == 1
    with pytest.raises(Refused):
        open_account(Claim(email=ADDRESS, first_name="X", family_name="Y"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.create(person=known("Z"), email=ADDRESS, email_verified_at=timezone.now(), password="!")


def test_an_expired_link_opens_nothing() -> None:
    Client().post("/mon-compte/creer/", {"email": ADDRESS})
    link = link_of()
    SignInLink.objects.update(expires_at=timezone.now())
    assert Client().get(link).status_code == 400
    assert Client().post(link, NAMED).status_code == 400
    assert Client().get("/mon-compte/lien/inconnu/").status_code == 400
    assert not Account.objects.exists()


def test_only_a_digest_of_the_link_is_kept() -> None:
    Client().post("/mon-compte/creer/", {"email": ADDRESS})
    handle = link_of().split("/")[3]
    assert handle not in str(SignInLink.objects.values().get())


def test_a_mailbox_is_not_flooded() -> None:
    client = Client()
    for _ in range(5):
        assert client.post("/mon-compte/creer/", {"email": ADDRESS}).status_code == 302
    refused = client.post("/mon-compte/recevoir-un-lien/", {"email": ADDRESS})
    assert refused.status_code == 429 and "déjà partis" in refused.content.decode()
    assert Parcel.objects.count() == 5
