"""Signs of danger in what someone writes or says: a human at once, never an automatic answer (domain.md §1.4).

The expressions are in danger.txt; what each kind calls for (numbers to give) is here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from guichet.understanding.expressions import Expressions
from guichet.understanding.words import words_of


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
    """One sign a kind of danger, in the order of the kinds; empty when nothing alarms."""
    harmless, dangers = _tables()
    folded = " ".join(words_of(text[:20_000]))
    signs: dict[str, Sign] = {}
    for kind, match in dangers.found(harmless.cut_out_of(folded)):
        signs.setdefault(kind, Sign(Danger(kind), match.group(0)))
    return [signs[danger] for danger in Danger if danger in signs]


@lru_cache(maxsize=1)
def _tables() -> tuple[Expressions, Expressions]:
    """danger.txt: what looks like danger and is not, then what alarms."""
    sections: dict[str, list[str]] = {}
    for line in (Path(__file__).parent / "danger.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), [])
        elif line.strip() and not line.startswith("#"):
            section.append(line)
    named = {name[1:]: f"(?:{'|'.join(lines)})" for name, lines in sections.items() if name.startswith("=")}
    for name, lines in sections.items():
        for word, expression in named.items():
            lines = [line.replace(f"@{word}", expression) for line in lines]
        sections[name] = lines
    alarming = {danger.value: sections[danger] for danger in Danger if danger in sections}
    return Expressions({"": sections["-harmless"]}), Expressions(alarming)
