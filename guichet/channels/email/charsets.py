"""Bytes to text when the declared charset is missing, wrong or a lie."""

from __future__ import annotations

import codecs
import re

# U+0000 and lone surrogates cannot be stored in PostgreSQL; the other controls have no meaning in a message.
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SAMPLE = 4096

# Charsets that can decode anything, so that success proves nothing.
_SINGLE_BYTE = frozenset({"cp1252", "iso8859-1", "iso8859-15", "latin-1", "ascii"})
# Python codecs that are no charset of a mail, or that interpret backslashes.
_REFUSED = frozenset({"unicode_escape", "raw_unicode_escape", "idna", "punycode", "undefined", "mbcs", "oem", "utf-7"})


def printable(text: str) -> str:
    """`text` without what cannot be stored or shown."""
    return _UNSTORABLE.sub("", text)


def decode(raw: bytes, declared: str = "") -> tuple[str, bool]:
    """Text of `raw`, and whether the declared charset had to be set aside.

    Order: the declared charset, UTF-8, Windows-1252, a guess. A valid UTF-8 sequence under a
    declared single-byte charset is taken as UTF-8: such bytes make no French word otherwise.
    """
    codec = _codec(declared)
    if raw.isascii() and codec in ("", "utf-8", *_SINGLE_BYTE):
        return printable(raw.decode("ascii")), False
    if codec and codec not in _SINGLE_BYTE:
        text = _try(raw, codec)
        if text is not None:
            return printable(text), False
    text = _try(raw, "utf-8-sig")
    if text is not None:
        return printable(text), codec not in ("", "utf-8")
    repaired = codec not in ("", *_SINGLE_BYTE)
    for candidate in (codec if codec not in ("iso8859-1", "latin-1", "ascii") else "", "cp1252"):
        text = _try(raw, candidate) if candidate else None
        if text is not None:
            return printable(text), repaired
    return printable(raw.decode(_guess(raw), "replace")), True


def _codec(declared: str) -> str:
    name = declared.strip(" \"'").lower()
    if not name or len(name) > 40:
        return ""
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return ""
    if found.name in _REFUSED or not getattr(found, "_is_text_encoding", True):
        return ""
    return found.name


def _try(raw: bytes, codec: str) -> str | None:
    try:
        return raw.decode(codec)
    except (UnicodeError, ValueError):
        return None


def _guess(raw: bytes) -> str:
    # Loaded only for the few messages that reach this point.
    from charset_normalizer import from_bytes

    best = from_bytes(raw[:_SAMPLE]).best()
    return _codec(best.encoding) or "cp1252" if best else "cp1252"
