"""Counting the words of many texts at once.

A large base is tens of millions of words: making a string of each would be most of the work. Texts are cut and their
words told apart by a number of 64 bits computed on arrays of letters; each different word is spelt once.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from guichet.understanding.answers.text import folded, letter_names, pairs, plain_words, term, terms

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]

Places = npt.NDArray[np.int32]
Marks = npt.NDArray[np.uint64]

AT_ONCE = 1 << 20  # letters
NOTHING, LINE_END = -1, -2  # instead of the number of a term
_LETTER, _DIGIT, _END = 1, 2, 3
_KINDS = np.zeros(128, dtype=np.uint8)
_KINDS[97:123], _KINDS[48:58] = _LETTER, _DIGIT
_KINDS_OF_ONE_LINE = _KINDS.copy()
_KINDS[10] = _END
# The mark of a word is made of its letters, eight at a time: two words of eight letters at most never have the same.
_TAKEN, _MIXED = 8, np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.array([(1 << 8 * kept) - 1 for kept in range(_TAKEN + 1)], dtype="<u8")  # of the eight letters, so many


class Vocabulary:
    """The words of one base and the terms they are filed under, numbered as they come."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}  # of a term
        self._words: defaultdict[int, int] = defaultdict()  # by mark
        self._words.default_factory = self._words.__len__
        self._spelt: list[str] = []
        self._terms = np.zeros(0, dtype=np.int32)  # by word
        self._times = np.zeros(0, dtype=np.int64)  # by word

    def spelt(self) -> Counter[str]:
        """The words as written, and how often."""
        often = zip(self._spelt, self._times.tolist(), strict=True)
        return Counter({word: times for word, times in often if word != "\n"})

    def count(self, texts: Sequence[str], *, pairs: bool) -> csr_matrix:
        """Terms × texts: how many times. With `pairs`, two terms that follow each other in a line are one more."""
        read = [self._read(texts[first:last], first, lines=pairs) for first, last in _blocks(texts)]
        stems = np.concatenate([found for found, _ in read]) if read else np.zeros(0, dtype=np.int32)
        of = np.concatenate([places for _, places in read]) if read else np.zeros(0, dtype=np.int32)
        rows, columns = [stems], [of]
        if pairs:
            rows, columns = [stems[stems >= 0]], [of[stems >= 0]]
            followed = (stems[:-1] >= 0) & (stems[1:] >= 0)  # each text ends a line: none follows another text
            rows.append(self._pairs(stems[:-1][followed], stems[1:][followed]))
            columns.append(of[:-1][followed])
        named = [(self._number(name), at) for at, text in enumerate(texts) for name in letter_names(text)]
        rows.append(np.array([row for row, _ in named], dtype=np.int32))
        columns.append(np.array([at for _, at in named], dtype=np.int32))
        return _counted(np.concatenate(rows), np.concatenate(columns), (len(self.numbers), len(texts)))

    def _read(self, texts: Sequence[str], first: int, *, lines: bool) -> tuple[Places, Places]:
        """The terms of the words that say something, in order, and the place of the text each stands in. `lines`: with
        the ends of lines."""
        plain = [folded(text) + "\n" for text in texts]
        joined = "".join(plain)
        marks, starts, ends = _cut(joined, lines=lines)
        different, at, which = np.unique(marks, return_index=True, return_inverse=True)
        known = len(self._spelt)
        words = np.array(list(map(self._words.__getitem__, different.tolist())), dtype=np.int64)
        new = np.flatnonzero(words >= known)
        self._learn([joined[starts[n] : ends[n]] for n in at[new].tolist()])
        self._times[words] += np.bincount(which, minlength=len(different))
        sizes = np.cumsum([len(text) for text in plain])
        found = self._terms[words][which]
        full = found != NOTHING
        return found[full], (first + np.searchsorted(sizes, starts[full], side="right")).astype(np.int32)

    def _learn(self, words: Sequence[str]) -> None:
        found = [self._number(stem) if (stem := term(word)) else NOTHING for word in words]
        found = [LINE_END if word == "\n" else number for word, number in zip(words, found, strict=True)]
        self._spelt += words
        self._terms = np.concatenate([self._terms, np.array(found, dtype=np.int32)])
        self._times = np.concatenate([self._times, np.zeros(len(words), dtype=np.int64)])

    def _pairs(self, first: Places, second: Places) -> Places:
        wide = len(self.numbers)
        keys, at = np.unique(first.astype(np.int64) * wide + second, return_inverse=True)
        names, numbered = list(self.numbers), zip((keys // wide).tolist(), (keys % wide).tolist(), strict=True)
        found = [self._number(f"{names[a]} {names[b]}") for a, b in numbered]
        return np.array(found, dtype=np.int32)[at]

    def _number(self, name: str) -> int:
        return self.numbers.setdefault(name, len(self.numbers))


def _blocks(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """First and last place of texts that are read together."""
    first, letters = 0, 0
    for at, text in enumerate(texts):
        if letters and letters + len(text) > AT_ONCE:
            yield first, at
            first, letters = at, 0
        letters += len(text)
    if first < len(texts):
        yield first, len(texts)


def _cut(text: str, *, lines: bool) -> tuple[Marks, Numbers, Numbers]:
    """The words of a folded text, as `plain_words` finds them: their marks, starts and ends."""
    letters = np.frombuffer(text.encode("ascii"), dtype=np.uint8)
    kinds = np.zeros(len(letters) + 2, dtype=np.uint8)
    kinds[1:-1] = (_KINDS if lines else _KINDS_OF_ONE_LINE)[letters]
    edges = np.flatnonzero((kinds[:-1] != kinds[1:]) | (kinds[1:] == _END))  # two ends of line are two
    starts, ends = edges[kinds[1:][edges] > 0], edges[kinds[:-1][edges] > 0]
    return _marks(letters, starts, ends - starts), starts, ends


def _marks(letters: npt.NDArray[np.uint8], starts: Numbers, sizes: Numbers) -> Marks:
    """A number for each word, the same for the same letters. Others meet by chance, once in 2^64 pairs."""
    padded = np.zeros(len(letters) + _TAKEN, dtype=np.uint8)
    padded[: len(letters)] = letters
    eight = np.ndarray(len(letters) + 1, dtype="<u8", buffer=padded, strides=(1,))  # the letters from each place on
    found = eight[starts] & _FIRST[np.minimum(sizes, _TAKEN)]
    longer, done = np.flatnonzero(sizes > _TAKEN), _TAKEN
    while len(longer):
        left = sizes[longer] - done
        mixed = found[longer] * _MIXED
        mixed ^= mixed >> np.uint64(32)
        found[longer] = (mixed + (eight[starts[longer] + done] & _FIRST[np.minimum(left, _TAKEN)])) * _MIXED
        longer, done = longer[left > _TAKEN], done + _TAKEN
    return np.asarray(found, dtype=np.uint64)


def lines_matrix(lines: Sequence[str], numbers: Mapping[str, int]) -> csr_matrix:
    """Terms × lines, for terms known already: the words of each and their pairs."""
    rows, columns = array("i"), array("i")
    for at, line in enumerate(lines):
        stems = terms(plain_words(line))
        found = [numbers[t] for t in (*stems, *pairs(stems)) if t in numbers]
        rows.extend(found)
        columns.extend([at] * len(found))
    return _counted(
        np.frombuffer(rows, dtype=np.int32), np.frombuffer(columns, dtype=np.int32), (len(numbers), len(lines))
    )


def _counted(rows: Places, columns: Places, shape: tuple[int, int]) -> csr_matrix:
    matrix: csr_matrix = csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=shape)
    matrix.sort_indices()
    return matrix
