"""To which of our exchanges a message may belong: candidates only, the rules choose among them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from guichet.channels.email import tokens
from guichet.channels.email.headers import Headers, message_ids
from guichet.channels.email.mime import Part

MAX_REFERENCES = 100
_MAX_ID = 250
_WEAK_ID = re.compile(r"<.{0,6}@?>|<[^@]*>|<.{1,8}@(?:localhost|localdomain|unknown)(?:\.localdomain)?>")
_SUBJECT_REFERENCE = re.compile(
    r"(?:\bn\s?[°º]\s?|\bnum[ée]ro\s(?::\s?)?|#\s?|\br[ée]f(?:[ée]rence)?[\s.:]{1,3})"
    r"(\d{1,3}(?:[ \u00a0\u2009\u202f.]\d{3}){1,4}(?!\d)|\d{4,15})(?!\d)",
    re.IGNORECASE,
)
_DIGEST_HEADERS = ("from", "to", "subject", "date", "in-reply-to")


def own_id(headers: Headers) -> str:
    """The Message-ID in angle brackets; empty when missing, malformed or too weak to be unique."""
    found = message_ids(headers.get("message-id"))
    return found[0] if found and not _WEAK_ID.fullmatch(found[0]) else ""


def external_id(message_id: str, root: Part) -> str:
    """What tells this message from any other: its Message-ID, else a digest of what a relay does not rewrite."""
    if message_id and len(message_id) <= _MAX_ID:
        return message_id
    digest = hashlib.sha256()
    for name in _DIGEST_HEADERS:
        digest.update(name.encode() + b":" + root.headers.raw(name) + b"\n")
    if message_id:
        digest.update(message_id.encode("utf-8", "replace"))
    # Line ends and trailing blank lines change from one relay to the next.
    digest.update(root.raw[root.start : root.end].replace(b"\r\n", b"\n").rstrip())
    return f"sha256:{digest.hexdigest()}"


def references(headers: Headers) -> tuple[str, ...]:
    """In-Reply-To, then every References id, nearest first."""
    replied = [item for value in headers.all("in-reply-to") for item in message_ids(value)]
    older = [item for value in headers.all("references") for item in message_ids(value)]
    return tuple(dict.fromkeys(replied + older[::-1]))[:MAX_REFERENCES]


def address_tokens(
    addresses: Iterable[str], domain: str, own: frozenset[str], keys: tuple[str, ...]
) -> tuple[str, ...]:
    """Our valid tokens carried by plus-addresses, in the order of the addresses."""
    found = []
    for address in addresses:
        local, _, host = address.rpartition("@")
        match = tokens.IN_LOCAL_PART.search(local)
        ours = host == domain or untagged(address) in own
        if match and ours and tokens.check_token(match.group(1), *keys):
            found.append(match.group(1))
    return tuple(dict.fromkeys(found))


def body_tokens(text: str, keys: tuple[str, ...]) -> tuple[str, ...]:
    """Our valid markers, in the order of the text: the latest exchange is quoted first."""
    found = (match.lower() for match in tokens.IN_BODY.findall(text))
    return tuple(dict.fromkeys(token for token in found if tokens.check_token(token, *keys)))


def subject_references(subject: str) -> tuple[str, ...]:
    """Digits after « N° », « numéro », « réf. » or "#", groups joined: « N° 1 604 217 » gives 1604217."""
    found = (re.sub(r"\D", "", digits) for digits in _SUBJECT_REFERENCE.findall(subject))
    return tuple(dict.fromkeys(digits for digits in found if len(digits) >= 4))


def untagged(address: str) -> str:
    """demandes+jeton@region.example → demandes@region.example."""
    local, at, host = address.rpartition("@")
    return local.partition("+")[0] + at + host
