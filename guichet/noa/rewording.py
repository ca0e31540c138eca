"""What a language model made of an approved answer, kept only when the article says all of it.

The rule is the house's: no sentence that is not of an approved article. Each sentence comes with the passage it says
again; its figures, dates, sums and addresses stand in that passage, and most of its words in the article. One sentence
that fails, and nothing of the model is kept.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from guichet.core.text import fold, one_line
from guichet.understanding.words import EMPTY, stem

SENTENCES, LENGTH, SHORTEST_QUOTE = 5, 320, 12
FAITHFUL = 0.6  # of the words of a sentence, how many the article has
_FIGURE = re.compile(r"\d+(?:[.,]\d+)?")
_AMOUNT = re.compile(r"(\d+(?:,\d+)?) ?(€|%|euros?|pour cent|ans?|jours?|mois|semaines?|heures?|minutes?|km)")
_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s)]+|[\w.+-]+@[\w.-]+\w|\b[\w-]+\.(?:fr|com|org|eu|gouv)\b[^\s)]*", re.I)
# Figures and dates in letters, and what turns a rule round: no more invented than the others.
_IN_LETTERS = """
deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize vingt trente quarante cinquante
soixante cent cents mille million millions moitie tiers quart double triple gratuit gratuite gratuits gratuites
gratuitement janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre lundi mardi mercredi
jeudi vendredi samedi dimanche obligatoire obligatoires interdit interdite toujours
"""
_WORDED = frozenset(_IN_LETTERS.split())
_NOT = frozenset(("ne", "n", "pas", "jamais", "sans", "aucun", "aucune", "ni", "sauf", "excepte", "hors"))


@dataclass(frozen=True, slots=True)
class Sentence:
    says: str
    quote: str


def kept(raw: str, article: str) -> tuple[Sentence, ...]:
    """The sentences of the model when they all stand in `article` (its words alone); else none."""
    found = _read(raw)
    known = _flat(article)
    return found if found and all(_stands(one, known) for one in found) else ()


def _read(raw: str) -> tuple[Sentence, ...]:
    """{"sentences": [{"says": "…", "quote": "…"}]}, alone or between two fences of code."""
    start, end = raw.find("{"), raw.rfind("}")
    try:
        rows: Any = json.loads(raw[start : end + 1])["sentences"]
        found = tuple(Sentence(one_line(str(row["says"])), one_line(str(row["quote"]))) for row in rows)
    except (ValueError, LookupError, TypeError):
        return ()
    right = 0 < len(found) <= SENTENCES and all(0 < len(one.says) <= LENGTH for one in found)
    return found if right else ()


def _stands(one: Sentence, article: str) -> bool:
    says, quote = _flat(one.says), _flat(one.quote)
    if len(quote) < SHORTEST_QUOTE or quote not in article:
        return False
    if len(re.findall(r"[.!?…](?:\s|$)", one.says)) > 1:  # two sentences under one passage
        return False
    for sign in (_FIGURE, _AMOUNT, _ADDRESS):
        if not set(sign.findall(says)) <= set(sign.findall(quote)):
            return False
    words, quoted = _words(says), _words(quote)
    if not (set(words) & _WORDED) <= set(quoted):
        return False
    if bool(set(words) & _NOT) != bool(set(quoted) & _NOT):  # the passage forbids, the sentence allows, or the reverse
        return False
    own = [stem(word) for word in words if word not in EMPTY and len(word) > 2]
    there = {stem(word) for word in _words(article)}
    return bool(own) and sum(word in there for word in own) >= FAITHFUL * len(own)


def _flat(text: str) -> str:
    """As `fold`, with figures written alike: « 1 500 € » and « 1500 euros » are one sum."""
    flat = re.sub(r"(?<=\d) (?=\d{3}\b)", "", fold(text))
    return re.sub(r"(?<=\d) ?(?:€|euros?\b)", " €", flat)


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text)
