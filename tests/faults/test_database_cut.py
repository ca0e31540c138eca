"""The database crashes under load while mails arrive, forms are sent and receipts leave."""

from __future__ import annotations

import email
import http.client
import threading
import time
import urllib.parse
from collections import Counter

import pytest

from guichet.portal import tokens
from tests.channels.mail_servers import Mailer
from tests.faults.conftest import World, until
from tests.faults.test_worker_killed import SENT, numbered

pytestmark = pytest.mark.server

CSRF = "a" * 32


def post_form(world: World, number: int, token: str) -> bool:
    """Send the single form as a browser does; whether it was confirmed."""
    fields = {
        "token": token, "topic": "transport_scolaire.carte", "subject": f"Formulaire {number}",
        "message": "Bonjour, ma carte est perdue.", "reference": "", "kind": "citizen", "first_name": "Odile",
        "last_name": f"Nom{number}", "email": f"odile{number}@courriel.example", "phone": "",
        "address": "8 chemin des Grives\n17320 Marennes", "channel": "email", "csrfmiddlewaretoken": CSRF,
    }  # fmt: skip
    headers = {
        "Content-Type": "application/x-www-form-urlencoded", "Cookie": f"csrftoken={CSRF}",
        "X-Forwarded-For": f"192.0.2.{number}",
    }  # fmt: skip
    page = http.client.HTTPConnection("127.0.0.1", world.web_port, timeout=30)
    try:
        page.request("POST", "/contact/", urllib.parse.urlencode(fields), headers)
        answer = page.getresponse()
        return (answer.status, answer.getheader("Location")) == (302, "/contact/recu/")
    except (OSError, http.client.HTTPException):
        return False
    finally:
        page.close()


def old_token() -> str:
    """As if the page had been shown a minute ago."""
    fresh = tokens.FormToken.new()
    return tokens.FormToken(fresh.key, time.time() - 60).signed


def test_a_crash_under_load_loses_nothing_and_repeats_nothing(world: World, mailer: Mailer) -> None:
    mailer.slow = 0.25
    world.door(), world.pages(), world.worker()
    mails, forms = 40, 16
    kept: list[int] = []
    confirmed: list[int] = []
    over = threading.Event()

    def mta() -> None:
        """Comes back with what was deferred, as an MTA does."""
        for number in range(mails):
            while not over.is_set() and not world.deliver(numbered(number)):
                time.sleep(0.2)
            kept.append(number)

    def citizens() -> None:
        """Press the button again after an error page: the same form, the same key."""
        for number in range(forms):
            token = old_token()
            while not over.is_set() and not post_form(world, number, token):
                time.sleep(0.2)
            confirmed.append(number)

    def nothing_is_promised() -> None:
        assert not world.deliver(numbered(0))
        assert not post_form(world, 99, old_token())
        assert not world.healthy()

    threads = [threading.Thread(target=mta, daemon=True), threading.Thread(target=citizens, daemon=True)]
    for thread in threads:
        thread.start()
    try:
        for seen in (8, 25):
            until(lambda seen=seen: len(kept) >= seen, f"{seen} mails")
            sent = len(mailer.received)  # counted before it is answered
            until(
                lambda sent=sent: len(mailer.received) > sent, "a message in mid-send"
            )  # its body is not answered yet
            world.cut_database(nothing_is_promised)
        until(lambda: not any(thread.is_alive() for thread in threads), "everything taken")
    finally:
        over.set()
    assert (len(kept), len(confirmed)) == (mails, forms)
    until(lambda: world.count("SELECT count(*) FROM cases_inbounditem WHERE state = 'done'") == mails, "mails read")
    subjects = dict(world.ask("SELECT subject, count(*) FROM cases_interaction WHERE direction = 'in' GROUP BY 1"))
    assert subjects == {
        **{f"Demande {number}": 1 for number in range(mails)},
        **{f"Formulaire {number}": 1 for number in range(forms)},
    }
    assert world.count("SELECT count(*) FROM cases_case") == mails + forms
    until(lambda: world.count(SENT) == mails + forms, "receipts sent")
    sent = Counter(str(email.message_from_bytes(bytes(e.content or b""))["Message-ID"]) for e in mailer.received)
    assert len(sent) == mails + forms
    assert set(sent.values()) == {1}
    assert world.count("SELECT count(*) FROM cases_inbounditem WHERE state = 'quarantined'") == 0
