"""A thousand French mails, the same at every run: plain, HTML, with a joined document, answers to earlier ones."""

from __future__ import annotations

import base64
import binascii
import quopri
import random
from collections.abc import Iterator

from guichet.demo.words import FAMILY_NAMES, FIRST_NAMES, LETTERS, TOWNS

REPLIES = 0.31
PLAIN, HTML, JOINED = 0.45, 0.35, 0.20
JOINED_BYTES = 100_000
DOMAIN = "nouvelle-aquitaine.example"
MAILBOXES = ("transports17", "transports33", "demandes", "jeunes", "lycees", "entreprises")
LONG = (
    "Je me permets de revenir vers vous car la situation n'a pas changé depuis mon dernier message. J'ai téléphoné "
    "deux fois à l'accueil, où l'on m'a répondu que le dossier était à l'étude. Pouvez-vous m'indiquer où en est ma "
    "demande, et les pièces qu'il faudrait encore fournir ? Vous trouverez ci-dessous mes coordonnées complètes."
)


def mails(count: int = 1000, *, seed: int = 1789) -> Iterator[bytes]:
    """Raw mails in the order they arrive; an answer refers to a mail given before it."""
    dice = random.Random(seed)
    document = dice.randbytes(JOINED_BYTES)  # as incompressible as a scanned page
    opened: list[tuple[str, str, str]] = []  # Message-ID, subject, sender
    for number in range(count):
        message_id = f"<{number}.{dice.randrange(10**9)}@courriel.example>"
        if opened and dice.random() < REPLIES:
            first, subject, sender = dice.choice(opened)
            yield _mail(message_id, sender, f"Re: {subject}", number, dice, document, answering=first)
            continue
        first_name, name = dice.choice(FIRST_NAMES), dice.choice(FAMILY_NAMES)
        local = f"usager{number}" if dice.random() < 0.8 else f"usager{dice.randrange(number + 1)}"
        sender = f"{_header(f'{first_name} {name}')} <{local}@courriel.example>"
        subject = dice.choice([subject for letters in LETTERS.values() for subject, _ in letters])
        opened.append((message_id, subject, sender))
        yield _mail(message_id, sender, subject, number, dice, document)


def _mail(
    message_id: str, sender: str, subject: str, number: int, dice: random.Random, document: bytes, answering: str = ""
) -> bytes:
    postcode, town = dice.choice(TOWNS)
    text = dice.choice([text for letters in LETTERS.values() for _, text in letters])
    body = f"{text}\n\n{LONG}\n\nCordialement,\n{postcode} {town}\n06 39 98 {number // 100:02d} {number % 100:02d}\n"
    if answering:
        body += "\nLe lundi 22 juin 2026 à 10:24, la Région a écrit :\n" + "".join(
            f"> {line}\n" for line in f"Bonjour,\n\nNous avons bien reçu votre message.\n{LONG}".split("\n")
        )
    lines = [
        f"Return-Path: <{sender.partition('<')[2]}",
        "Received: from relay.courriel.example (relay.courriel.example [192.0.2.10])",
        f" by mx.{DOMAIN} (Postfix) with ESMTPS id {number:08X}; Mon, 22 Jun 2026 10:{number % 60:02d}:00 +0200 (CEST)",
        f"From: {sender}",
        f"To: {dice.choice(MAILBOXES)}@{DOMAIN}",
        f"Subject: {_header(subject)}",
        f"Message-ID: {message_id}",
        f"Date: Mon, 22 Jun 2026 10:{number % 60:02d}:00 +0200",
        *([f"In-Reply-To: {answering}", f"References: {answering}"] if answering else []),
        "User-Agent: Courrier 1.0",
        "MIME-Version: 1.0",
    ]
    kind = dice.choices(("plain", "html", "joined"), (PLAIN, HTML, JOINED))[0]
    if kind == "joined":
        top, content = _joined(body, number, document)
    else:
        top, content = _html(body) if kind == "html" else _plain(body)
    return "\r\n".join([*lines, *top, "", content]).encode("utf-8")


def _header(text: str) -> str:
    """An encoded word, as mailers write them."""
    return text if text.isascii() else f"=?utf-8?B?{binascii.b2a_base64(text.encode(), newline=False).decode()}?="


def _qp(text: str, charset: str = "utf-8") -> str:
    return quopri.encodestring(text.encode(charset, "replace")).decode("ascii").replace("\n", "\r\n")


def _plain(body: str) -> tuple[list[str], str]:
    return ["Content-Type: text/plain; charset=iso-8859-15", "Content-Transfer-Encoding: quoted-printable"], _qp(
        body, "iso-8859-15"
    )


def _html(body: str) -> tuple[list[str], str]:
    shown = "".join(f'<p style="margin:0">{line or "<br>"}</p>\n' for line in body.split("\n"))
    page = (
        f'<html><head><meta charset="utf-8"><style>p {{ color: #333 }}</style></head><body><div class="WordSection1">'
        f'{shown}<p><a href="https://courriel.example/">courriel.example</a></p></div></body></html>'
    )
    parts = "".join(
        f"--ALT\r\nContent-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        f"{_qp(text)}\r\n"
        for kind, text in (("plain", body), ("html", page))
    )
    return ['Content-Type: multipart/alternative; boundary="ALT"'], f"{parts}--ALT--\r\n"


def _joined(body: str, number: int, document: bytes) -> tuple[list[str], str]:
    """Each document is another one: nothing is spared by keeping the same bytes once."""
    content = b"%PDF-1.7\n" + number.to_bytes(8, "big") + document
    encoded = base64.encodebytes(content).decode("ascii").replace("\n", "\r\n")
    return ['Content-Type: multipart/mixed; boundary="MIX"'], (
        f"--MIX\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        f'{_qp(body)}\r\n--MIX\r\nContent-Type: application/pdf; name="document.pdf"\r\n'
        f'Content-Disposition: attachment; filename="document.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        f"{encoded}\r\n--MIX--\r\n"
    )
