"""What a misbehaving SMTP server does to a delivery: tried later and later, then given up into a task."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from guichet.cases.models import Interaction, Task
from guichet.core.plugging import channel
from guichet.core.refused import Refused
from guichet.journal.watching import catch_up
from guichet.outbox import actions, sending
from guichet.outbox.actions import DELAYS, Letter, queue
from guichet.outbox.models import Delivery
from tests.channels.mail_servers import Mailer, free_port, smtp_server
from tests.factories import Region, case_of, mail, receive

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailer(settings: Any) -> Iterator[Mailer]:
    with smtp_server(Mailer()) as running:
        _send_to(settings, running.port)
        yield running


def _send_to(settings: Any, port: int) -> None:
    path, options = settings.CHANNELS["email"]
    server = {"folder": "", "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none", "timeout": 1}
    settings.CHANNELS = {**settings.CHANNELS, "email": (path, {**options, **server})}
    channel.cache_clear()


def letter(*to: str) -> Letter:
    return Letter(subject="Bonjour", text="Texte", to=[(address, "") for address in to or ("a@courriel.example",)])


def due_now() -> None:
    Delivery.objects.update(next_try_at=timezone.now() - timedelta(seconds=1))


def try_again(delivery: Delivery) -> timedelta:
    """One try; how much later the next one is."""
    due_now()
    before = timezone.now()
    sending.send_due()
    delivery.refresh_from_db()
    return delivery.next_try_at - before


def test_a_delivery_is_sent_once(mailer: Mailer) -> None:
    queue(letter())
    assert sending.send_due() == 1
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.tries, delivery.trying_since) == (Delivery.State.SENT, 1, None)
    assert delivery.provider_id == "A1B2C3"
    due_now()
    assert sending.send_due() == 0
    assert len(mailer.received) == 1


def test_one_bad_recipient_does_not_hold_the_others(mailer: Mailer) -> None:
    mailer.replies["b@courriel.example"] = "550 5.1.1 unknown"
    queue(letter("a@courriel.example", "b@courriel.example", "c@courriel.example"))
    sending.send_due()
    states = dict(Delivery.objects.values_list("recipient", "state"))
    assert states == {"a@courriel.example": "sent", "b@courriel.example": "failed", "c@courriel.example": "sent"}
    assert {recipient for envelope in mailer.received for recipient in envelope.rcpt_tos} == {
        "a@courriel.example", "c@courriel.example",
    }  # fmt: skip


@pytest.mark.parametrize(
    "fault", ["refuses for now", "cut before the end", "cut after the end", "never answers", "is down"]
)  # fmt: skip
def test_a_passing_fault_is_tried_later_and_later_then_given_up(mailer: Mailer, settings: Any, fault: str) -> None:
    mailer.replies = {"DATA": "451 4.3.0 later"} if fault == "refuses for now" else {}
    mailer.drop = {"cut before the end": "before", "cut after the end": "after"}.get(fault, "")
    mailer.mute = fault == "never answers"
    if fault == "is down":
        _send_to(settings, free_port())
    queue(letter())
    delivery = Delivery.objects.get()
    tries = 2 if fault == "never answers" else len(DELAYS)  # each waits for the time limit
    for delay in DELAYS[:tries]:
        waits = try_again(delivery)
        assert delivery.state == Delivery.State.RETRYING
        assert delivery.error
        assert delay <= waits < delay + timedelta(seconds=30)
    if tries == len(DELAYS):
        try_again(delivery)
        assert delivery.state == Delivery.State.FAILED


def test_what_was_tried_again_leaves_under_the_same_message_id(mailer: Mailer) -> None:
    mailer.drop = "after"
    parcel = queue(letter())
    delivery = Delivery.objects.get()
    try_again(delivery)
    mailer.drop = ""
    try_again(delivery)
    assert delivery.state == Delivery.State.SENT
    assert [parcel.message_id.encode() in bytes(e.content or b"") for e in mailer.received] == [True, True]


def test_a_refusal_for_good_becomes_a_task_on_the_case(mailer: Mailer, region: Region) -> None:
    catch_up()
    case = case_of(receive(mail()))
    mailer.replies["RCPT"] = "550 5.1.1 unknown"
    sending.send_due()
    from guichet.notices.watchers import make_task_of_failure

    delivery = Delivery.objects.get()
    assert delivery.state == Delivery.State.FAILED
    from guichet.journal.models import Event

    event = Event.objects.get(verb="delivery.failed")
    make_task_of_failure(event)  # the watcher reads only what is committed: see tests/journal
    make_task_of_failure(event)
    task = Task.objects.get(case=case)
    assert task.kind == Task.Kind.FAILED_DELIVERY
    assert "sandrine.lacoste@courriel.example" in task.label


def test_an_agent_sends_again_what_had_failed(mailer: Mailer, region: Region) -> None:
    mailer.replies["RCPT"] = "550 5.1.1 unknown"
    queue(letter())
    sending.send_due()
    delivery = Delivery.objects.get()
    mailer.replies.clear()
    actions.retry(delivery, by=region.chief)
    sending.send_due()
    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.SENT
    with pytest.raises(Refused):
        actions.retry(delivery, by=region.chief)


def test_a_try_nobody_ended_is_taken_over_when_its_lease_runs_out(mailer: Mailer) -> None:
    queue(letter())
    claimed = sending._claim()
    assert claimed is not None
    assert sending._claim() is None
    assert claimed.next_try_at - timezone.now() > sending.LEASE - timedelta(seconds=30)
    due_now()
    assert sending.send_due() == 1
    sending._write(claimed, {"state": Delivery.State.FAILED, "error": "too late"})
    assert Delivery.objects.get().state == Delivery.State.SENT  # the outcome of a lost try changes nothing


def test_what_has_begun_to_leave_is_not_taken_back(mailer: Mailer) -> None:
    parcel = queue(letter("a@courriel.example", "b@courriel.example"))
    sending.send_due(limit=1)
    with pytest.raises(Refused):
        actions.cancel(parcel)
    other = queue(letter("c@courriel.example"), not_before=timezone.now() + timedelta(seconds=15))
    sending.send_due()
    actions.cancel(other)
    due_now()
    sending.send_due()
    assert {recipient for envelope in mailer.received for recipient in envelope.rcpt_tos} == {
        "a@courriel.example", "b@courriel.example",
    }  # fmt: skip


@pytest.mark.parametrize("poison", ["x\r\nBcc: pirate@x.example", "x\nSubject: autre", "x\x00\x0by", "x\u2028Bcc: y"])
def test_no_header_is_smuggled_by_what_people_wrote(mailer: Mailer, region: Region, poison: str) -> None:
    receive(mail(subject="=?utf-8?q?a=0D=0ABcc:_pirate@x.example?=", sender='"x\\\r\n Bcc: y" <z@courriel.example>'))
    queue(Letter(subject=f"Re: {poison}", text="Texte", to=[("a@courriel.example", poison)], sender_name=poison))
    sending.send_due()
    raws = [bytes(envelope.content or b"") for envelope in mailer.received]
    assert len(raws) == 2
    for raw in raws:
        head = raw.partition(b"\r\n\r\n")[0].lower()
        assert b"\nbcc:" not in head
        assert head.count(b"\nsubject:") == 1
    assert all(envelope.rcpt_tos != ["pirate@x.example"] for envelope in mailer.received)


@pytest.mark.parametrize("address", ["a@x.example\r\nRCPT TO:<b@x.example>", "a@x.example>", "a b@x.example", "sans"])
def test_a_poisoned_address_is_never_spoken_to_the_server(mailer: Mailer, address: str) -> None:
    queue(letter(address))
    sending.send_due()
    assert Delivery.objects.get().state == Delivery.State.FAILED
    assert mailer.received == []


def test_the_same_address_twice_is_one_delivery() -> None:
    queue(Letter(subject="x", text="y", to=[("A@x.example", "")], cc=[("a@x.example", "")]))
    assert Delivery.objects.count() == 1
    with pytest.raises(Refused):
        queue(Letter(subject="x", text="y", to=[]))
    assert Interaction.objects.count() == 0
