"""Words of a question the base never wrote, brought back to the nearest it did write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from guichet.understanding.answers.text import STOP

SHORTEST = 4
LONG = 8  # from this length, two errors are forgiven
SEEN_AT_LEAST = 2
LARGE = 10_000  # different words
ELIDED = ("qu", "l", "d", "j", "n", "s", "m", "t", "c")
LONGEST = 40  # letters: beyond, it is not a word
KEPT = 20_000
Letters = npt.NDArray[np.uint8]  # words × letters, 1 for a, 0 after the end


class Speller:
    """Knows the words of one base. Two words at distance d differ by at most 2 d letters, and by 2 d counts of
    letters, which leaves few to compare one by one."""

    def __init__(self, spelt: Counter[str], extra: Sequence[str] = ()) -> None:
        least = SEEN_AT_LEAST if len(spelt) >= LARGE else 1  # a large base has its own misspellings
        often = Counter({w: n for w, n in spelt.items() if n >= least and len(w) > 2 and w.isalpha()})
        for word in (*extra, *STOP):
            often[word] = max(often[word], SEEN_AT_LEAST)
        self.often = often
        within = (word for word in often if SHORTEST - 1 <= len(word) <= LONGEST and word.isalpha())
        self.words = sorted(within, key=lambda word: (len(word), word))
        self.letters = _letters(self.words)
        self.sizes = np.array([len(word) for word in self.words], dtype=np.int64)
        self.counts = _counts(self.letters)
        self.present = _present(self.counts)
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
        near, distances = self._near(word, 2 if len(word) >= LONG else 1)
        if not len(near):
            return (word,)
        best = [(self.words[at], distance) for at, distance in zip(near.tolist(), distances.tolist(), strict=True)]
        return (min(best, key=lambda one: (one[1], one[0][0] != word[0], -self.often[one[0]], one[0]))[0],)

    def _near(self, word: str, reach: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int16]]:
        """Places of the words within reach, and their distances."""
        own = _letters([word])
        counts = _counts(own)
        first, last = np.searchsorted(self.sizes, [len(word) - reach, len(word) + reach + 1])
        unlike = np.bitwise_count(self.present[first:last] ^ _present(counts)[0])
        near = first + np.flatnonzero(unlike <= 2 * reach)
        near = near[np.abs(self.counts[near] - counts[0]).sum(axis=1) <= 2 * reach]
        letters = self.letters[near, : len(word) + reach]
        if reach > 1:  # two errors, but neither the first letter nor the second right: another word
            alike = (letters[:, 0] == own[0, 0]) | (letters[:, 1] == own[0, 1])
            near, letters = near[alike], letters[alike]
        distances = _distances(own[0].tolist(), letters, self.sizes[near])
        return near[distances <= reach], distances[distances <= reach]


def _letters(words: Sequence[str]) -> Letters:
    if not words:
        return np.zeros((0, LONGEST), dtype=np.uint8)
    raw = np.array(words, dtype=np.bytes_)
    letters = raw.view(np.uint8).reshape(len(words), raw.itemsize)
    return np.where(letters > 0, letters - 96, 0).astype(np.uint8)


def _counts(letters: Letters) -> npt.NDArray[np.int8]:
    return np.stack([(letters == letter).sum(axis=1) for letter in range(1, 27)], axis=1).astype(np.int8)


def _present(counts: npt.NDArray[np.int8]) -> npt.NDArray[np.uint32]:
    """One bit a letter."""
    bits = (counts > 0) * (1 << np.arange(26, dtype=np.uint32))
    return np.asarray(bits.sum(axis=1), dtype=np.uint32)


def _distances(word: Sequence[int], others: Letters, sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.int16]:
    """As `core.spelling.damerau`, of one word and many at once."""
    many, wide = others.shape
    steps = np.arange(wide + 1, dtype=np.int16)
    before = row = np.tile(steps, (many, 1))
    for at, letter in enumerate(word):
        cost = np.empty_like(row)
        cost[:, 0] = at + 1
        np.minimum(row[:, 1:] + 1, row[:, :-1] + (others != letter), out=cost[:, 1:])
        if at:
            swapped = (others[:, :-1] == letter) & (others[:, 1:] == word[at - 1])
            cost[:, 2:] = np.where(swapped, np.minimum(cost[:, 2:], before[:, :-2] + 1), cost[:, 2:])
        before, row = row, np.minimum.accumulate(cost - steps, axis=1) + steps  # letters added
    return row[np.arange(many), sizes]
