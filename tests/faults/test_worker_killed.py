"""kill -9 on the worker, at any moment: nothing lost, nothing twice but what SMTP itself cannot tell."""

from __future__ import annotations

import email
from collections import Counter

import pytest

from tests.channels.mail_servers import Mailer
from tests.factories import mail
from tests.faults.conftest import World, until

pytestmark = pytest.mark.server

DONE = "SELECT count(*) FROM cases_inbounditem WHERE state = 'done'"
SENT = "SELECT count(*) FROM outbox_delivery WHERE state = 'sent'"


def numbered(number: int) -> bytes:
    return mail(
        sender=f"Usager {number} <usager{number}@courriel.example>",
        subject=f"Demande {number}",
        message_id=f"<k{number}@courriel.example>",
    )


def received(mailer: Mailer) -> Counter[str]:
    """How many times each message came, by Message-ID."""
    return Counter(str(email.message_from_bytes(bytes(e.content or b""))["Message-ID"]) for e in mailer.received)


def test_killed_while_it_sends(world: World, mailer: Mailer) -> None:
    mailer.slow = 0.15
    world.door()
    count = 24
    assert all(world.deliver(numbered(number)) for number in range(count))
    worker = world.worker()
    kills = 0
    for seen in (4, 10):
        until(lambda seen=seen: len(mailer.received) >= seen, f"{seen} messages")
        world.kill(worker)
        kills += 1
        worker = world.worker()
    until(lambda: world.count(SENT) == count, "every delivery sent")
    times = received(mailer)
    assert len(times) == count
    # A message whose « 250 » nobody wrote down is sent again, under the same Message-ID: one at most for each kill.
    assert sum(times.values()) - count <= kills
    assert world.count("SELECT count(*) FROM outbox_delivery WHERE state <> 'sent' OR trying_since IS NOT NULL") == 0


def test_killed_while_it_understands(world: World, mailer: Mailer) -> None:
    world.door()
    count = 60
    assert all(world.deliver(numbered(number)) for number in range(count))
    worker = world.worker()
    for seen in (5, 25):
        until(lambda seen=seen: world.count(DONE) >= seen, f"{seen} items")
        world.kill(worker)
        worker = world.worker()
    until(lambda: world.count(DONE) == count, "every item understood")
    assert world.count("SELECT count(*) FROM cases_case") == count
    subjects = world.ask("SELECT subject, count(*) FROM cases_interaction WHERE direction = 'in' GROUP BY subject")
    assert sorted(subjects) == sorted((f"Demande {number}", 1) for number in range(count))
    receipts = "SELECT count(*) FROM cases_interaction WHERE kind = 'receipt'"
    assert world.count(receipts) == world.count("SELECT count(*) FROM outbox_delivery") == count
    until(lambda: world.count(SENT) == count, "every receipt sent")
