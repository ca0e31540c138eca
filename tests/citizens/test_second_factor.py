from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP

from guichet.accounts.machines import PORTAL, machine
from guichet.citizens.actions import remove_lost
from guichet.citizens.models import Account
from guichet.journal.models import Event
from guichet.outbox.models import Parcel
from guichet.people.actions import add_contact_point, verify_point
from tests.citizens.conftest import ADDRESS, PASSWORD, last_mail, link_of
from tests.factories import signed_in

pytestmark = pytest.mark.django_db
ON = "/mon-compte/deux-etapes/"


def code(secret: str, *, late: int = 0) -> str:
    clock = TOTP(base64.b32decode(secret), drift=late)
    return f"{clock.token():06d}"


def secret_on(page: Any) -> str:
    found = re.search(r"cette clé dans l’application : <b>([A-Z2-7 ]+)</b>", page.content.decode())
    assert found
    return found[1].replace(" ", "")


def turned_on(client: Client) -> tuple[str, list[str]]:
    secret = secret_on(client.get(ON))
    assert secret == secret_on(client.get(ON))  # reloading does not spoil a scan
    done = client.post(ON, {"code": code(secret, late=-1)})
    return secret, re.findall(r"<b>(\w{5}-\w{5})</b>", done.content.decode())


def first_step(client: Client) -> Any:
    return client.post(
        "/mon-compte/connexion/", {"email": ADDRESS, "password": PASSWORD, "suite": "/mon-compte/adresse/"}
    )


def test_it_is_asked_after_each_first_proof(account: Account) -> None:
    here, elsewhere = signed_in(Client(), account), signed_in(Client(), account)
    secret, spare = turned_on(here)
    assert len(spare) == 8
    assert here.get("/mon-compte/").status_code == 200
    assert elsewhere.get("/mon-compte/").status_code == 302  # opened with less
    client = Client()
    assert first_step(client)["Location"] == "/mon-compte/code/"
    assert client.get("/mon-compte/").status_code == 302  # half in is out
    assert client.post("/mon-compte/code/", {"code": "000000"}).status_code == 400
    assert client.post("/mon-compte/code/", {"code": code(secret)})["Location"] == "/mon-compte/adresse/"
    assert client.get("/mon-compte/").status_code == 200
    by_link = Client()
    by_link.post("/mon-compte/recevoir-un-lien/", {"email": ADDRESS})
    assert by_link.post(link_of())["Location"] == "/mon-compte/code/"
    by_link.post("/mon-compte/mot-de-passe-oublie/", {"email": ADDRESS})
    assert by_link.post(link_of(), {"password": "un autre mot de passe"})["Location"] == "/mon-compte/code/"


def test_a_code_serves_once(account: Account) -> None:
    secret, spare = turned_on(signed_in(Client(), account))
    for proof in (code(secret), spare[0].upper().replace("-", " ")):
        first, second = Client(), Client()
        first_step(first)
        first_step(second)
        assert first.post("/mon-compte/code/", {"code": proof}).status_code == 302
        assert second.post("/mon-compte/code/", {"code": proof}).status_code == 400
    assert len(Account.objects.get().recovery_digests) == 7
    assert spare[1] not in str(Account.objects.values().get())


def test_codes_are_not_guessed(account: Account) -> None:
    secret, _ = turned_on(signed_in(Client(), account))
    client = Client()
    first_step(client)
    for _ in range(8):
        assert client.post("/mon-compte/code/", {"code": "000000"}).status_code == 400
    assert client.post("/mon-compte/code/", {"code": code(secret)}).status_code == 429


def test_the_step_is_waited_for_five_minutes(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, _ = turned_on(signed_in(Client(), account))
    client = Client()
    first_step(client)
    monkeypatch.setattr("guichet.portal.citizen.PENDING_SECONDS", -1)
    assert client.post("/mon-compte/code/", {"code": code(secret)})["Location"] == "/mon-compte/connexion/"


def test_off_with_a_code(account: Account) -> None:
    client = signed_in(Client(), account)
    assert client.post(ON, {"code": "000000"}).status_code == 400
    secret, spare = turned_on(client)
    assert client.post(f"{ON}retirer/", {"code": "123456"}).status_code == 400
    assert client.post(f"{ON}retirer/", {"code": spare[0]}).status_code == 302
    assert not Account.objects.get().has_second_factor
    assert "retirée" in last_mail().text
    assert first_step(Client())["Location"] == "/mon-compte/adresse/"
    assert secret != secret_on(client.get(ON))


LOST = "/mon-compte/code/perdu/"


def test_a_lost_telephone_leaves_after_three_days_in_which_its_owner_is_told(account: Account) -> None:
    turned_on(signed_in(Client(), account))
    add_contact_point(account.person, "email", "autre@courriel.example", by=machine(PORTAL), source="form")
    proved = add_contact_point(account.person, "email", "prouvee@courriel.example", by=machine(PORTAL), source="form")
    verify_point(proved, by=machine(PORTAL), how="lien")
    client = Client()
    assert client.get(LOST).status_code == 302  # a first proof is wanted
    first_step(client)
    assert "Demander le retrait" in client.get(LOST).content.decode()
    assert "sera retirée" in client.post(LOST).content.decode()
    assert told() == {ADDRESS, "prouvee@courriel.example"}
    leaves_at = Account.objects.get().factor_leaves_at
    client.post(LOST)
    assert Account.objects.get().factor_leaves_at == leaves_at  # asking again gains nothing, and costs nothing
    assert remove_lost() == 0
    assert first_step(Client())["Location"] == "/mon-compte/code/"
    still = signed_in(Client(), account)
    Account.objects.update(factor_leaves_at=timezone.now())
    assert remove_lost() == 1 and remove_lost() == 0
    assert still.get("/mon-compte/").status_code == 302  # what was open meanwhile is closed
    assert first_step(Client())["Location"] == "/mon-compte/adresse/"
    assert Account.objects.get().recovery_digests == []
    verbs = Event.objects.filter(verb__startswith="citizen.second_factor").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == [f"citizen.second_factor_{what}" for what in ("on", "lost", "removed")]


def test_who_has_the_code_stops_it(account: Account) -> None:
    _, spare = turned_on(signed_in(Client(), account))
    thief, owner = Client(), Client()
    first_step(thief)
    thief.post(LOST)
    first_step(owner)
    assert owner.post("/mon-compte/code/", {"code": spare[0]}).status_code == 302
    assert Account.objects.get().factor_leaves_at is None
    assert Account.objects.get().has_second_factor


def told() -> set[str]:
    letters = Parcel.objects.filter(subject="Vérification en deux étapes perdue")
    return {delivery.recipient for parcel in letters for delivery in parcel.deliveries.all()}
