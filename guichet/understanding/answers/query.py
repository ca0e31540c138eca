"""A question as the index reads it: its terms and how much each counts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from guichet.core.text import fold
from guichet.understanding.answers.index import PAIR_SHARE, Index
from guichet.understanding.answers.spelling import Speller
from guichet.understanding.answers.text import WORD, letter_names, pairs, plain_words, question_words, term, terms

# What a word means beside the word itself: in three words it may be all there is; in a long story it is noise.
SYNONYM_SHARES = (0.15, 0.5)
JOINED_LENGTH = 240  # signs: a longer message tells a story
_ENDS = re.compile(r"(?<=[?!.;])\s+|\n+")
_ASKS = (
    r"(?:comment|combien|quel(?:le)?s?|où|quand|pourquoi|qui|est[- ]ce que|faut[- ]il|puis[- ]je|peut[- ]on|"
    r"c['’ ]?est (?:combien|quoi))"
)
_JOIN = re.compile(rf",?\s+(?:et|puis|et aussi|ainsi que)\s+(?=(?:à |de |dans )?{_ASKS}\b)", re.IGNORECASE)
_ASKING = re.compile(rf"\b{_ASKS}\b", re.IGNORECASE)
_SHORT_NAME = re.compile(r"^[a-z]$")
_ACRONYM = re.compile(r"\(([A-Z][A-Za-z]{1,6})\)")
_EXPANSION = 120  # characters before it
_LINKS = frozenset("de des du d la le les l et en a au aux pour sur par un une".split())  # noqa: SIM905

# Expression (stems) → the expressions (stems) that say the same.
Synonyms = Mapping[tuple[str, ...], tuple[tuple[str, ...], ...]]
Acronyms = Mapping[str, tuple[str, ...]]  # letters → stems of the words


@dataclass(frozen=True, slots=True)
class Query:
    """`said`: stems in order, corrected; `weights`: by term, pairs and synonyms included; `known`: share found.
    `spelt_out`: the acronyms said, with the stems of what the base says they mean."""

    words: tuple[str, ...]
    said: tuple[str, ...]
    weights: Mapping[str, float]
    known: float
    spelt_out: tuple[tuple[str, tuple[str, ...]], ...] = ()


def synonyms_of(lines: Iterable[str]) -> dict[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """« what people say = what the sheets say », both lists separated by commas; # starts a remark."""
    found: dict[tuple[str, ...], dict[tuple[str, ...], None]] = {}
    for line in lines:
        left, separator, right = line.partition("=")
        if not separator or line.lstrip().startswith("#"):
            continue
        meant = [stems for text in right.split(",") if (stems := _stems(text))]
        for text in left.split(","):
            if stems := _stems(text):
                found.setdefault(stems, {}).update(dict.fromkeys(meant))
    return {said: tuple(m for m in meant if m != said) for said, meant in found.items()}


def words_of_synonyms(lines: Iterable[str]) -> list[str]:
    """As spelt: so that they are not taken for misspellings of others."""
    return [word for line in lines if not line.lstrip().startswith("#") for word in plain_words(line)]


def _stems(text: str) -> tuple[str, ...]:
    return tuple(terms(plain_words(text)))


@lru_cache(maxsize=1)
def everyday() -> tuple[str, ...]:
    """The lines every base has."""
    return tuple((Path(__file__).parent / "everyday.txt").read_text(encoding="utf-8").splitlines())


def acronyms_in(texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """« allocation aux adultes handicapés (AAH) »: what the base itself says its acronyms mean, by their letters."""
    seen: set[str] = set()
    found: dict[str, tuple[str, ...]] = {}
    for text in texts:
        for match in _ACRONYM.finditer(text):
            before, short = text[max(0, match.start() - _EXPANSION) : match.start()], fold(match[1])
            if short not in seen and (expansion := _expansion(WORD.findall(fold(before)), short)):
                seen.add(short)
                if term(short) and (long := tuple(terms(expansion))):
                    found[short] = long
    return found


def told_apart(letters: Iterable[str], spelt: Mapping[str, int]) -> set[str]:
    """Those that are not filed with a more common word: DAT with « date », CRED with « crédit »."""
    wanted = {term(short): short for short in letters}
    others: Counter[str] = Counter()
    for word, times in spelt.items():
        if (short := wanted.get(term(word))) is not None and word != short:
            others[short] += times
    return {short for short in wanted.values() if others[short] <= spelt.get(short, 0)}


def _expansion(words: Sequence[str], letters: str) -> list[str]:
    """The last words whose initials are the letters, small links left aside."""
    taken: list[str] = []
    left = list(letters)
    for word in reversed(words):
        if not left:
            break
        if word not in _LINKS and word[0] != left.pop():
            return []
        taken.insert(0, word)
    return taken if not left and len(letters) > 1 else []


def read_question(
    text: str, index: Index, speller: Speller, synonyms: Synonyms, acronyms: Acronyms
) -> Query:  # fmt: skip
    words = speller.correct(question_words(text))
    said = terms(words)
    weights: dict[str, float] = {}
    for pair in pairs(said):
        weights[pair] = PAIR_SHARE
    spelt_out = tuple((word, acronyms[word]) for word in dict.fromkeys(words) if word in acronyms)
    share = _synonym_share(len(set(said)))
    for stems in (*_same(said, synonyms), *(meant for _, meant in spelt_out)):
        for meant in stems:
            weights.setdefault(meant, share)
        for pair in pairs(stems):
            weights.setdefault(pair, share * PAIR_SHARE)
    weights.update(dict.fromkeys(said, 1.0))
    for name in (*letter_names(text), *_typed_letter_names(words)):
        weights[name] = 1.0
    known = sum(index.known(s) for s in said) / len(said) if said else 0.0
    return Query(
        tuple(words), tuple(said), weights, known,
        tuple((term(letters), meant) for letters, meant in spelt_out if len(meant) > 1),
    )  # fmt: skip


def _synonym_share(words: int) -> float:
    least, most = SYNONYM_SHARES
    return min(most, max(least, 3 / max(words, 1)))


def _same(said: Sequence[str], synonyms: Synonyms) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for at in range(len(said)):
        for size in (1, 2, 3, 4, 5, 6):
            found.extend(synonyms.get(tuple(said[at : at + size]), ()) if at + size <= len(said) else ())
    return found


def _typed_letter_names(words: Sequence[str]) -> list[str]:
    """« livret a » in small letters: kept only when the base has such a name (unknown terms weigh nothing)."""
    return [f"{term(noun)}_{letter}" for noun, letter in pairwise(words) if _SHORT_NAME.match(letter) and term(noun)]


def questions_in(text: str) -> list[str]:
    """The sentences that each ask something of their own; one item when the message asks one thing."""
    pieces = (piece.strip() for piece in _ENDS.split(text[:6000]))
    asking = [piece for piece in pieces if piece.endswith("?") and len(terms(plain_words(piece))) >= 2]
    return asking if len(asking) > 1 else [text]


def joined_questions(text: str) -> list[str]:
    """« Comment inscrire mon fils et quels papiers pour l'internat »: the halves, when each asks and each says of what;
    else nothing."""
    if len(text) > JOINED_LENGTH or len(_ENDS.split(text.strip())) > 1:
        return []
    halves = [half.strip() for half in _JOIN.split(text)]
    whole = all(_ASKING.search(half) and len(terms(plain_words(half))) >= 2 for half in halves)
    return halves if whole and len(halves) > 1 else []
