"""The bytes that leave: read back by the standard library, which is not what wrote them."""

from __future__ import annotations

import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guichet.channels.contract import Address, Outgoing, OutgoingFile, Undelivered
from guichet.channels.email import EmailChannel
from guichet.channels.email.tokens import make_token

CHANNEL = EmailChannel(domain="region.example", token_key="clef-de-test", own_addresses="demandes@region.example")
AT = datetime(2026, 3, 2, 8, 1, tzinfo=UTC)
TOKEN = make_token("1604217", "clef-de-test")
PLAIN = Outgoing(
    channel="email",
    delivery_id=77,
    message_id="<livraison-77@region.example>",
    recipient=Address("claire.martin@courriel.example", "Claire Martin"),
    sender=Address("demandes@region.example", "Région Nouvelle-Aquitaine – Relation à l’usager"),
    subject="Votre demande",
    text="Bonjour,\n\nNous avons bien reçu votre demande.\n",
)


def parsed(outgoing: Outgoing) -> EmailMessage:
    raw = CHANNEL.build(outgoing, AT)
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", raw) is None
    return message


def written(raw: bytes, name: str) -> str:
    """A header decoded by the old parser: the new one puts a space between the two halves of a long name."""
    value = email.message_from_bytes(raw, policy=email.policy.compat32)[name]
    return str(make_header(decode_header(value)))


def body_of(message: EmailMessage) -> str:
    return str(message.get_content()).replace("\r\n", "\n")


def test_a_plain_answer() -> None:
    message = parsed(PLAIN)
    assert written(CHANNEL.build(PLAIN, AT), "From") == f"{PLAIN.sender.name} <demandes@region.example>"
    assert message["To"] == "Claire Martin <claire.martin@courriel.example>"
    assert message["Message-ID"] == "<livraison-77@region.example>"
    assert message["X-Guichet-Loop"] == "region.example"
    assert message["Date"].datetime == AT
    assert message["Auto-Submitted"] is None
    assert message.get_content_type() == "text/plain"
    assert body_of(message) == PLAIN.text


def test_everything_at_once() -> None:
    files = (
        OutgoingFile("Décision d’attribution – œuvre.pdf", bytes(range(256)) * 40, "application/pdf"),
        OutgoingFile("é" * 200 + ".txt", b"x", "text/plain"),
        OutgoingFile("../a\r\nb.txt", b"", "pas un type"),
    )
    full = replace(
        PLAIN,
        html="<html><body><p>Bonjour à vous</p></body></html>",
        files=files,
        token=TOKEN,
        automatic=True,
        in_reply_to="<a@courriel.example>",
        references=tuple(f"<{number}-{'x' * 120}@courriel.example>" for number in range(40)),
        reply_to=Address(f"demandes+{TOKEN}@region.example", "Région, service « aides »"),
        shown_to=(PLAIN.recipient, Address("paul@élan.example", 'Roy "Paul"')),
        shown_cc=(Address("asso@asso.example"),),
        headers={"List-Unsubscribe": "<https://region.example/stop>"},
    )
    message = parsed(full)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["In-Reply-To"] == "<a@courriel.example>"
    kept = message["References"].split()
    assert (kept[0], kept[-1], len(kept)) == (full.references[0], full.references[-1], 21)
    assert message["Reply-To"].addresses[0].addr_spec == f"demandes+{TOKEN}@region.example"
    assert message["Reply-To"].addresses[0].display_name == "Région, service « aides »"
    assert [item.addr_spec for item in message["To"].addresses] == [
        "claire.martin@courriel.example",
        "paul@xn--lan-9la.example",
    ]
    assert message["To"].addresses[1].display_name == 'Roy "Paul"'
    assert message["Cc"] == "asso@asso.example"
    assert message["List-Unsubscribe"] == "<https://region.example/stop>"
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert isinstance(text, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert body_of(text).endswith(f"\n\n[#{TOKEN}]\n")
    assert f"[#{TOKEN}]</p></body>" in html.get_content()
    attached = list(message.iter_attachments())
    assert [part.get_filename() for part in attached] == [files[0].name, "é" * 116 + ".txt", "a b.txt"]
    assert [part.get_payload(decode=True) for part in attached] == [files[0].content, b"x", b""]
    assert attached[2].get_content_type() == "application/octet-stream"


def test_what_leaves_is_understood_when_it_comes_back() -> None:
    raw = CHANNEL.build(replace(PLAIN, token=TOKEN, html="<p>Bonjour</p>"), AT)
    inbound = CHANNEL.read(raw)
    assert inbound.own_loop
    assert inbound.body_tokens == (TOKEN,)
    assert inbound.message_id == PLAIN.message_id


def test_same_bytes_at_every_try() -> None:
    outgoing = replace(PLAIN, html="<p>x</p>", files=(OutgoingFile("a.txt", b"a", "text/plain"),))
    assert CHANNEL.build(outgoing, AT) == CHANNEL.build(outgoing, AT)


INJECTED = "a\r\nBcc: espion@pirate.example"


@pytest.mark.parametrize(
    "change",
    [
        {"message_id": f"<{INJECTED}>"},
        {"in_reply_to": INJECTED},
        {"references": (INJECTED,)},
        {"sender": Address("demandes@region.example\r\nBcc: x@y.example")},
        {"recipient": Address("a@b.example\nBcc: x@y.example")},
        {"recipient": Address("a@b.example, c@d.example")},
        {"recipient": Address("pas une adresse")},
        {"recipient": Address("a@b..example")},
        {"reply_to": Address(INJECTED)},
        {"headers": {"X-Test": INJECTED}},
        {"headers": {"X-Test\r\nBcc": "a"}},
        {"headers": {"Bcc": "a@b.example"}},
        {"token": "a\r\n.\r\nMAIL FROM:<x>"},
    ],
)
def test_injection_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Undelivered) as refused:
        CHANNEL.build(replace(PLAIN, **change), AT)
    assert refused.value.final
    assert "espion" not in refused.value.reason


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=200), st.text(max_size=120), st.text(max_size=400), st.text(max_size=150))
def test_free_texts_never_make_a_header(subject: str, name: str, text: str, file_name: str) -> None:
    outgoing = replace(
        PLAIN,
        subject=subject + INJECTED,
        recipient=Address("a@b.example", name + INJECTED),
        text=text,
        files=(OutgoingFile(file_name + INJECTED, b"contenu", "text/plain"),),
    )
    message = parsed(outgoing)
    allowed = ["Date", "From", "To", "Subject", "Message-ID", "X-Guichet-Loop", "MIME-Version", "Content-Type"]
    assert message.keys() == allowed
    assert [part.get_content_type() for part in message.walk()] == ["multipart/mixed", "text/plain", "text/plain"]
    inbound = CHANNEL.read(CHANNEL.build(outgoing, AT))
    assert inbound.files[0].content == b"contenu"
    assert "Bcc: espion@pirate.example" in inbound.subject


@settings(deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]) | st.just("\n"), max_size=500))
def test_text_is_carried_whole(text: str) -> None:
    body = body_of(parsed(replace(PLAIN, text=text)))
    assert body == text.rstrip("\n") + "\n"
