"""Header block, encoded words (RFC 2047), parameters (RFC 2231), addresses and Message-IDs, as they really come."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import unquote_to_bytes

from guichet.channels.contract import Address
from guichet.channels.email import charsets

MAX_HEADERS = 2_000
MAX_VALUE = 100_000
_MAX_PARAMETERS = 4_000

_NAME = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_WORD = re.compile(r"=\?([^?\s*]{1,40})(?:\*[^?\s]{0,40})?\?([bBqQ])\?([^\r\n]{0,3000}?)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)[ \t\r\n]{1,20}(?==\?[^?\s]{1,80}\?[bBqQ]\?)")
_SPACES = re.compile(r"\s+")
_PARAMETER = re.compile(r';\s*([^\s=;"]{1,100})\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)')
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,998})>")
_BARE_ID = re.compile(r"(?<![^\s,;<])[^\s<>,;\"]{1,500}@[^\s<>,;\"]{1,500}")
_ADDRESS = re.compile(r"[^\s<>\"(),;:\[\]\\@]{1,128}@[^\s<>\"(),;:\\@]{1,253}")


@dataclass(slots=True)
class Headers:
    """Headers in order: lower-cased name and unfolded raw value."""

    pairs: list[tuple[str, bytes]] = field(default_factory=list)

    def raw(self, name: str) -> bytes:
        return next((value for key, value in self.pairs if key == name), b"")

    def all(self, name: str) -> list[str]:
        return [charsets.decode(value)[0] for key, value in self.pairs if key == name]

    def get(self, name: str) -> str:
        """First value, bytes decoded, encoded words left as they are."""
        return charsets.decode(self.raw(name))[0].strip()

    def text(self, name: str) -> str:
        """First value for reading: encoded words decoded, one line."""
        return decode_words(self.get(name)[:20_000])

    def names(self) -> frozenset[str]:
        return frozenset(key for key, _ in self.pairs)

    def addresses(self, *names: str) -> list[Address]:
        return [address for name in names for value in self.all(name) for address in parse_addresses(value)]


def parse_headers(block: bytes) -> tuple[Headers, int]:
    """Headers of `block` and the offset at which a body without blank line starts (len(block) otherwise)."""
    headers = Headers()
    offset = 0
    lines = block.split(b"\n")
    for number, line in enumerate(lines):
        match = _NAME.match(line)
        if line[:1] in (b" ", b"\t") and headers.pairs:
            _unfold(headers, line)
        elif match and len(headers.pairs) < MAX_HEADERS:
            name = match.group(1).decode("ascii").lower()
            headers.pairs.append((name, line[match.end() : match.end() + MAX_VALUE].strip()))
        elif not match and not _is_noise(lines, number):
            return headers, offset
        offset += len(line) + 1
    return headers, len(block)


def _unfold(headers: Headers, line: bytes) -> None:
    name, value = headers.pairs[-1]
    if len(value) < MAX_VALUE:
        headers.pairs[-1] = (name, value + b" " + line[:MAX_VALUE].strip())


def _is_noise(lines: list[bytes], number: int) -> bool:
    """An mbox "From " line, an empty line, or one bad line among good ones."""
    line = lines[number].strip()
    if not line or (number == 0 and line.lstrip(b">").startswith(b"From ")):
        return True
    return number > 0 and number + 1 < len(lines) and bool(_NAME.match(lines[number + 1]))


def decode_words(value: str) -> str:
    """`value` on one line with its encoded words decoded; what cannot be decoded stays as written."""
    if "=?" in value:
        value = _decode_runs(_BETWEEN_WORDS.sub(r"\1", value))
    return _SPACES.sub(" ", charsets.printable(value)).strip()


def _decode_runs(value: str) -> str:
    """Adjacent words of one charset are joined before decoding: mailers cut characters in two."""
    out: list[str] = []
    pending, charset, position = b"", "", 0
    for match in _WORD.finditer(value):
        if match.start() > position or (pending and match.group(1).lower() != charset):
            out.append(charsets.decode(pending, charset)[0])
            pending = b""
        out.append(value[position : match.start()])
        charset = match.group(1).lower()
        pending += _word_bytes(match.group(2), match.group(3))
        position = match.end()
    out.append(charsets.decode(pending, charset)[0])
    out.append(value[position:])
    return "".join(out)


def _word_bytes(encoding: str, body: str) -> bytes:
    raw = body.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(raw.replace(b"_", b" "), header=False)
    return decode_base64(raw)


def decode_base64(raw: bytes) -> bytes:
    """Bytes of a base64 text, as much as can be read of a damaged one."""
    try:
        return binascii.a2b_base64(raw)
    except binascii.Error:
        kept = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
        kept = kept[: len(kept) - 1] if len(kept) % 4 == 1 else kept
        return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))


def parse_parameters(value: str) -> tuple[str, dict[str, str]]:
    """ "text/plain; charset=x" → ("text/plain", {"charset": "x"}), RFC 2231 pieces joined and decoded."""
    value = value[:_MAX_PARAMETERS]
    head = value.split(";", 1)[0].strip().lower()
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, content in _PARAMETER.findall(value):
        key, star, rest = name.lower().partition("*")
        content = _unquote(content.strip())
        if not star:
            plain.setdefault(key, decode_words(content))
            continue
        number = rest.rstrip("*")
        index = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 0
        pieces.setdefault(key, {}).setdefault(index, (content, name.endswith("*")))
    return head, plain | {key: _join(parts) for key, parts in pieces.items()}


def _unquote(content: str) -> str:
    if len(content) > 1 and content[0] == content[-1] == '"':
        return re.sub(r"\\(.)", r"\1", content[1:-1])
    return content


def _join(parts: dict[int, tuple[str, bool]]) -> str:
    charset, raw = "", b""
    for index in sorted(parts):
        content, encoded = parts[index]
        if index == min(parts) and encoded and content.count("'") >= 2:
            charset, _, content = content.split("'", 2)
        raw += unquote_to_bytes(content) if encoded else content.encode("utf-8", "replace")
    return decode_words(charsets.decode(raw, charset)[0])


def parse_addresses(value: str) -> list[Address]:
    """Addresses of one header value; groups are opened, what is no address is left out."""
    found = (parse_address(item) for item in _split(value[:MAX_VALUE]))
    return [address for address in found if address.value]


def parse_address(item: str) -> Address:
    """One address; `value` is empty when there is none. Names are decoded after the cut (RFC 2047, 6.2)."""
    before, bracket, after = item.rpartition("<")
    inside = after.split(">", 1)[0] if bracket else item
    match = _ADDRESS.search(inside) or _ADDRESS.search(item)
    if not match:
        return Address("", decode_words(item))
    name = before if bracket else " ".join(re.findall(r"\(([^()]{0,300})\)", item))
    name = decode_words(re.sub(r"\\(.)", r"\1", decode_words(name).strip().strip('"')))
    value = charsets.printable(match.group().strip("'.").lower())
    return Address(value[:254], "" if name.lower() == value else name[:300])


def find_addresses(text: str) -> list[str]:
    """Every address in free text, lower-cased, in order."""
    return [match.strip("'.").lower() for match in _ADDRESS.findall(text)]


def _split(value: str) -> Iterable[str]:
    """Cut at commas and semicolons that stand outside quotes, comments and angle brackets."""
    if not any(mark in value for mark in ',;:"('):
        return [value]
    items: list[str] = []
    current: list[str] = []
    quoted, depth, escaped = False, 0, False
    for char in value:
        if escaped or char == "\\":
            escaped = not escaped
        elif char == '"' and not depth:
            quoted = not quoted
        elif not quoted and char in "(<":
            depth = depth + 1 if char == "(" else 1
        elif not quoted and char in ")>":
            depth = max(depth - 1, 0)
        elif not quoted and not depth and char in ",;:":
            if char != ":":
                items.append("".join(current))
            current = []
            continue
        current.append(char)
    items.append("".join(current))
    # An unclosed quote swallows the rest: then cut bluntly, the addresses matter more than the names.
    return re.split("[,;]", value) if quoted or depth else items


def message_ids(value: str) -> list[str]:
    """Message-IDs of a header, in order, in angle brackets."""
    found = _MESSAGE_ID.findall(value[:MAX_VALUE]) or _BARE_ID.findall(value[:2_000])
    return [f"<{charsets.printable(item)}>" for item in found]


def parse_date(value: str) -> datetime | None:
    """Aware date, or None when it is missing, absurd or unreadable. No zone means UTC (RFC 5322, -0000)."""
    try:
        date = parsedate_to_datetime(value[:200])
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    try:
        # The zone itself may push the date out of what can be computed or stored.
        return date if 1970 <= date.astimezone(UTC).year <= 2200 else None
    except (OverflowError, ValueError):
        return None
