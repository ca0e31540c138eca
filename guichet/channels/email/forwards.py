"""A message that one of our agents forwards: who wrote it first."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guichet.channels.contract import Address
from guichet.channels.email.headers import parse_address
from guichet.channels.email.mime import Part, parse

_SUBJECT = re.compile(r"^\s*(?:\[[^\]]{1,40}\]\s*)?(?:tr|fwd?|trans(?:f[ée]r[ée]?)?|i)\s?:", re.IGNORECASE)
_FROM = re.compile(r"^[>*\s|]{0,12}(?:de|from|exp[ée]diteur|d[’']apr[èe]s)\s?\*?\s?:\s?\*?\s*(.*)$", re.IGNORECASE)
_OTHER = re.compile(
    r"^[>*\s|]{0,12}(?:envoy[ée](?:\s+le)?|sent|date|[àa]|to|pour|cc|objet|sujet|subject|destinataires?|r[ée]pondre\s+[àa])"
    r"\s?\*?\s?:",
    re.IGNORECASE,
)
_MAX_LINES = 5_000


def looks_forwarded(subject: str) -> bool:
    return bool(_SUBJECT.match(subject))


def original_sender(text: str, root: Part, ours: frozenset[str], domains: frozenset[str]) -> Address | None:
    """First writer from outside in the forwarded headers, whatever the mailer, else in an attached message.

    An agent's own forward of a forward is looked through: the first address that is none of ours is the person's.
    """
    for address in [*_written(text), *_attached(root)]:
        if address.value and address.value not in ours and not _inside(address.value, domains):
            return address
    return None


def _inside(address: str, domains: frozenset[str]) -> bool:
    host = address.rpartition("@")[2]
    return host in domains


def _written(text: str) -> Iterator[Address]:
    lines = text.splitlines()[:_MAX_LINES]
    for number, line in enumerate(lines):
        match = _FROM.match(line[:1000])
        if not match:
            continue
        around = lines[max(number - 4, 0) : number] + lines[number + 1 : number + 6]
        if sum(bool(_OTHER.match(other[:200])) for other in around) < 2:
            continue
        # The address may be on the next line, or in Outlook's « [mailto:…] ».
        following = lines[number + 1].strip("> ") if number + 1 < len(lines) else ""
        value = match.group(1).replace("[mailto:", "<").replace("]", ">")
        address = parse_address(value)
        if not address.value and not _OTHER.match(following) and "@" in following:
            address = parse_address(f"{value} {following}")
        yield address


def _attached(root: Part) -> Iterator[Address]:
    for part in root.walk():
        if part.media_type == "message/rfc822":
            nested, _ = parse(part.content()[:100_000])
            yield from nested.headers.addresses("from")[:1]
