"""Fetch, commit, move, against a real Dovecot."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from guichet.channels.contract import Collector
from guichet.channels.email import EmailChannel
from tests.channels.mail_servers import DOVECOT, Dovecot, dovecot, free_port

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(DOVECOT is None, reason="dovecot is not installed (Debian package dovecot-imapd)"),
]

DONE = "Traités"


def utf7(name: str) -> str:
    """Mailbox names travel in modified UTF-7."""
    accent = base64.b64encode("é".encode("utf-16-be")).decode().rstrip("=")
    return '"' + name.replace("é", f"&{accent}-") + '"'


def mail(subject: str, size: int = 0) -> bytes:
    return f"From: a@b.example\r\nSubject: {subject}\r\n\r\n{'x' * size}\r\n".encode()


@pytest.fixture
def server() -> Iterator[Dovecot]:
    # Not under pytest's own folder: Dovecot's users must reach this one, and pytest's is closed to them.
    with tempfile.TemporaryDirectory(prefix="guichet-imap-") as name, dovecot(Path(name)) as running:
        yield running


@pytest.fixture
def channel(server: Dovecot) -> Iterator[EmailChannel]:
    opened = make(server)
    yield opened
    opened.close()


def make(server: Dovecot, **options: Any) -> EmailChannel:
    values = {"imap_host": "127.0.0.1", "imap_port": server.port, "imap_user": "guichet", "imap_password": "secret"}
    return EmailChannel(**(values | {"imap_tls": "none", "timeout": 10} | options))


def subject(raw: bytes) -> str:
    return raw.split(b"Subject: ")[1].split(b"\r\n")[0].decode()


def test_moved_only_when_acknowledged(server: Dovecot, channel: EmailChannel) -> None:
    assert isinstance(channel, Collector)
    server.deliver(mail("un"), mail("deux"), mail("trois"))
    collected = list(channel.collect())
    assert [subject(item.raw) for item in collected] == ["un", "deux", "trois"]
    assert collected[0].raw == mail("un")
    assert server.subjects("INBOX") == ["un", "deux", "trois"]
    assert server.unseen("INBOX") == 3
    # Nothing was marked: a crash before the commit costs nothing.
    assert [subject(item.raw) for item in channel.collect()] == ["un", "deux", "trois"]
    channel.acknowledge(collected[1].key)
    channel.acknowledge(collected[1].key)
    assert server.subjects("INBOX") == ["un", "trois"]
    assert server.subjects(utf7(DONE)) == ["deux"]
    assert [subject(item.raw) for item in channel.collect()] == ["un", "trois"]


def test_acknowledged_while_collecting(server: Dovecot, channel: EmailChannel) -> None:
    server.deliver(mail("un"), mail("deux"))
    for item in channel.collect():
        channel.acknowledge(item.key)
    assert server.subjects("INBOX") == []
    assert server.subjects(utf7(DONE)) == ["un", "deux"]


def test_a_mail_that_cannot_be_stored_does_not_come_back(server: Dovecot, channel: EmailChannel) -> None:
    server.deliver(mail("poison"), mail("bon"))
    seen = []
    for item in channel.collect():
        seen.append(subject(item.raw))
        if seen[-1] == "poison":
            channel.set_aside(item.key)
        else:
            channel.acknowledge(item.key)
    assert seen == ["poison", "bon"]
    assert list(channel.collect()) == []
    assert server.subjects('"En erreur"') == ["poison"]


def test_a_mail_too_big_does_not_block_the_next(server: Dovecot) -> None:
    server.deliver(mail("gros", 5000), mail("petit"))
    channel = make(server, imap_max_bytes=1000)
    assert [subject(item.raw) for item in channel.collect()] == ["petit"]
    channel.close()
    assert server.subjects('"En erreur"') == ["gros"]


def test_a_mail_gone_meanwhile_is_passed_over(server: Dovecot, channel: EmailChannel) -> None:
    server.deliver(mail("un"), mail("parti"), mail("deux"))
    items = channel.collect()
    assert subject(next(items).raw) == "un"
    server.file_of(b"parti").unlink()
    assert [subject(item.raw) for item in items] == ["deux"]


def test_a_mail_that_the_server_cannot_give_does_not_block_the_next(server: Dovecot, channel: EmailChannel) -> None:
    server.deliver(mail("un"), mail("fermé"), mail("deux"))
    server.file_of("fermé".encode()).chmod(0)  # FETCH fails, and Dovecot hangs up
    assert [subject(item.raw) for item in channel.collect()] == ["un", "deux"]
    assert [subject(item.raw) for item in channel.collect()] == ["un", "deux"]


def test_rebuilt_mailbox_moves_nothing_by_mistake(server: Dovecot, channel: EmailChannel) -> None:
    server.deliver(mail("ancien"))
    (old,) = list(channel.collect())
    validity, _, uid = old.key.partition(":")
    channel.acknowledge(f"{int(validity) + 1}:{uid}")
    assert server.subjects("INBOX") == ["ancien"]
    assert server.subjects(utf7(DONE)) == []


def test_reconnects_when_the_server_restarts(server: Dovecot, channel: EmailChannel) -> None:
    server.deliver(mail("un"), mail("deux"))
    items = channel.collect()
    first = next(items)
    server.stop()
    server.start()
    channel.acknowledge(first.key)
    assert [subject(item.raw) for item in items] == ["deux"]
    assert server.subjects(utf7(DONE)) == ["un"]


def test_server_away(server: Dovecot, channel: EmailChannel) -> None:
    list(channel.collect())
    server.stop()
    with pytest.raises(ConnectionError):
        list(channel.collect())
    server.start()
    assert list(channel.collect()) == []


def test_wrong_password_and_no_server(server: Dovecot) -> None:
    with pytest.raises(ConnectionError) as refused:
        list(make(server, imap_password="faux").collect())
    assert "faux" not in str(refused.value)
    with pytest.raises(ConnectionError):
        list(EmailChannel(imap_host="127.0.0.1", imap_port=free_port(), imap_tls="none").collect())


def test_envelope_is_found_in_the_headers(server: Dovecot, channel: EmailChannel, tmp_path: Path) -> None:
    server.deliver(b"Delivered-To: demandes@region.example\r\n" + mail("un"))
    (item,) = list(channel.collect())
    reader = EmailChannel(own_addresses="demandes@region.example")
    assert reader.read(item.raw, envelope_to=item.envelope_to).delivered_to == ("demandes@region.example",)
