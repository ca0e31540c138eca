from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.test import Client

from guichet.citizens.models import Account, ExternalIdentity
from guichet.core.openid import provider as openid
from guichet.core.openid.provider import forget
from guichet.journal.models import Event
from guichet.people import actions as people
from guichet.people.identity import Claim
from tests.citizens.conftest import ADDRESS, PASSWORD, last_mail
from tests.factories import citizen_account, signed_in
from tests.oidc_provider import Provider
from tests.plugged import plugged, there_and_back

pytestmark = pytest.mark.django_db
FC = "/mon-compte/franceconnect/"
LINK = f"{FC}relier/"


@pytest.fixture
def fc() -> Iterator[Provider]:
    with plugged("franceconnect") as started:
        yield started


def there(client: Client, *, who: str = "camille", after: str = "") -> str:
    return there_and_back(client, FC, who=who, after=after)


def prove(client: Client, address: str = ADDRESS) -> Any:
    """The address by the code it received."""
    assert client.post(LINK, {"email": address})["Location"] == f"{LINK}code/"
    return client.post(f"{LINK}code/", {"code": last_mail(address).subject[:6]})


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_first_time_opens_an_account_only_after_a_code_and_a_yes(fc: Provider, algorithm: str) -> None:
    fc.algorithm = algorithm
    client = Client()
    response = client.get(there(client, after="/mon-compte/adresse/"))
    assert response["Location"] == LINK
    page = client.get(LINK).content.decode()
    assert "Camille Rose Duprat" in page and "12 mars 2004" in page and f'value="{ADDRESS}"' in page
    assert not Account.objects.exists()
    assert client.get(f"{LINK}confirmer/").status_code == 302  # the code first
    assert client.post(f"{LINK}confirmer/").status_code == 302
    assert prove(client)["Location"] == f"{LINK}confirmer/"
    assert "Un compte va être ouvert" in client.get(f"{LINK}confirmer/").content.decode()
    assert not Account.objects.exists()
    assert client.post(f"{LINK}confirmer/")["Location"] == "/mon-compte/adresse/"
    account = Account.objects.get()
    assert (account.person.first_name, account.person.family_name, account.has_password) == ("Camille", "Duprat", False)
    assert account.identities.get().sub == fc.people["camille"]["sub"]
    assert not fc.refused
    verbs = list(Event.objects.filter(subject=f"citizen:{account.pk}").order_by("id").values_list("verb", flat=True))
    assert verbs == ["citizen.opened", "citizen.identity_linked", "citizen.signed_in"]
    # The second time there is nothing to ask.
    again = Client()
    assert again.get(there(again))["Location"] == "/mes-demarches/"
    assert again.get("/mon-compte/").status_code == 200


def test_an_existing_record_is_proposed_and_joined(fc: Provider) -> None:
    by = people_author()
    person = people.welcome(Claim(email=ADDRESS, first_name="Camille", family_name="Duprat"), by=by, source="form")
    people.verify_point(person.contact_points.get(), by=by, how="code reçu par e-mail")
    client = Client()
    client.get(there(client))
    prove(client)
    assert "rattaché à votre fiche" in client.get(f"{LINK}confirmer/").content.decode()
    client.post(f"{LINK}confirmer/")
    assert Account.objects.get().person == person


def people_author() -> Any:
    from guichet.accounts.machines import PORTAL, machine

    return machine(PORTAL)


def test_an_existing_account_is_linked_by_a_code_to_its_address(fc: Provider, account: Account) -> None:
    client = Client()
    client.get(there(client))
    prove(client)
    assert "Vous avez déjà un compte" in client.get(f"{LINK}confirmer/").content.decode()
    assert not ExternalIdentity.objects.exists()
    assert client.post(f"{LINK}confirmer/").status_code == 302
    assert ExternalIdentity.objects.get().account == account
    assert "FranceConnect ouvre désormais" in last_mail().text
    # Civil status corrected: FranceConnect gives another number, the account takes it too.
    fc.people["camille"]["sub"] = "another number"
    other = Client()
    assert other.get(there(other))["Location"] == LINK
    prove(other)
    other.post(f"{LINK}confirmer/")
    assert account.identities.count() == 2


def test_an_existing_account_is_linked_by_signing_in(fc: Provider, account: Account) -> None:
    client = Client()
    client.get(there(client))
    client.post("/mon-compte/connexion/", {"email": ADDRESS, "password": PASSWORD, "suite": LINK})
    assert not ExternalIdentity.objects.exists()  # never silent
    assert "Relier FranceConnect à mon compte" in client.get(LINK).content.decode()
    assert client.post(LINK).status_code == 302
    assert ExternalIdentity.objects.get().account == account
    assert client.get("/mon-compte/").status_code == 200


def test_an_account_at_another_name_is_not_linked(fc: Provider) -> None:
    """A couple reads the same mailbox."""
    citizen_account(ADDRESS, first_name="Bruno", family_name="Duprat")
    client = Client()
    client.get(there(client))
    prove(client)
    refused = client.post(f"{LINK}confirmer/")
    assert refused.status_code == 409 and "autre personne" in refused.content.decode()
    assert not ExternalIdentity.objects.exists()
    assert client.get("/mon-compte/").status_code == 302


def test_an_identity_of_another_account_is_refused(fc: Provider, account: Account) -> None:
    first = signed_in(Client(), account)
    first.get(there(first))
    first.post(LINK)
    other = signed_in(Client(), citizen_account("c@courriel.example"))
    assert other.get(there(other))["Location"] == "/mon-compte/"
    page = other.get("/mon-compte/").content.decode()
    assert "déjà reliée à un autre compte" in page and "c@courriel.example" in page  # and stays who he was
    pk = ExternalIdentity.objects.get().pk
    other.post(f"{FC}retirer/", {"identite": pk})
    assert ExternalIdentity.objects.exists()
    first.post(f"{FC}retirer/", {"identite": pk})
    assert not ExternalIdentity.objects.exists()


def test_the_second_proof_is_asked_after_franceconnect_too(fc: Provider, account: Account) -> None:
    client = signed_in(Client(), account)
    client.get(there(client))
    client.post(LINK)
    Account.objects.update(totp_secret="A" * 32)
    other = Client()
    assert other.get(there(other))["Location"] == "/mon-compte/code/"
    assert other.get("/mon-compte/").status_code == 302


@pytest.mark.parametrize(
    "fault",
    ["id nonce", "id no nonce", "id aud", "id iss", "id acr", "id no acr", "id expired", "id no exp", "id azp",
     "id alg none", "id other key", "id unknown key", "id shared secret", "id public key as secret", "id tampered",
     "id garbage", "userinfo json", "userinfo sub", "userinfo aud", "userinfo iss", "userinfo expired",
     "userinfo alg none", "userinfo other key", "userinfo tampered", "userinfo no sub", "userinfo garbage",
     "userinfo public key as secret", "token garbage", "iss of another"],
)  # fmt: skip
def test_an_answer_that_proves_nothing_opens_nothing(fc: Provider, account: Account, fault: str) -> None:
    linked = signed_in(Client(), account)
    linked.get(there(linked))
    linked.post(LINK)
    fc.fault = fault
    client = Client()
    response = client.get(there(client))
    assert response.status_code == 400 and "Se connecter autrement" in response.content.decode()
    assert client.get("/mon-compte/").status_code == 302
    assert "citizen_identity" not in client.session


def test_a_return_serves_once_and_in_its_browser(fc: Provider, account: Account) -> None:
    client = Client()
    path = there(client)
    assert Client().get(path)["Location"] == "/mon-compte/connexion/"  # stolen
    assert client.get(path)["Location"] == LINK
    replayed = client.get(path)
    assert replayed["Location"] == "/mon-compte/connexion/"
    state = parse_qs(urlsplit(there(client)).query)["state"][0]
    assert client.get(f"{FC}retour/", {"code": "x", "state": "inventé"})["Location"] == "/mon-compte/connexion/"
    assert client.get(f"{FC}retour/", {"code": "inventé", "state": state}).status_code == 400
    assert client.get(f"{FC}retour/").status_code == 302


def test_two_tabs(fc: Provider, account: Account) -> None:
    client = Client()
    first, second = there(client, after="/mon-compte/adresse/"), there(client)
    assert client.get(second)["Location"] == LINK
    prove(client)
    client.post(f"{LINK}confirmer/")
    assert client.get(first)["Location"] == "/mon-compte/adresse/"


def test_too_long_away(fc: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    path = there(client)
    now = time.time
    monkeypatch.setattr("guichet.core.openid.dialogue.time.time", lambda: now() + 1801)
    assert client.get(path)["Location"] == "/mon-compte/connexion/"


def test_giving_up_there(fc: Provider) -> None:
    client = Client()
    assert client.get(there(client, who="renoncer"))["Location"] == "/mon-compte/connexion/"
    assert "pas allé au bout" in client.get("/mon-compte/connexion/").content.decode()


def test_the_session_key_changes(fc: Provider, account: Account) -> None:
    linked = signed_in(Client(), account)
    linked.get(there(linked))
    linked.post(LINK)
    client = Client()
    path = there(client)
    before = client.session.session_key
    client.get(path)
    assert client.session.session_key != before


@pytest.mark.parametrize("fault", ["down", "token down"])
def test_a_dead_provider_says_so_and_the_other_ways_stay(fc: Provider, fault: str) -> None:
    client = Client()
    path = there(client) if fault == "token down" else FC
    fc.fault = fault
    if fault == "down":
        forget()
    response = client.get(path)
    assert response.status_code == 503
    assert "FranceConnect ne répond pas" in response.content.decode()


def test_nobody_listens(fc: Provider, settings: Any) -> None:
    forget()
    settings.OPENID["franceconnect"]["issuer"] = "http://127.0.0.1:9"
    assert Client().get(FC).status_code == 503
    assert Client().get("/mon-compte/connexion/").status_code == 200


def test_another_issuer_at_the_address(fc: Provider, settings: Any) -> None:
    settings.OPENID["franceconnect"]["issuer"] = f"{fc.issuer}/"
    assert Client().get(FC).status_code == 503


def test_no_button_without_provider() -> None:
    assert openid("franceconnect") is None
    assert "FranceConnect" not in Client().get("/mon-compte/connexion/").content.decode()
    assert Client().get(FC).status_code == Client().get(f"{FC}retour/").status_code == 404


def test_codes_are_not_guessed(fc: Provider) -> None:
    client = Client()
    client.get(there(client))
    client.post(LINK, {"email": ADDRESS})
    right = last_mail().subject[:6]
    wrong = "000000" if right != "000000" else "111111"
    for _ in range(3):
        assert client.post(f"{LINK}code/", {"code": wrong}).status_code == 400
    assert client.post(f"{LINK}code/", {"code": right}).status_code == 429
    assert client.get(f"{LINK}confirmer/").status_code == 302


def test_a_proof_is_of_its_address(fc: Provider, account: Account) -> None:
    """Proved one's own address, then asked for another's: nothing is proved any more."""
    client = Client()
    client.get(there(client))
    prove(client, "c@courriel.example")
    client.post(LINK, {"email": ADDRESS})
    assert client.post(f"{LINK}confirmer/")["Location"] == LINK
    assert not ExternalIdentity.objects.exists()


def test_signing_out_there_too(fc: Provider, account: Account) -> None:
    client = signed_in(Client(), account)
    client.get(there(client))
    client.post(LINK)
    page = client.post("/mon-compte/deconnexion/").content.decode()
    address = page.partition("url=")[2].partition('"')[0].replace("&amp;", "&")
    back = requests.get(address, allow_redirects=False, timeout=5)
    assert fc.signed_out == [fc.people["camille"]["sub"]] and not fc.refused
    returned = urlsplit(back.headers["Location"])
    assert "déconnecté" in client.get(f"{returned.path}?{returned.query}").content.decode()
    assert client.get("/mon-compte/").status_code == 302


def test_signing_out_while_it_is_dead(fc: Provider, account: Account) -> None:
    client = signed_in(Client(), account)
    client.get(there(client))
    client.post(LINK)
    fc.fault = "down"
    forget()
    assert client.post("/mon-compte/deconnexion/")["Location"] == "/mon-compte/deconnecte/"
