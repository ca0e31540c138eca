"""What changed between two versions: field by field, line by line, word by word, the two sides facing each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

from guichet.knowledge.content import Content
from guichet.knowledge.models import Profile, Theme
from guichet.organisation.directory import directory

LABELS = {
    "title": "Titre", "answer": "Réponse", "sms": "Réponse par SMS", "spoken": "Réponse dite au téléphone",
    "body": "Texte complet", "uncertain": "Ce qui n'est pas sûr", "topics": "Sujets", "departments": "Départements",
    "related": "À voir aussi", "sources": "Sources", "aid": "Aide", "valid_from": "Valable à partir du",
    "valid_until": "Valable jusqu'au",
}  # fmt: skip
AID_LABELS = {
    "for_whom": "Pour qui", "amount": "Montant", "when": "Quand", "reply": "Délai de réponse", "themes": "Thèmes",
    "profiles": "Profils", "ages": "Âges", "conditions": "Conditions", "exclusions": "Exclusions",
}  # fmt: skip
_PIECES = re.compile(r"\s+|[\w'’-]+|[^\w\s]")
KEPT_AROUND = 2  # unchanged lines shown around a change


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    changed: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One line on each side; None: there is none. `skipped`: how many lines alike are not shown here."""

    before: tuple[Piece, ...] | None
    after: tuple[Piece, ...] | None
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    label: str
    rows: tuple[Row, ...]


def differences(before: Content, after: Content) -> list[Change]:
    """The fields that differ, in the order of the page."""
    found = []
    for name, label in LABELS.items():
        one, other = _lines(name, getattr(before, name)), _lines(name, getattr(after, name))
        if one != other:
            found.append(Change(label, tuple(_rows(one, other))))
    return found


def _lines(name: str, value: Any) -> list[str]:
    if name == "sources":
        return [" – ".join(filter(None, (s["title"], s["url"], s.get("checked", "")))) for s in value]
    if name == "topics":
        known = directory().topics_by_code
        return [known[code].label if code in known else code for code in value]
    if name == "aid":
        return [line for key, each in value.items() if (line := _aid_line(key, each))]
    if isinstance(value, tuple):
        return [str(each) for each in value]
    return str(value).splitlines() if value else []


def _aid_line(name: str, value: Any) -> str:
    names = {"themes": dict(Theme.choices), "profiles": dict(Profile.choices)}.get(name, {})
    said = ", ".join(str(names.get(each, each)) for each in value) if isinstance(value, list) else str(value)
    return f"{AID_LABELS.get(name, name)} : {said}" if said else ""


def _rows(before: list[str], after: list[str]) -> Iterator[Row]:
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for place, (kind, a, b, c, d) in enumerate(blocks):
        if kind != "equal":
            for one, other in zip_longest(before[a:b], after[c:d]):
                yield _facing(one, other)
            continue
        same = before[a:b]
        first = 0 if place == 0 else KEPT_AROUND
        last = 0 if place == len(blocks) - 1 else KEPT_AROUND
        hidden = len(same) - first - last
        if hidden <= 1:
            yield from map(_alike, same)
            continue
        yield from map(_alike, same[:first])
        yield Row(None, None, hidden)
        yield from map(_alike, same[len(same) - last :])


def _alike(line: str) -> Row:
    return Row((Piece(line, False),), (Piece(line, False),))


def _facing(before: str | None, after: str | None) -> Row:
    if before is None or after is None:
        return Row(None if before is None else (Piece(before, True),), None if after is None else (Piece(after, True),))
    one, other = _PIECES.findall(before), _PIECES.findall(after)
    left, right = list[Piece](), list[Piece]()
    for kind, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        changed = kind != "equal"
        if a < b:
            left.append(Piece("".join(one[a:b]), changed))
        if c < d:
            right.append(Piece("".join(other[c:d]), changed))
    return Row(tuple(left), tuple(right))
