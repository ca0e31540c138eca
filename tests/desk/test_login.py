from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from guichet.accounts.models import Session, User
from tests.desk.conftest import PASSWORD

LOGIN = "/bureau/connexion/"


def sign_in(client: Client, email: str, password: str = PASSWORD, **more: str):
    return client.post(
        LOGIN, {"email": email, "password": password, **more}, headers={"user-agent": "Firefox/140.0 Linux"}
    )


@pytest.mark.parametrize("path", ["", "compte/", "quarantaine/", "envois/", "courriels-sortants/", "demandes/1604217/"])
def test_anonymous_is_sent_to_login(path: str) -> None:
    response = Client().get(f"/bureau/{path}")
    assert response.status_code == 302
    assert response["Location"].startswith(f"{LOGIN}?suite=%2Fbureau%2F")


def test_login_rotates_the_session_and_keeps_the_device(agent: User) -> None:
    client = Client()
    session = client.session
    session["before"] = 1
    session.save()
    before = session.session_key
    response = sign_in(client, "Nadia@agents.example", suite="/bureau/compte/")
    assert (response.status_code, response["Location"]) == (302, "/bureau/compte/")
    after = client.session.session_key
    assert after and after != before
    row = Session.objects.get(session_key=after)
    assert (row.user, row.device) == (agent, "Firefox, Linux")
    assert not Session.objects.filter(session_key=before).exists()
    assert client.get("/bureau/").status_code == 200


def test_login_never_leaves_the_desk(agent: User) -> None:
    assert sign_in(Client(), agent.email, suite="https://ailleurs.example/bureau/")["Location"] == "/bureau/"
    assert sign_in(Client(), agent.email, suite="//ailleurs.example/")["Location"] == "/bureau/"


def test_wrong_password_and_rate_limit(agent: User) -> None:
    client = Client()
    assert sign_in(client, agent.email, "faux").status_code == 400
    for _ in range(7):
        sign_in(client, agent.email, "faux")
    response = sign_in(client, agent.email)
    assert response.status_code == 429
    assert "Trop d&#x27;essais" in response.content.decode()
    assert client.get("/bureau/").status_code == 302


def test_rate_limit_of_one_client_over_many_addresses() -> None:
    client = Client()
    codes = [sign_in(client, f"a{n}@agents.example", "faux").status_code for n in range(41)]
    assert codes[39] == 400 and codes[40] == 429


def test_machines_and_inactive_accounts_do_not_enter(make_agent: Callable[..., User]) -> None:
    make_agent("robot@machine.invalid", kind=User.Kind.MACHINE)
    make_agent("parti@agents.example", is_active=False)
    assert sign_in(Client(), "robot@machine.invalid").status_code == 400
    assert sign_in(Client(), "parti@agents.example").status_code == 400


def test_second_step(agent: User) -> None:
    device = TOTPDevice.objects.create(user=agent, confirmed=True, name="téléphone")
    client = Client()
    assert sign_in(client, agent.email)["Location"] == "/bureau/connexion/code/"
    assert client.get("/bureau/").status_code == 302  # the password alone opens nothing
    assert client.post("/bureau/connexion/code/", {"code": "000000"}).status_code == 400
    TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    code = f"{totp(device.bin_key):06d}"
    assert client.post("/bureau/connexion/code/", {"code": code})["Location"] == "/bureau/"
    assert client.get("/bureau/").status_code == 200


def test_set_up_second_factor_preferences_and_sessions(desk: Client, agent: User) -> None:
    page = desk.get("/bureau/compte/second-facteur/")
    assert "data:image/svg+xml" in page.content.decode()
    device = TOTPDevice.objects.get(user=agent)
    done = desk.post("/bureau/compte/second-facteur/", {"code": f"{totp(device.bin_key):06d}"})
    assert len(done.context["codes"]) == 8
    recovery = done.context["codes"][0]
    desk.post("/bureau/compte/preferences/", {"theme": "sombre"})
    agent.refresh_from_db()
    assert (agent.theme, agent.shortcuts) == ("sombre", False)
    assert 'data-theme="sombre"' in desk.get("/bureau/compte/").content.decode()
    other = Client()
    sign_in(other, agent.email)
    assert other.post("/bureau/connexion/code/", {"code": recovery}).status_code == 302
    assert other.get("/bureau/").status_code == 200
    desk.post("/bureau/compte/sessions/", {"session": other.session.session_key[:12]})
    assert other.get("/bureau/").status_code == 302
    assert desk.get("/bureau/").status_code == 200


def test_change_password_and_sign_out(desk: Client, agent: User) -> None:
    new = "encore une phrase longue 77"
    desk.post("/bureau/compte/mot-de-passe/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new})
    assert desk.get("/bureau/compte/").status_code == 200
    assert sign_in(Client(), agent.email, new).status_code == 302
    assert desk.get("/bureau/deconnexion/").status_code == 405
    desk.post("/bureau/deconnexion/")
    assert desk.get("/bureau/").status_code == 302
