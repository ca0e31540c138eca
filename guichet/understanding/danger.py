"""Signs of danger in what someone writes or says: a human at once, never an automatic answer (domain.md §1.4).

The expressions are in danger.txt; what each kind calls for (numbers to give) is here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

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
    """One sign a kind of danger, in the order of the text's reading; empty when nothing alarms."""
    harmless, patterns = _patterns()
    folded = harmless.sub(" ", " ".join(words_of(text[:20_000])))
    found: dict[Danger, Sign] = {}
    for danger, pattern in patterns:
        if danger not in found and (match := pattern.search(folded)):
            found[danger] = Sign(danger, match.group(0))
    return list(found.values())


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], list[tuple[Danger, re.Pattern[str]]]]:
    """danger.txt: what looks like danger and is not, then one pattern a kind."""
    sections: dict[str, list[str]] = {}
    for line in (Path(__file__).parent / "danger.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), [])
        elif line.strip() and not line.startswith("#"):
            section.append(line)
    named = {name[1:]: f"(?:{'|'.join(lines)})" for name, lines in sections.items() if name.startswith("=")}

    def compiled(name: str) -> re.Pattern[str]:
        text = "|".join(sections[name])
        for word, expression in named.items():
            text = text.replace(f"@{word}", expression)
        return re.compile(rf"\b(?:{text})\b")

    return compiled("-harmless"), [(danger, compiled(danger.value)) for danger in Danger if danger in sections]
