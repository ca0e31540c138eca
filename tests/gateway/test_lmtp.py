"""The door on a real socket: 250 after the commit only, one item whatever the number of copies and recipients."""

from __future__ import annotations

import asyncio
import smtplib
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from guichet.cases.models import InboundItem
from guichet.core.files import read_bytes
from guichet.gateway import lmtp
from guichet.gateway.lmtp import serve
from tests.channels.mail_servers import free_port
from tests.factories import mail

pytestmark = pytest.mark.django_db(transaction=True)


def _keep_and_leave(raw: bytes, envelope_from: str, envelope_to: tuple[str, ...], keep: Any = lmtp.keep) -> None:
    """Its threads end with the test: they may not keep the database open."""
    try:
        keep(raw, envelope_from, envelope_to)
    finally:
        connection.close()


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Its port; the listener runs in a thread of this process."""
    monkeypatch.setattr(lmtp, "keep", _keep_and_leave)
    port, loop = free_port(), asyncio.new_event_loop()
    task = loop.create_task(serve("127.0.0.1", port, 1_000_000))

    def run() -> None:
        try:
            loop.run_until_complete(task)
        except asyncio.CancelledError:
            loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    while True:
        try:
            smtplib.LMTP("127.0.0.1", port).close()
            break
        except ConnectionRefusedError:
            continue
    yield port
    loop.call_soon_threadsafe(task.cancel)
    thread.join(30)


def talk(port: int, raw: bytes, *recipients: str) -> list[int]:
    """One code a recipient, as LMTP answers."""
    with closing(smtplib.LMTP("127.0.0.1", port, timeout=30)) as client:
        client.ehlo()
        client.mail("x@courriel.example")
        for recipient in recipients:
            client.rcpt(recipient)
        client.docmd("DATA")
        client.send(raw.replace(b"\r\n.", b"\r\n..") + b"\r\n.\r\n")
        return [client.getreply()[0] for _ in recipients]


def test_a_mail_for_several_recipients_is_one_item_and_answers_for_each(door: int) -> None:
    addresses = ("transports17@nouvelle-aquitaine.example", "jeunes@nouvelle-aquitaine.example")
    assert talk(door, mail(), *addresses) == [250, 250]
    item = InboundItem.objects.get()
    assert tuple(item.envelope_to) == addresses
    assert item.envelope_from == "x@courriel.example"
    assert read_bytes(item.raw_id).startswith(mail().rstrip(b"\r\n"))


def test_the_same_mail_twice_at_the_same_time_is_one_item(door: int) -> None:
    codes: list[int] = []
    start = threading.Barrier(6)

    def one() -> None:
        start.wait()
        codes.extend(talk(door, mail(), "jeunes@nouvelle-aquitaine.example"))

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert codes == [250] * 6
    assert InboundItem.objects.count() == 1


def test_when_nothing_can_be_kept_the_mta_is_told_to_come_back(door: int, tmp_path: Path) -> None:
    blocked = tmp_path / "fichiers"
    blocked.write_text("a file stands where the folder should be")
    assert talk(door, mail(), "a@x.example", "b@x.example") == [451, 451]
    assert InboundItem.objects.count() == 0
    blocked.unlink()
    assert talk(door, mail(), "a@x.example") == [250]


def test_a_connection_that_broke_while_it_slept_is_opened_again() -> None:
    """The server ends idle sessions (restart, failover): the next mail is not deferred for that."""
    from guichet.gateway.lmtp import keep

    backends: list[int] = []

    def of_the_door() -> None:
        try:
            keep(mail(), "x@courriel.example", ())
            backends.append(connection.connection.info.backend_pid)
            cut.wait(30)
            keep(mail(message_id="<other@x.example>"), "x@courriel.example", ())
        finally:
            connection.close()

    cut = threading.Barrier(2)
    thread = threading.Thread(target=of_the_door)
    thread.start()
    while not backends and thread.is_alive():
        time.sleep(0.01)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", backends)
    cut.wait(30)
    thread.join(30)
    assert InboundItem.objects.count() == 2


def test_an_empty_or_oversized_mail_is_refused_for_good(door: int) -> None:
    assert talk(door, b"", "a@x.example")[0] == 550
    assert set(talk(door, mail(body="x" * 1_100_000), "a@x.example", "b@x.example")) <= {500, 552}
    assert talk(door, mail(body="x\n" * 600_000), "a@x.example") == [552]
    assert InboundItem.objects.count() == 0
    assert talk(door, mail(body="x" * 500_000), "a@x.example") == [250]


def test_header_only_and_eight_bit_mails_are_kept_as_they_came(door: int) -> None:
    raw: Any = b"From: a@x.example\r\nSubject: \xe9\xff\r\n\r\n\xe9t\xe9\r\n.\r\n..fin"
    assert talk(door, raw, "a@x.example") == [250]
    assert read_bytes(InboundItem.objects.get().raw_id).rstrip(b"\r\n") == raw
