"""The tree of a MIME message, cut by offsets in the raw bytes: bounded, iterative, nothing copied until asked.

The standard library's parser reads line by line and recurses with the nesting of the message. This one looks for the
boundaries only, so that 25 MB of attachments cost one search, a nested message keeps its exact bytes, and depth
and number of parts are bounded whatever is sent.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from guichet.channels.email.headers import Headers, decode_base64, parse_headers, parse_parameters

MAX_DEPTH = 20
MAX_PARTS = 1_000
MAX_HEADER_BLOCK = 1_000_000

_BLANK_LINE = re.compile(rb"\r?\n[ \t]*\r?\n")
_FIRST_BLANK = re.compile(rb"[ \t]*\r?\n")
_SNIFFED = re.compile(rb"^--([^\s-][^\r\n]{3,150})\r?$", re.MULTILINE)
_TYPE = re.compile(r"[\w.+-]{1,80}/[\w.+-]{1,120}", re.ASCII)


@dataclass(slots=True)
class Part:
    """One entity: `raw[start:end]` is its body as sent, `raw[head:end]` the whole of it."""

    raw: bytes
    head: int
    start: int
    end: int
    headers: Headers
    media_type: str
    parameters: dict[str, str]
    disposition: str = ""
    filename: str = ""
    parent: str = ""  # media type of the multipart that holds it
    children: list[Part] = field(default_factory=list)

    @property
    def content_id(self) -> str:
        return self.headers.get("content-id").strip("<> ")

    def content(self) -> bytes:
        """Body with its transfer encoding undone."""
        return undo_transfer(self.raw[self.start : self.end], self.headers.get("content-transfer-encoding").lower())

    def walk(self) -> Iterator[Part]:
        """This part and all below, in reading order."""
        stack = [self]
        while stack:
            part = stack.pop()
            yield part
            stack.extend(reversed(part.children))


def parse(raw: bytes) -> tuple[Part, list[str]]:
    """Tree of `raw`, and what had to be repaired. Never raises."""
    if b"\n" not in raw and b"\r" in raw:
        raw = raw.replace(b"\r", b"\n")
    defects: list[str] = []
    root = _entity(raw, 0, len(raw), "text/plain", "")
    stack = [(root, 0)]
    count = 1
    while stack:
        part, depth = stack.pop()
        if not part.media_type.startswith("multipart/"):
            continue
        if depth >= MAX_DEPTH:
            defects.append("too many levels: a part is kept as a file")
            continue
        default = "message/rfc822" if part.media_type == "multipart/digest" else "text/plain"
        for start, end in _slices(part, defects):
            if count >= MAX_PARTS:
                defects.append("too many parts: the rest is in the raw message only")
                break
            count += 1
            part.children.append(_entity(raw, start, end, default, part.media_type))
        if not part.children:
            defects.append("multipart without parts: read as text")
            part.media_type = "text/plain"
        stack.extend((child, depth + 1) for child in part.children)
    return root, defects


def _entity(raw: bytes, head: int, end: int, default: str, parent: str) -> Part:
    block_end, start = _header_block(raw, head, end)
    headers, stop = parse_headers(raw[head:block_end])
    if head + stop < block_end:
        start = head + stop
    media_type, parameters = parse_parameters(headers.get("content-type"))
    if not _TYPE.fullmatch(media_type):
        media_type = "text/plain" if media_type == "text" else default
    disposition, given = parse_parameters(headers.get("content-disposition"))
    filename = given.get("filename") or parameters.get("name", "")
    return Part(raw, head, min(start, end), end, headers, media_type, parameters, disposition, filename, parent)


def _header_block(raw: bytes, head: int, end: int) -> tuple[int, int]:
    """End of the headers and start of the body."""
    first = _FIRST_BLANK.match(raw, head, end)
    if first:
        return head, first.end()
    blank = _BLANK_LINE.search(raw, head, min(end, head + MAX_HEADER_BLOCK))
    if blank:
        return blank.start(), blank.end()
    limit = min(end, head + MAX_HEADER_BLOCK)
    return limit, limit


def _slices(part: Part, defects: list[str]) -> Iterator[tuple[int, int]]:
    boundary = part.parameters.get("boundary", "").encode("utf-8", "replace").rstrip()
    if not boundary:
        sniffed = _SNIFFED.search(part.raw, part.start, min(part.end, part.start + 20_000))
        if not sniffed:
            return
        defects.append("boundary not declared")
        boundary = sniffed.group(1).rstrip()
    opened = -1
    for before, after, closing in _boundary_lines(part, boundary):
        if opened >= 0:
            yield opened, max(_without_newline(part.raw, before, opened), opened)
        opened = -1 if closing else after
        if closing:
            return
    if opened >= 0:
        defects.append("multipart not closed")
        yield min(opened, part.end), part.end


def _boundary_lines(part: Part, boundary: bytes) -> Iterator[tuple[int, int, bool]]:
    raw, end, needle = part.raw, part.end, b"--" + boundary
    at = raw.find(needle, part.start, end)
    while at != -1:
        tail = at + len(needle)
        if at == part.start or raw[at - 1] == 10:
            closing = raw[tail : tail + 2] == b"--"
            tail += 2 if closing else 0
            newline = raw.find(b"\n", tail, end)
            newline = end if newline == -1 else newline
            if not raw[tail : min(newline, tail + 200)].strip():
                yield at, newline + 1, closing
        at = raw.find(needle, tail, end)


def _without_newline(raw: bytes, at: int, floor: int) -> int:
    """The line break before a boundary belongs to the boundary (RFC 2046, 5.1.1)."""
    at -= 1 if at > floor and raw[at - 1] == 10 else 0
    return at - 1 if at > floor and raw[at - 1] == 13 else at


def undo_transfer(raw: bytes, encoding: str) -> bytes:
    """Bytes behind a Content-Transfer-Encoding; an unknown one leaves them as they are."""
    if encoding == "base64":
        return decode_base64(raw)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(raw)
    if encoding in ("x-uuencode", "uuencode", "x-uue", "uue"):
        return _undo_uuencode(raw)
    return raw


def _undo_uuencode(raw: bytes) -> bytes:
    out = []
    for line in raw.splitlines():
        if line.startswith(b"begin ") or line.strip() in (b"", b"end", b"`"):
            continue
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            continue
    return b"".join(out)
