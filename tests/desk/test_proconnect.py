from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice

from guichet.accounts.actions import renew_password
from guichet.accounts.models import AgentIdentity, User
from tests.factories import Region
from tests.oidc_provider import CAMILLE, NADIA, Provider
from tests.plugged import plugged, there_and_back

pytestmark = pytest.mark.django_db
PC = "/bureau/proconnect/"


@pytest.fixture
def pc() -> Iterator[Provider]:
    people = {"nadia": dict(NADIA), "camille": dict(CAMILLE)}
    with plugged("proconnect", algorithm="RS256", people=people) as started:
        yield started


def come(client: Client, *, who: str = "nadia", after: str = "/bureau/") -> Any:
    return client.get(there_and_back(client, PC, who=who, after=after))


def test_an_agent_enters(pc: Provider, region: Region) -> None:
    client = Client()
    assert "ProConnect" in client.get("/bureau/connexion/").content.decode()
    assert come(client, after="/bureau/compte/")["Location"] == "/bureau/compte/"
    page = client.get("/bureau/compte/").content.decode()
    assert "Nadia Belkacem" in page and "Ouvre votre compte depuis" in page
    assert AgentIdentity.objects.get().user == region.nadia
    assert not pc.refused


def test_then_its_number_alone_says_who(pc: Provider, region: Region) -> None:
    come(Client())
    pc.people["nadia"]["email"] = "chef@agents.example"  # an address is only an address
    client = Client()
    come(client)
    assert client.session["_auth_user_id"] == str(region.nadia.pk)


@pytest.mark.parametrize(
    "changed",
    [{"siret": "13002526500013"}, {"siret": ""}, {"siret": 200053759}, {"email": "inconnu@agents.example"},
     {"email": ""}, {"email_verified": False}],
    ids=str,
)  # fmt: skip
def test_whoever_is_no_agent_of_the_region_stays_out(pc: Provider, region: Region, changed: dict[str, Any]) -> None:
    pc.people["nadia"] |= changed
    client, users = Client(), User.objects.count()
    assert come(client).status_code == 403
    assert client.get("/bureau/").status_code == 302
    assert User.objects.count() == users and not AgentIdentity.objects.exists()


def test_a_citizen_is_no_agent(pc: Provider, region: Region) -> None:
    assert come(Client(), who="camille").status_code == 403


def test_an_agent_who_left(pc: Provider, region: Region) -> None:
    come(Client())
    User.objects.filter(pk=region.nadia.pk).update(is_active=False)
    assert come(Client()).status_code == 403


def test_a_machine_is_never_entered(pc: Provider, region: Region) -> None:
    pc.people["nadia"]["email"] = "guichet@machine.invalid"
    assert come(Client()).status_code == 403


def test_an_address_given_to_another_does_not_give_the_account(pc: Provider, region: Region) -> None:
    come(Client())
    pc.people["nadia"]["sub"] = "somebody else"
    assert come(Client()).status_code == 403
    renew_password(region.nadia, by=region.chief)  # an administrator looked at it
    assert come(Client()).status_code == 302


def test_the_code_of_the_desk_is_asked_unless_it_was_there(pc: Provider, region: Region) -> None:
    TOTPDevice.objects.create(user=region.nadia, name="téléphone", confirmed=True)
    client = Client()
    assert come(client)["Location"] == "/bureau/connexion/code/"
    assert client.get("/bureau/").status_code == 302
    pc.amr = ["pwd", "mfa"]
    assert come(Client())["Location"] == "/bureau/"


@pytest.mark.parametrize("fault", ["id nonce", "id aud", "id alg none", "userinfo json", "userinfo sub"])
def test_an_answer_that_proves_nothing(pc: Provider, region: Region, fault: str) -> None:
    pc.fault = fault
    client = Client()
    assert come(client).status_code == 400
    assert client.get("/bureau/").status_code == 302


def test_dead(pc: Provider, region: Region) -> None:
    pc.fault = "down"
    response = Client().get(PC)
    assert response.status_code == 503 and "ne répond pas" in response.content.decode()


def test_never_leads_out_of_the_desk(pc: Provider, region: Region) -> None:
    assert come(Client(), after="https://ailleurs.example/")["Location"] == "/bureau/"


def test_unlinking_and_leaving(pc: Provider, region: Region) -> None:
    client = Client()
    come(client)
    client.post("/bureau/compte/proconnect/retirer/")
    assert not AgentIdentity.objects.exists()
    page = client.post("/bureau/deconnexion/").content.decode()
    address = page.partition("url=")[2].partition('"')[0].replace("&amp;", "&")
    back = requests.get(address, allow_redirects=False, timeout=5)
    assert pc.signed_out == ["pc-nadia"] and "/bureau/connexion/?state=" in back.headers["Location"]
    assert client.get("/bureau/").status_code == 302
