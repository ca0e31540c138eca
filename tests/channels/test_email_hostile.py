"""Whatever the bytes: an `Inbound` that can be stored, or `Unreadable`; never another exception."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guichet.channels.contract import Inbound, Unreadable
from guichet.channels.email import EmailChannel, cleaning, mime, reading, tnef
from guichet.channels.email.body import read_body

PAYLOADS = [path.read_bytes() for path in sorted((Path(__file__).parent / "payloads" / "email").glob("*.eml"))]
CHANNEL = EmailChannel(
    own_addresses="demandes@region.example",
    agent_domains="agents.example",
    trusted_relays="www.region.example",
    authserv_id="mx.region.example",
    domain="region.example",
    token_key="clef-de-test",
)
HEAD = b"From: a@b.example\r\nSubject: TR: essai\r\n"
FEW = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def texts(value: object) -> list[str]:
    """Every text of an Inbound, however deep."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple):
        return [text for item in value for text in texts(item)]
    if hasattr(value, "__dataclass_fields__"):
        return [text for item in fields(value) for text in texts(getattr(value, item.name))]  # type: ignore[arg-type]
    return []


def check(raw: bytes) -> Inbound | None:
    # The reader itself is called, not the channel: its safety net would hide the fault.
    try:
        inbound = reading.read_mail(raw, CHANNEL._identity, "", ())
    except Unreadable:
        return None
    for text in texts(inbound):
        assert "\x00" not in text
        text.encode("utf-8")
    assert inbound.external_id
    assert bool(inbound.fresh_text.strip()) == bool(inbound.text.strip())
    assert inbound.sent_at is None or inbound.sent_at.tzinfo is not None
    for file in inbound.files:
        assert file.name
        assert "/" not in file.name
        assert len(file.name) <= 140
    assert "<script" not in inbound.html
    assert not re.search(r'<[^>]* src="http', inbound.html)  # in a tag: the words themselves may be shown
    return inbound


@FEW
@given(st.binary(max_size=2000))
def test_random_bytes(raw: bytes) -> None:
    check(raw)
    check(HEAD + raw)


@FEW
@given(st.sampled_from(PAYLOADS), st.randoms(use_true_random=False), st.integers(1, 30))
def test_mutated_mails(raw: bytes, chance: random.Random, changes: int) -> None:
    mutable = bytearray(raw)
    for _ in range(changes):
        at = chance.randrange(len(mutable))
        kind = chance.randrange(4)
        if kind == 0:
            mutable[at] = chance.randrange(256)
        elif kind == 1:
            del mutable[at : at + chance.randrange(1, 40)]
        elif kind == 2:
            mutable[at:at] = chance.choice([b"\x00", b"\r\n", b"=?utf-8?q?", b"--", b'"', b"<", b"\xff", b";", b"\r"])
        else:
            mutable[at:at] = mutable[: chance.randrange(200)]
        mutable = mutable or bytearray(b"x")
    check(bytes(mutable))


@FEW
@given(st.sampled_from(PAYLOADS), st.floats(0, 1))
def test_truncated_mails(raw: bytes, where: float) -> None:
    check(raw[: int(len(raw) * where)])


@FEW
@given(st.text(max_size=300), st.sampled_from(["from", "subject", "date", "content-type", "references", "to"]))
def test_any_header_value(value: str, name: str) -> None:
    line = f"{name}: {value}".replace("\r", " ").replace("\n", " ")
    check(b"To: x@y.example\r\n" + line.encode("utf-8", "surrogatepass") + b"\r\n\r\ncorps")


@FEW
@given(st.binary(max_size=300))
def test_any_tnef(raw: bytes) -> None:
    tnef.unwrap(b"\x78\x9f\x3e\x22\x01\x00" + raw)


def nested(kind: bytes, depth: int) -> bytes:
    return HEAD + b"".join(
        b"Content-Type: %s; boundary=b%d\r\n\r\n--b%d\r\n" % (kind, level, level) for level in range(depth)
    )


HUGE = 1_000_000
BOMBS: dict[str, Callable[[], bytes]] = {
    "multipart in multipart": lambda: nested(b"multipart/mixed", 3000),
    "alternative in alternative": lambda: nested(b"multipart/alternative", 3000),
    "message in message": lambda: HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 5000,
    "one boundary for all": lambda: HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" * 3000,
    "10,000 parts": lambda: HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 10_000,
    "boundaries on one line": lambda: HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b" * HUGE,
    "huge header": lambda: b"Subject: " + b"a" * HUGE + b"\r\n" + HEAD,
    "many headers": lambda: b"X-A: b\r\n" * 100_000 + HEAD,
    "encoded words never closed": lambda: b"Subject: " + b"=?utf-8?q?" * 9000 + b"\r\n" + HEAD,
    "open comments": lambda: b"From: " + b"(" * 90_000 + b"\r\n" + HEAD,
    "open quotes in parameters": lambda: HEAD + b"Content-Type: text/plain" + b';a="' * 20_000 + b"\r\n\r\nx",
    "NUL bytes": lambda: HEAD + b"\r\n" + b"\0" * HUGE,
    "rules": lambda: HEAD + b"\r\n" + (b"_" * 400 + b"\n") * 2500,
    "flowed": lambda: HEAD + b"Content-Type: text/plain; format=flowed\r\n\r\n" + b"a \r\n" * 200_000,
    "html nested": lambda: HEAD + b"Content-Type: text/html\r\n\r\n" + b"<div>" * 200_000,
    "html entities": lambda: HEAD + b"Content-Type: text/html\r\n\r\n" + b"&" * HUGE,
    "html quotes": lambda: HEAD + b"Content-Type: text/html\r\n\r\n" + b"<blockquote>a" * 30_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_read_within_bounds(name: str) -> None:
    """No clock here: unbounded, these recurse to death or take minutes, and the run shows it."""
    inbound = check(BOMBS[name]())
    if inbound is not None:
        assert len(inbound.text) <= 2_100_000
        assert len(inbound.files) <= mime.MAX_PARTS


def test_the_tree_is_bounded() -> None:
    root, defects = mime.parse(nested(b"multipart/mixed", 200))
    depth, part = 0, root
    while part.children:
        depth, part = depth + 1, part.children[0]
    assert depth == mime.MAX_DEPTH
    assert "too many levels: a part is kept as a file" in defects
    assert read_body(root).files  # what was not opened is kept


def test_the_parts_are_counted() -> None:
    root, defects = mime.parse(BOMBS["10,000 parts"]())
    assert len(list(root.walk())) == mime.MAX_PARTS
    assert "too many parts: the rest is in the raw message only" in defects


def test_a_false_count_of_properties_ends_at_once() -> None:
    header = b"\x78\x9f\x3e\x22\x01\x00"
    properties = b"\xff\xff\xff\xff" + b"\x03\x10\xff\xff\x00\x00"
    raw = header + b"\x01\x03\x90\x06\x00" + len(properties).to_bytes(4, "little") + properties + b"\0\0"
    envelope = tnef.unwrap(raw)
    assert envelope is not None
    assert envelope.files == []


def test_deep_html_becomes_text() -> None:
    cleaned = cleaning.clean("<div>" * 10_000 + "Bonjour")
    assert cleaned.html == ""
    assert cleaned.text == "Bonjour"


def test_any_fault_becomes_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Inbound:
        raise ZeroDivisionError

    monkeypatch.setattr("guichet.channels.email.read_mail", fail)
    with pytest.raises(Unreadable, match="ZeroDivisionError"):
        CHANNEL.read(HEAD)
