"""Words of a question the base never wrote, brought back to the nearest it did write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from guichet.core.spelling import damerau
from guichet.understanding.answers.text import STOP

SHORTEST = 4
LONG = 8  # from this length, two errors are forgiven
SEEN_AT_LEAST = 2
LARGE = 10_000  # different words
ELIDED = ("qu", "l", "d", "j", "n", "s", "m", "t", "c")
KEPT = 20_000
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Speller:
    """Knows the words of one base. The letters of every word are counted once: two words at distance d differ by
    at most 2 d counts, which leaves few to compare one by one."""

    def __init__(self, spelt: Counter[str], extra: Sequence[str] = ()) -> None:
        least = SEEN_AT_LEAST if len(spelt) >= LARGE else 1  # a large base has its own misspellings
        often = Counter({w: n for w, n in spelt.items() if n >= least and len(w) > 2 and w.isalpha()})
        for word in (*extra, *STOP):
            often[word] = max(often[word], SEEN_AT_LEAST)
        self.often = often
        self.words = sorted(word for word in often if len(word) >= SHORTEST - 1)
        self.sizes = np.array([len(word) for word in self.words], dtype=np.int16)
        self.counts = _letters(self.words)
        self._kept: dict[str, tuple[str, ...]] = {}

    def known(self, word: str) -> bool:
        return word in self.often or len(word) < SHORTEST or not word.isalpha()

    def correct(self, words: Sequence[str]) -> tuple[str, ...]:
        out: list[str] = []
        for word in words:
            out.extend((word,) if self.known(word) else self._nearest(word))
        return tuple(out)

    def _nearest(self, word: str) -> tuple[str, ...]:
        found = self._kept.get(word)
        if found is None:
            found = self._search(word)
            if len(self._kept) < KEPT:
                self._kept[word] = found
        return found

    def _search(self, word: str) -> tuple[str, ...]:
        for head in ELIDED:  # « lecole », « dadresse »: an apostrophe lost
            rest = word[len(head) :]
            if word.startswith(head) and len(rest) >= SHORTEST and rest in self.often and rest[0] in "aeiouhy":
                return head, rest
        reach = 2 if len(word) >= LONG else 1
        if not self.words:
            return (word,)
        near = np.flatnonzero(
            (np.abs(self.sizes - len(word)) <= reach)
            & (np.abs(self.counts - _letters([word])[0]).sum(axis=1) <= 2 * reach)
        )
        best: tuple[int, int, int, str] | None = None
        for at in near.tolist():
            other = self.words[at]
            if reach == 2 and other[0] != word[0] and other[1:2] != word[1:2]:
                continue
            distance = damerau(word, other, reach)
            if distance <= reach:
                rank = (distance, other[0] != word[0], -self.often[other], other)
                best = rank if best is None or rank < best else best
        return (best[3],) if best else (word,)


def _letters(words: Sequence[str]) -> npt.NDArray[np.int8]:
    counts = np.zeros((len(words), len(_LETTERS)), dtype=np.int8)
    for at, word in enumerate(words):
        for letter in word:
            counts[at, ord(letter) - 97] += 1
    return counts
