"""The rest of an account: documents, readings, data, who acts for whom."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from guichet.accounts.models import User
from guichet.citizens import actions as citizens
from guichet.citizens.models import Account
from guichet.journal.actions import record
from guichet.people.models import Mandate, Person
from guichet.procedures.models import Dossier, KeptDocument, Procedure
from tests.factories import citizen_account, signed_in
from tests.procedures.conftest import PDF

pytestmark = pytest.mark.django_db
Filed = Callable[..., Dossier]
DOCUMENTS = "/mes-demarches/documents/"


@pytest.fixture
def account(camille: Person) -> Account:
    return citizen_account()


@pytest.fixture
def lea(account: Account) -> Account:
    return citizen_account("lea.martin@courriel.example", first_name="Léa", family_name="Martin")


def test_a_document_is_added_downloaded_and_removed_by_its_owner_only(
    account: Account, lea: Account, mobility: Procedure, client: Client
) -> None:
    signed_in(client, account)
    client.post(DOCUMENTS, {"nature": "rib", "fichier": io.BytesIO(PDF)})
    kept = KeptDocument.objects.get()
    kept.file.scan = "clean"
    kept.file.save()
    assert b"".join(client.get(f"{DOCUMENTS}{kept.pk}/")) == PDF
    other = signed_in(Client(), lea)
    assert other.get(f"{DOCUMENTS}{kept.pk}/").status_code == 404
    assert other.post(f"{DOCUMENTS}{kept.pk}/retirer/").status_code == 404
    kept.refresh_from_db()
    assert kept.removed_at is None
    client.post(f"{DOCUMENTS}{kept.pk}/retirer/")
    assert client.get(f"{DOCUMENTS}{kept.pk}/").status_code == 404


@pytest.mark.parametrize("posted", [
    {"nature": "inconnue"}, {"nature": "rib"}, {"nature": "rib", "valable": "hier"},
    {"nature": "rib", "valable": "2020-01-01"},
])  # fmt: skip
def test_a_document_that_cannot_serve_is_refused_in_words(
    account: Account, mobility: Procedure, client: Client, posted: dict[str, str]
) -> None:
    page = signed_in(client, account).post(DOCUMENTS, posted)
    assert page.status_code == 400
    assert 'role="alert"' in page.content.decode()
    assert not KeptDocument.objects.exists()


def test_a_mandate_shows_the_dossier_until_it_ends(account: Account, lea: Account, filed: Filed) -> None:
    dossier = filed()
    at = f"/mes-demarches/dossier/{dossier.reference}/"
    helper = signed_in(Client(), lea)
    assert helper.get(at).status_code == 404
    mandate = Mandate.objects.create(
        principal=account.person, holder=lea.person, scope="Aide d'un proche", first_day=timezone.localdate(), proof="x"
    )  # fmt: skip
    assert helper.get(at).status_code == 200
    signed_in(Client(), account).post("/mes-demarches/aidants/", {"faire": "finir", "lequel": mandate.pk})
    assert helper.get(at).status_code == 404
    assert dossier.reference not in helper.get("/mes-demarches/").content.decode()
    assert dossier.reference.encode() not in helper.get("/mes-demarches/echeances.ics").content


def test_who_read_is_told_without_the_name_of_the_anonymous(
    account: Account, officers: tuple[User, User], client: Client
) -> None:
    leo, julien = officers
    User.objects.filter(pk=julien.pk).update(anonymous=True)
    for who in (leo, julien):
        record("person.read", by=who, person_id=account.person_id)
    record("person.read", by=leo, person_id=account.person_id + 1000)
    page = signed_in(client, account).get("/mes-demarches/consultations/").content.decode()
    assert page.count("A ouvert votre fiche") == 2
    assert leo.full_name in page
    assert julien.full_name not in page
    assert "Instructeur" in page


def test_readings_go_by_pages_without_missing_one(
    account: Account, officers: tuple[User, User], client: Client
) -> None:
    from guichet.journal.models import Event

    for _ in range(33):
        record("person.read", by=officers[0], person_id=account.person_id)
    Event.objects.filter(verb="person.read").update(at=timezone.now() - timedelta(days=1))  # all at once
    page = signed_in(client, account).get("/mes-demarches/consultations/")
    assert page.content.decode().count("A ouvert votre fiche") == 30
    following = client.get("/mes-demarches/consultations/", {"avant": page.context["following"]})
    assert following.content.decode().count("A ouvert votre fiche") == 3
    assert client.get("/mes-demarches/consultations/", {"avant": "demain,x"}).status_code == 200


def test_one_takes_his_own_data_away_and_no_agent_is_named(
    account: Account, filed: Filed, officers: tuple[User, User], client: Client
) -> None:
    from guichet.procedures import actions as do

    dossier = filed(pieces=("rib",))
    do.assign(dossier, officers[1], by=officers[0])
    given = signed_in(client, account).get("/mes-demarches/mes-donnees/exporter/")
    text = b"".join(given).decode()  # type: ignore[call-overload]
    data = json.loads(text)
    assert data["fiche"]["family_name"] == "Duprat"
    assert data["dossiers"][0]["reponses"]["pays"] == "Irlande"
    assert any("Irlande" in message["texte"] for message in data["messages"])
    assert data["journal"]
    assert officers[1].last_name not in text


def test_a_profile_is_corrected(account: Account, client: Client) -> None:
    at = "/mes-demarches/mes-donnees/"
    signed_in(client, account)
    said = {"first_name": "Camille", "family_name": "Duprat", "postcode": "33000", "town": "Bordeaux"}
    assert client.post(at, {**said, "first_name": ""}).status_code == 400
    assert client.post(at, said).status_code == 302
    person = Person.objects.get(pk=account.person_id)
    assert (person.town, person.department) == ("Bordeaux", "33")


def test_the_address_of_the_login_is_not_removed_here_nor_the_point_of_another(
    account: Account, lea: Account, client: Client
) -> None:
    signed_in(client, account)
    for point in (account.person.contact_points.get(kind="email"), lea.person.contact_points.get()):
        page = client.post("/mes-demarches/mes-donnees/coordonnees/", {"retirer": point.pk})
        assert page.status_code == 404
    assert citizens.right_password(account.email, "un mot de passe long")
