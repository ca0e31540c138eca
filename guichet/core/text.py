"""Text as people write it: folded for search, keyed for French sorting, cut and cleaned for display."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_PLAIN = str.maketrans({
    "œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "’": "'", "‘": "'",
    "“": '"', "”": '"', "«": '"', "»": '"', "–": "-", "—": "-", "‑": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " ",
})  # fmt: skip
# Categories Cc (but tab and line feed) and Cs, and what changes the direction of reading.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


class _Marks(dict[int, int | None]):
    """For `str.translate`: combining characters go, others stay; each is asked once."""

    def __missing__(self, code: int) -> int | None:
        kept = None if unicodedata.combining(chr(code)) else code
        self[code] = kept
        return kept


_MARKS = _Marks()
_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|]+')


def fold(text: str) -> str:
    """Lower case, no accents, plain quotes and dashes, single spaces: what two spellings have in common."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    return " ".join(decomposed.translate(_MARKS).casefold().split())


def sort_key(text: str) -> str:
    """A key whose byte order is the French dictionary order: letters first, accents only to break a tie.

    The database has no French collation (see docs/decisions/0001): the key is a column.
    """
    letters = re.sub(r"[^a-z0-9 ]", "", fold(text).replace("-", " "))
    accents = unicodedata.normalize("NFD", text.casefold())
    marks = "".join("1" if unicodedata.combining(c) else "0" for c in accents)
    return f"{' '.join(letters.split())}\t{marks.rstrip('0')}"


def name_key(family: str, first: str = "") -> str:
    return sort_key(f"{family} {first}".strip())


def strip_controls(text: str) -> str:
    """Without control characters and direction overrides; line ends and tabs stay."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    """For a header or a title: no line end, no control character."""
    return " ".join(strip_controls(text).split())


def key_of(text: str) -> int:
    """A key as it stands in an address or a form; 0, which no row has, for whatever is not one or no column holds."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else 0


def number_of(text: str) -> int:
    """A number that a page announced, as it comes back; -1, which no page announces, for whatever is not one."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else -1


def keys_in(texts: Iterable[str]) -> list[int]:
    """Those that are keys, in the order given."""
    return [key for text in texts if (key := key_of(text))]


def excerpt(text: str, length: int) -> str:
    """At most `length` characters, cut at a word, with an ellipsis."""
    text = one_line(text)
    if len(text) <= length:
        return text
    cut = text[: length - 1]
    head, _, _ = cut.rpartition(" ")
    return (head if len(head) > length // 2 else cut).rstrip(" ,;:.") + "…"


def safe_filename(name: str, default: str = "document") -> str:
    """A name to show and to save under: no path, no control, at most 120 characters, its extension kept."""
    name = one_line(name.replace("\\", "/").rsplit("/", 1)[-1])
    name = _NOT_IN_NAMES.sub("_", name).strip(" .")
    if len(name) > 120:
        stem, dot, extension = name.rpartition(".")
        name = f"{stem[: 118 - len(extension)]}.{extension}" if dot and len(extension) <= 10 else name[:120]
    return name or default
