from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import hashers
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from guichet.accounts.models import Session
from guichet.citizens.actions import close_account
from guichet.citizens.models import Account, SignInLink
from guichet.journal.models import Event
from tests.citizens.conftest import ADDRESS, PASSWORD, last_mail, link_of
from tests.factories import Region, citizen_account, signed_in

IN = "/mon-compte/connexion/"
pytestmark = pytest.mark.django_db


def enter(client: Client, address: str = ADDRESS, password: str = PASSWORD, **more: str) -> Any:
    return client.post(
        IN, {"email": address, "password": password, **more}, headers={"user-agent": "Firefox/140 Linux"}
    )


def test_by_address_and_password(account: Account) -> None:
    client = Client()
    session = client.session
    session["before"] = 1
    session.save()
    before = session.session_key
    response = enter(client, "Camille.Duprat@courriel.EXAMPLE", suite="/mon-compte/fermer/")
    assert (response.status_code, response["Location"]) == (302, "/mon-compte/fermer/")
    after = client.session.session_key
    assert after != before and not Session.objects.filter(session_key=before).exists()  # fixation
    row = Session.objects.get(session_key=after)
    assert (row.citizen_id, row.user_id, row.device) == (account.pk, None, "Firefox, Linux")
    page = client.get("/mon-compte/").content.decode()
    assert "Firefox, Linux" in page and "cet appareil" in page and ADDRESS in page
    assert Event.objects.get(verb="citizen.signed_in").data == {"how": "mot de passe"}
    assert enter(client)["Location"] == "/mes-demarches/"  # already in


@pytest.mark.parametrize("wanted", ["https://ailleurs.example/", "//ailleurs.example", "/\\ailleurs.example",
                                    "javascript:alert(1)", "/bureau/", "mon-compte/"])  # fmt: skip
def test_never_leads_elsewhere(account: Account, wanted: str) -> None:
    assert enter(Client(), suite=wanted)["Location"] == "/mes-demarches/"


def test_asked_for_again_comes_back() -> None:
    response = Client().get("/mon-compte/fermer/?a=1")
    assert response["Location"] == "/mon-compte/connexion/?suite=%2Fmon-compte%2Ffermer%2F%3Fa%3D1"


def test_the_page_does_not_say_whether_an_address_exists(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Same words, same status, and a password is hashed in each case: with a password, without one, without account."""
    citizen_account("sans@courriel.example", password="", first_name="Ana")
    hashed = []
    hasher = type(hashers.get_hasher())
    encode = hasher.encode
    monkeypatch.setattr(hasher, "encode", lambda *a, **k: hashed.append(1) or encode(*a, **k))
    verify = hasher.verify
    monkeypatch.setattr(hasher, "verify", lambda *a, **k: hashed.append(1) or verify(*a, **k))
    answers = []
    for address in (ADDRESS, "sans@courriel.example", "personne@courriel.example"):
        hashed.clear()
        response: HttpResponse = enter(Client(), address, "ce n'est pas le bon")
        text = response.content.decode().replace(address, "")
        answers.append((response.status_code, "mot de passe n’est pas le bon" in text, len(hashed) > 0, len(text)))
    assert len(set(answers)) == 1 and answers[0][:3] == (400, True, True)


def test_too_many_tries_leave_the_link(account: Account) -> None:
    client = Client()
    for _ in range(8):
        assert enter(client, password="faux").status_code == 400
    refused = enter(client)
    assert refused.status_code == 429 and "recevoir un lien" in refused.content.decode()
    assert client.post("/mon-compte/recevoir-un-lien/", {"email": ADDRESS}).status_code == 302
    assert client.post(link_of()).status_code == 302
    assert client.get("/mon-compte/").status_code == 200


def test_by_link_whose_button_is_pressed_once(account: Account) -> None:
    asked, other = Client(), Client()
    asked.post("/mon-compte/recevoir-un-lien/", {"email": ADDRESS, "suite": "/mon-compte/adresse/"})
    link = link_of()
    assert b"Me connecter" in other.get(link).content
    assert other.get("/mon-compte/").status_code == 302  # reading it opened nothing
    assert other.post(link)["Location"] == "/mon-compte/adresse/"
    assert other.get("/mon-compte/").status_code == 200
    assert asked.post(link).status_code == 400
    assert asked.get("/mon-compte/").status_code == 302


def test_a_link_dies_with_the_address_and_the_account(account: Account) -> None:
    client = Client()
    client.post("/mon-compte/recevoir-un-lien/", {"email": ADDRESS})
    link = link_of()
    Account.objects.update(email="autre@courriel.example")
    assert client.post(link).status_code == 400
    Account.objects.update(email=ADDRESS, closed_at=timezone.now())
    assert client.post(link).status_code == 400


def test_a_link_without_account_offers_one() -> None:
    Client().post("/mon-compte/recevoir-un-lien/", {"email": ADDRESS})
    assert "pas encore de compte" in last_mail().text
    assert SignInLink.objects.get().purpose == "open"


def test_forgotten_password_closes_what_was_open(account: Account) -> None:
    thief, owner = signed_in(Client(), account), Client()
    owner.post("/mon-compte/recevoir-un-lien/", {"email": ADDRESS})
    old_link = link_of()
    owner.post("/mon-compte/mot-de-passe-oublie/", {"email": ADDRESS})
    link = link_of()
    assert owner.post(link, {"password": "court"}).status_code == 400
    assert owner.post(link, {"password": "un autre mot de passe"}).status_code == 302
    assert owner.get("/mon-compte/").status_code == 200
    assert thief.get("/mon-compte/").status_code == 302
    assert Client().post(old_link).status_code == 400
    assert enter(Client()).status_code == 400
    assert enter(Client(), password="un autre mot de passe").status_code == 302
    assert "mot de passe de votre compte vient de changer" in last_mail().text


def test_change_of_password_keeps_this_browser_only(account: Account) -> None:
    here, there = signed_in(Client(), account), signed_in(Client(), account)
    wrong = here.post("/mon-compte/mot-de-passe/", {"current": "faux", "password": "un autre mot de passe"})
    assert wrong.status_code == 400 and there.get("/mon-compte/").status_code == 200
    done = here.post("/mon-compte/mot-de-passe/", {"current": PASSWORD, "password": "un autre mot de passe"})
    assert done.status_code == 302
    assert here.get("/mon-compte/").status_code == 200
    assert there.get("/mon-compte/").status_code == 302


def test_a_session_written_back_after_a_change_is_worth_nothing(account: Account) -> None:
    """Not only the rows are deleted: what a session holds is checked against the account."""
    client = signed_in(Client(), account)
    Account.objects.update(session_salt="autre")
    assert client.get("/mon-compte/").status_code == 302
    assert "Se connecter" in client.get("/").content.decode()


def test_sessions_are_listed_and_closed(account: Account) -> None:
    here, there, third = (signed_in(Client(), account) for _ in range(3))
    stranger = signed_in(Client(), citizen_account("autre@courriel.example", first_name="Ana"))
    stranger.post("/mon-compte/connexions/", {"session": there.session.session_key[:12]})
    assert there.get("/mon-compte/").status_code == 200  # somebody else's is not his to close
    here.post("/mon-compte/connexions/", {"session": there.session.session_key[:12]})
    assert there.get("/mon-compte/").status_code == 302
    assert here.post("/mon-compte/connexions/", {"session": "a"}).status_code == 400
    here.post("/mon-compte/connexions/")
    assert third.get("/mon-compte/").status_code == 302
    assert here.get("/mon-compte/").status_code == 200
    assert stranger.get("/mon-compte/").status_code == 200


def test_address_changes_by_a_link_to_the_new_one(account: Account) -> None:
    client = signed_in(Client(), account)
    new = "c.duprat@courriel.example"
    assert client.post("/mon-compte/adresse/", {"email": ADDRESS}).status_code == 400
    assert client.post("/mon-compte/adresse/", {"email": new}).status_code == 302
    assert Account.objects.get().email == ADDRESS
    link = link_of(new)
    assert Client().get(link).status_code == 200
    assert Account.objects.get().email == ADDRESS
    assert Client().post(link).status_code == 302
    assert Account.objects.get().email == new
    assert "remplacée" in last_mail().text  # the old address learns it
    assert account.person.contact_points.filter(value=new, verified_at__isnull=False).exists()


def test_an_address_taken_meanwhile_is_not_stolen(account: Account) -> None:
    client, new = signed_in(Client(), account), "ana@courriel.example"
    client.post("/mon-compte/adresse/", {"email": new})
    link = link_of(new)
    citizen_account(new, first_name="Ana")
    assert Client().post(link).status_code == 400
    client.post("/mon-compte/adresse/", {"email": new})
    assert "Vous avez déjà un compte" in last_mail(new).text
    assert Account.objects.filter(email=new).get().person.first_name == "Ana"


def test_closing(account: Account) -> None:
    client, other = signed_in(Client(), account), signed_in(Client(), account)
    assert client.post("/mon-compte/fermer/", {"password": PASSWORD}).status_code == 400
    assert client.post("/mon-compte/fermer/", {"sure": "on", "password": "faux"}).status_code == 400
    assert client.post("/mon-compte/fermer/", {"sure": "on", "password": PASSWORD}).status_code == 200
    assert client.get("/mon-compte/").status_code == other.get("/mon-compte/").status_code == 302
    assert enter(Client()).status_code == 400
    again = citizen_account(ADDRESS)  # the address is free, the record is found again
    assert again.person == account.person
    close_account(again, password=PASSWORD)
    assert Account.objects.filter(closed_at__isnull=False, email="").count() == 2


def test_an_agent_and_a_citizen_in_one_browser(region: Region, account: Account) -> None:
    client = Client()
    client.force_login(region.nadia)
    enter(client)
    assert client.get("/bureau/compte/").status_code == client.get("/mon-compte/").status_code == 200
    row = Session.objects.get(session_key=client.session.session_key)
    assert (row.user_id, row.citizen_id) == (region.nadia.pk, account.pk)
    client.post("/mon-compte/deconnexion/")
    assert client.get("/bureau/compte/").status_code == 200
    assert client.get("/mon-compte/").status_code == 302
    assert Session.objects.get(session_key=client.session.session_key).citizen_id is None


def test_signing_out_leaves_nothing(account: Account) -> None:
    client = signed_in(Client(), account)
    session = client.session
    session["follow_cases"] = [[1, ADDRESS, 9e12]]
    session.save()
    key = session.session_key
    assert client.post("/mon-compte/deconnexion/")["Location"] == "/mon-compte/deconnecte/"
    assert not Session.objects.filter(session_key=key).exists()
    assert "follow_cases" not in client.session


def test_another_citizen_in_the_same_browser_finds_nothing(account: Account) -> None:
    client = signed_in(Client(), account)
    session = client.session
    session["left"] = "behind"
    session.save()
    other = citizen_account("autre@courriel.example", first_name="Ana")
    client.post("/mon-compte/recevoir-un-lien/", {"email": other.email})
    client.post(link_of(other.email))
    assert "left" not in client.session
    assert "Ana Duprat" in client.get("/mon-compte/").content.decode()


def test_the_header_asks_nothing_for_visitors_and_one_thing_for_citizens(region: Region, account: Account) -> None:
    def asked(client: Client) -> list[str]:
        client.get("/accessibilite/")
        with CaptureQueriesContext(connection) as seen:
            assert client.get("/accessibilite/").status_code == 200
        return [q["sql"] for q in seen.captured_queries if "session" in q["sql"] or "citizens_" in q["sql"]]

    assert asked(Client()) == []
    [session, who] = asked(signed_in(Client(), account))
    assert "accounts_session" in session and "citizens_account" in who
