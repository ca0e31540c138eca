"""winmail.dat: what Outlook wraps when it believes that the other side is Outlook too (MS-OXTNEF).

Read here rather than with a library: the one at hand loops for hours on a false count of properties, fails on
accented names and strips the NUL bytes that end a file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from guichet.channels.email import charsets

MEDIA_TYPES = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})

_SIGNATURE = 0x223E9F78
_MAX_OBJECTS = 20_000
_MAX_PROPERTIES = 1_000

_BODY, _MESSAGE_PROPERTIES, _CODE_PAGE = 0x800C, 0x9003, 0x9007
_NEW_FILE, _TITLE, _DATA, _FILE_PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9005
_PLAIN, _HTML, _DATA_OBJECT, _LONG_NAME = 0x1000, 0x1013, 0x3701, 0x3707

_FIXED = {0x0002: 4, 0x0003: 4, 0x0004: 4, 0x000A: 4, 0x000B: 4, 0x0005: 8, 0x0006: 8, 0x0007: 8, 0x0014: 8}
_FIXED |= {0x0040: 8, 0x0048: 16, 0x0001: 0}
_STRING, _WIDE_STRING = 0x001E, 0x001F
_VARIABLE = frozenset({_STRING, _WIDE_STRING, 0x000D, 0x0102, 0x0000})
_CODECS = {20127: "ascii", 28591: "cp1252", 65001: "utf-8"}


@dataclass(slots=True)
class WrappedFile:
    name: str = ""
    content: bytes = b""


@dataclass(slots=True)
class Envelope:
    text: str = ""
    html: str = ""
    files: list[WrappedFile] = field(default_factory=list)
    whole: bool = True  # false when something could not be opened: the envelope is then kept too


def unwrap(raw: bytes) -> Envelope | None:
    """Text and files of a TNEF envelope, or None when it is none (it is then kept as a file). Never raises."""
    if len(raw) < 6 or struct.unpack_from("<I", raw)[0] != _SIGNATURE:
        return None
    envelope, codec = Envelope(), "cp1252"
    for name, data in _objects(raw, envelope):
        if name == _CODE_PAGE and len(data) >= 4:
            page = struct.unpack_from("<I", data)[0]
            codec = _CODECS.get(page, f"cp{page}" if page < 2_000 else "cp1252")
        elif name == _BODY:
            envelope.text = _text(data, codec)
        elif name == _MESSAGE_PROPERTIES:
            _take_message(envelope, data, codec)
        elif name == _NEW_FILE:
            envelope.files.append(WrappedFile())
        elif envelope.files:
            _take_file(envelope, name, data, codec)
    if any(not file.content for file in envelope.files):
        envelope.whole = False
        envelope.files = [file for file in envelope.files if file.content]
    return envelope


def _objects(raw: bytes, envelope: Envelope) -> Iterator[tuple[int, bytes]]:
    offset = 6
    for _ in range(_MAX_OBJECTS):
        if offset + 9 > len(raw):
            return
        _, name, _, length = struct.unpack_from("<BHHI", raw, offset)
        if offset + 9 + length > len(raw):
            envelope.whole = False
        yield name, raw[offset + 9 : offset + 9 + length]
        offset += 9 + length + 2  # two bytes of checksum
    envelope.whole = False


def _take_message(envelope: Envelope, data: bytes, codec: str) -> None:
    for identifier, kind, value in _properties(data):
        if identifier == _PLAIN and not envelope.text:
            envelope.text = _string(value, kind, codec)
        elif identifier == _HTML:
            envelope.html = _string(value, kind, codec)


def _take_file(envelope: Envelope, name: int, data: bytes, codec: str) -> None:
    file = envelope.files[-1]
    if name == _TITLE:
        file.name = file.name or _text(data, codec)
    elif name == _DATA:
        file.content = data
    elif name == _FILE_PROPERTIES:
        for identifier, kind, value in _properties(data):
            if identifier == _LONG_NAME:
                file.name = _string(value, kind, codec) or file.name
            elif identifier == _DATA_OBJECT and not file.content:
                envelope.whole = False  # a message or an OLE object: only Outlook reads it


def _properties(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Identifier, type and first value of each property; stops at the first thing it cannot follow."""
    try:
        count = min(struct.unpack_from("<I", data)[0], _MAX_PROPERTIES)
        offset = 4
        for _ in range(count):
            kind, identifier = struct.unpack_from("<HH", data, offset)
            offset += 4
            if identifier >= 0x8000:
                offset = _skip_name(data, offset)
            value, offset = _value(data, offset, kind)
            yield identifier, kind & 0x0FFF, value
    except (struct.error, ValueError):
        return


def _skip_name(data: bytes, offset: int) -> int:
    kind, length = struct.unpack_from("<II", data, offset + 16)
    return offset + 24 + (_padded(length) if kind else 0)


def _value(data: bytes, offset: int, kind: int) -> tuple[bytes, int]:
    base, many = kind & 0x0FFF, 1
    variable = base in _VARIABLE
    if variable or kind & 0x1000:
        many = struct.unpack_from("<I", data, offset)[0]
        offset += 4
    if many > _MAX_PROPERTIES or not (variable or base in _FIXED):
        raise ValueError("not a property")
    first = b""
    for index in range(many):
        length = _FIXED.get(base, 0)
        if variable:
            length = struct.unpack_from("<I", data, offset)[0]
            offset += 4
        first = data[offset : offset + length] if index == 0 else first
        offset += _padded(length)
    return first, offset


def _padded(length: int) -> int:
    return length + (-length % 4)


def _string(value: bytes, kind: int, codec: str) -> str:
    return _text(value, "utf-16-le" if kind == _WIDE_STRING else codec)


def _text(value: bytes, codec: str) -> str:
    return charsets.decode(value, codec)[0].strip()
