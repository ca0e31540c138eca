"""Sessions of agents: new key at login, end, revocation, and how their cookies travel."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from guichet.accounts.actions import deactivate
from guichet.accounts.models import Session, User
from guichet.core.refused import NotAllowed
from guichet.hosting.home import CHECKOUT
from guichet.journal.models import Event
from tests.factories import Region

PASSWORD = "un mot de passe long"
LOGIN = "/bureau/connexion/"


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def entered(user: User, *, agent: str = "Firefox/140.0 Linux") -> Client:
    client = Client()
    done = client.post(LOGIN, {"email": user.email, "password": PASSWORD}, headers={"user-agent": agent})
    assert done.status_code == 302
    return client


def copy_of(client: Client) -> Client:
    """Someone who stole the cookie."""
    thief = Client()
    thief.cookies.load({"guichet_session": client.cookies["guichet_session"].value})
    return thief


def is_in(client: Client) -> bool:
    return client.get("/bureau/").status_code == 200


def test_cookies_are_not_for_scripts_nor_for_other_sites(region: Region) -> None:
    client = Client()
    client.get(LOGIN)
    client.post(LOGIN, {"email": region.nadia.email, "password": PASSWORD})
    assert set(client.cookies) == {"guichet_session", "csrftoken"}
    for cookie in client.cookies.values():
        assert cookie["samesite"] == "Lax", cookie.key
        assert cookie["httponly"], cookie.key
        assert not cookie["domain"], "only this host"


def test_cookies_are_secure_behind_tls() -> None:
    """Asked of the settings as a real installation reads them."""
    said = (
        "from django.conf import settings as s; "
        "print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS > 0, s.DEBUG)"
    )
    environment = {**os.environ, "GUICHET_PUBLIC_URL": "https://guichet.region.example"}
    done = subprocess.run([sys.executable, "-c", said], cwd=CHECKOUT, env=environment, capture_output=True, text=True,
                          check=True)  # fmt: skip
    assert done.stdout.split() == ["True", "True", "True", "False"]


def test_a_key_known_before_login_is_worth_nothing_after(region: Region) -> None:
    """Fixation: the attacker plants his own key in the victim's browser."""
    planted = Client()
    session = planted.session
    session["planted"] = True
    session.save()
    attacker = copy_of(planted)
    planted.post(LOGIN, {"email": region.nadia.email, "password": PASSWORD})
    assert is_in(planted)
    assert not is_in(attacker)


def test_leaving_closes_it_on_the_server(region: Region) -> None:
    client = entered(region.nadia)
    thief = copy_of(client)
    assert is_in(thief)
    client.post("/bureau/deconnexion/")
    assert not is_in(thief)
    assert not Session.objects.filter(user=region.nadia).exists()


def test_it_ends(region: Region) -> None:
    client = entered(region.nadia)
    ends = Session.objects.get(user=region.nadia).expire_date - timezone.now()
    assert timedelta(hours=11) < ends <= timedelta(hours=12)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert not is_in(client)


def test_one_session_is_closed_from_another(region: Region) -> None:
    here, lost, other = (entered(region.nadia, agent=agent) for agent in ("Firefox/1", "Chrome/1 Android", "Edg/1"))
    page = here.get("/bureau/compte/").content.decode()
    for device in ("Firefox", "Chrome, Android", "Edge"):
        assert device in page
    assert all(client.session.session_key not in page for client in (here, lost, other)), "whole keys stay secret"
    here.post("/bureau/compte/sessions/", {"session": lost.session.session_key[:12]})
    assert (is_in(here), is_in(lost), is_in(other)) == (True, False, True)
    here.post("/bureau/compte/sessions/", {})
    assert (is_in(here), is_in(other)) == (True, False)
    assert Event.objects.filter(verb="account.sessions_revoked", actor=region.nadia).count() == 2


def test_nobody_closes_the_session_of_another(region: Region) -> None:
    mine, theirs = entered(region.nadia), entered(region.leo)
    mine.post("/bureau/compte/sessions/", {"session": theirs.session.session_key[:12]})
    assert is_in(theirs)
    assert mine.post("/bureau/compte/sessions/", {"session": "a"}).status_code == 400


def test_a_new_password_closes_the_others(region: Region) -> None:
    here, elsewhere = entered(region.nadia), entered(region.nadia)
    new = "encore une phrase longue 77"
    here.post("/bureau/compte/mot-de-passe/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new})
    assert (is_in(here), is_in(elsewhere)) == (True, False)


def test_a_deactivated_account_is_out_at_once(region: Region) -> None:
    client = entered(region.nadia)
    with pytest.raises(NotAllowed):
        deactivate(region.nadia, by=region.leo)
    deactivate(region.nadia, by=region.chief)
    assert not is_in(client)


def test_a_password_alone_does_not_survive_its_five_minutes(region: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    from django_otp.plugins.otp_totp.models import TOTPDevice

    TOTPDevice.objects.create(user=region.nadia, confirmed=True, name="téléphone")
    client = entered(region.nadia)
    assert client.get("/bureau/connexion/code/").status_code == 200
    monkeypatch.setattr("guichet.desk.views.login.PENDING_SECONDS", -1)
    assert client.get("/bureau/connexion/code/")["Location"] == LOGIN


def test_codes_are_counted(region: Region) -> None:
    from django_otp.plugins.otp_totp.models import TOTPDevice

    TOTPDevice.objects.create(user=region.nadia, confirmed=True, name="téléphone")
    client = entered(region.nadia)
    answers = [client.post("/bureau/connexion/code/", {"code": f"{n:06d}"}).status_code for n in range(9)]
    assert answers == [400] * 8 + [429]
    assert not is_in(client)
