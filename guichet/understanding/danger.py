"""Signs of danger in what someone writes or says: a human at once, never an automatic answer (domain.md §1.4).

The expressions are in danger.txt; what each kind calls for (numbers to give) is here.
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from guichet.understanding.words import words_of

LETTERS = string.ascii_lowercase + string.digits


class Danger(StrEnum):
    LIFE = "life"
    VIOLENCE = "violence"
    CHILD = "child"
    ACCIDENT = "accident"
    NEED = "need"
    THREAT = "threat"
    PERSON = "person"  # learnt from examples: no expression says which danger


@dataclass(frozen=True, slots=True)
class Card:
    """What the agent sees first."""

    label: str
    numbers: tuple[tuple[str, str], ...]


CARDS: dict[Danger, Card] = {
    Danger.LIFE: Card("Risque suicidaire", (("3114", "prévention du suicide, jour et nuit"), ("15", "SAMU"))),
    Danger.VIOLENCE: Card(
        "Violences",
        (("17", "police, gendarmerie"), ("3919", "violences faites aux femmes"), ("119", "enfance en danger")),
    ),
    Danger.CHILD: Card(
        "Enfant seul, perdu ou en danger", (("17", "police, gendarmerie"), ("119", "enfance en danger"))
    ),
    Danger.ACCIDENT: Card("Accident, feu ou malaise", (("112", "urgences"), ("18", "pompiers"), ("15", "SAMU"))),
    Danger.NEED: Card("Sans toit ou sans nourriture", (("115", "hébergement d’urgence"),)),
    Danger.THREAT: Card("Menace contre des personnes", (("17", "police, gendarmerie"),)),
    Danger.PERSON: Card(
        "Personne peut-être en danger",
        (("112", "urgences"), ("3114", "prévention du suicide, jour et nuit"), ("17", "police, gendarmerie")),
    ),
}


@dataclass(frozen=True, slots=True)
class Sign:
    """A danger read in a text, and the words that say so (folded)."""

    danger: Danger
    words: str


def signs_of_danger(text: str) -> list[Sign]:
    """One sign a kind of danger, in the order of the text's reading; empty when nothing alarms."""
    harmless, alarming, patterns = _patterns()
    folded = harmless.sub(" ", " ".join(words_of(text[:20_000])))
    if alarming.search(folded) is None:  # one look, for nearly all
        return []
    found: dict[Danger, Sign] = {}
    for danger, pattern in patterns:
        if danger not in found and (match := pattern.search(folded)):
            found[danger] = Sign(danger, match.group(0))
    return list(found.values())


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], list[tuple[Danger, re.Pattern[str]]]]:
    """danger.txt: what looks like danger and is not, any danger, then one pattern a kind."""
    sections: dict[str, list[str]] = {}
    for line in (Path(__file__).parent / "danger.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), [])
        elif line.strip() and not line.startswith("#"):
            section.append(line)
    named = {name[1:]: f"(?:{'|'.join(lines)})" for name, lines in sections.items() if name.startswith("=")}

    def compiled(*names: str) -> re.Pattern[str]:
        lines = [line for name in names for line in sections[name]]
        for word, expression in named.items():
            lines = [line.replace(f"@{word}", expression) for line in lines]
        return re.compile(rf"\b(?:{'|'.join(_by_letter(lines))})\b")

    kinds = [danger for danger in Danger if danger in sections]
    return compiled("-harmless"), compiled(*kinds), [(danger, compiled(danger)) for danger in kinds]


def _by_letter(lines: list[str]) -> list[str]:
    """The same expressions behind the letter they begin with: at each word, few of several hundred are tried."""
    each = [one for line in lines for one in _choices(line)]
    begins = [_first_letters(one) for one in each]
    tried = [(letter, [one for one, own in zip(each, begins, strict=True) if letter in own]) for letter in LETTERS]
    return [f"(?={letter})(?:{'|'.join(found)})" for letter, found in tried if found]


def _first_letters(expression: str) -> frozenset[str]:
    """Letters and digits that a text it matches may begin with; all of them when that is not plain to see."""
    if expression.startswith("(?:"):
        end = _closing(expression)
        found = frozenset[str]().union(*(_first_letters(one) for one in _choices(expression[3:end])))
        rest = expression[end + 1 :]
    elif expression[:1].isalnum():
        found, rest = frozenset(expression[0]), expression[1:]
    else:
        return frozenset(LETTERS)
    return found | _first_letters(rest[1:]) if rest[:1] in ("?", "*") else found


def _choices(expression: str) -> list[str]:
    """« a|b(?:c|d) »: a, and b(?:c|d)."""
    found, depth = [""], 0
    for letter in expression:
        depth += (letter == "(") - (letter == ")")
        if letter == "|" and not depth:
            found.append("")
        else:
            found[-1] += letter
    return found


def _closing(expression: str) -> int:
    """Where the group that begins the expression ends."""
    depth = 0
    for at, letter in enumerate(expression):
        depth += (letter == "(") - (letter == ")")
        if not depth:
            return at
    raise ValueError(f"a group is not closed: {expression}")
