"""The wordings of people, learnt: which sheet a question sounds like. Ridge regression in its dual form, one solve.

Words, pairs of words and pieces of letters. Each wording left out in turn is answered exactly, without learning again:
that is what confidence is learnt from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy.linalg.blas import ssyrk, strsm
from scipy.linalg.lapack import spotrf, spotrs
from scipy.sparse import csr_matrix

from guichet.understanding.answers.counting import Floats, Numbers
from guichet.understanding.answers.text import grams, pairs, terms
from guichet.understanding.solving import CANNOT, alike, inverse
from guichet.understanding.words import concepts_in, stem

OTHER = ""  # the class of what is none of the sheets with wordings
RIDGE = 0.2
MOST = 5000  # examples solved exactly
LANDMARKS = 4500  # beyond, with how many of them each is compared
SLIGHT = 1e-5
SEED = 20261127
# What two texts have in common, by kind of feature, each of length one: stems, pairs of stems, concepts, letters.
SHARES = (1.0, 0.3, 1.0, 1.0)
Features = tuple[Counter[str], ...]


def features(words: Sequence[str]) -> Features:
    stems = terms(words)
    same = (f"~{name}" for name in concepts_in([stem(word) for word in words]))  # several words for one thing
    letters = (f"#{gram}" for gram in grams(" ".join(words), 2, 5))
    return Counter(stems), Counter(pairs(stems)), Counter(same), Counter(letters)


def closer(likeness: Floats) -> Floats:
    """Two texts that share half are more than half as far from saying the same: several signs at once count more."""
    near = likeness * likeness
    near += likeness
    near /= 2
    return near


class Wordings:
    """`scores(words)`: about 0 … 1 for each sheet that has wordings, the same for « none of them », then by group.

    `groups`: what each sheet belongs to (its themes): all the wordings of a group speak for its sheets.
    """

    def __init__(
        self,
        examples: Sequence[tuple[Sequence[str], str]],
        groups: Mapping[str, Sequence[str]] | None = None,
        tried: Sequence[int] = (),
    ) -> None:
        counted = [features(words) for words, _ in examples]
        seen: Counter[str] = Counter()
        for kinds in counted:
            for counts in kinds:
                seen.update(counts.keys())
        self.names = {
            name: at for at, name in enumerate(name for name, n in seen.items() if n > 1 or not name.startswith("#"))
        }
        self.rarity = np.array(
            [np.log((1 + len(examples)) / (1 + seen[name])) + 1 for name in self.names], dtype=np.float64
        )
        self.classes = sorted({label for _, label in examples} - {OTHER})
        place = {label: at for at, label in enumerate([*self.classes, OTHER])}
        own = groups or {}
        self.groups = sorted({group for label in self.classes for group in own.get(label, ())})
        after = {group: len(place) + at for at, group in enumerate(self.groups)}
        self.labels = np.array([place[label] for _, label in examples], dtype=np.int64)
        rows = self._matrix(counted)
        self.columns = csr_matrix(rows.T)
        wanted = np.zeros((len(examples), len(place) + len(after)), dtype=np.float32)
        wanted[np.arange(len(examples)), self.labels] = 1.0
        for at, (_, label) in enumerate(examples):
            wanted[at, [after[group] for group in own.get(label, ()) if group in after]] = 1.0
        self.left_out: Floats
        self.duals: Floats
        if len(examples) <= MOST:
            likeness = closer(alike(rows, self.columns))
            likeness[np.diag_indices_from(likeness)] += RIDGE
            inverted = inverse(likeness)
            self.duals = np.asarray(inverted @ wanted, dtype=np.float32)
            self.left_out = np.asarray(wanted - self.duals / np.diag(inverted)[:, None], dtype=np.float32)
        else:
            self._learn_from_some(rows, wanted, np.array(tried, dtype=np.int64))

    def _learn_from_some(self, rows: csr_matrix, wanted: Floats, tried: Numbers) -> None:
        """Beside so many, each is compared with a share of them only (Nyström). `left_out`: of the `tried` alone."""
        chosen = np.sort(np.random.default_rng(SEED).permutation(rows.shape[0])[:LANDMARKS])
        self.columns = csr_matrix(rows[chosen].T)
        likeness = closer(alike(rows, self.columns))
        normal = ssyrk(1.0, likeness.T, lower=False)  # its upper half, which is enough
        normal += RIDGE * likeness[chosen]
        normal[np.diag_indices_from(normal)] += RIDGE * SLIGHT * len(chosen)
        factor, failed = spotrf(normal, lower=False, overwrite_a=True)
        if failed:
            raise ValueError(CANNOT)
        self.duals = np.ascontiguousarray(spotrs(factor, (csr_matrix(wanted.T) @ likeness).T, lower=False)[0])
        some = likeness[tried]
        own = (strsm(1.0, factor, some.T, side=0, lower=False, trans_a=True) ** 2).sum(axis=0)  # each for itself
        missed = (wanted[tried] - some @ self.duals) / np.maximum(1 - own, 1e-3)[:, None]
        self.left_out = np.zeros_like(wanted)
        self.left_out[tried] = wanted[tried] - missed

    def forget_trials(self) -> None:
        """What only learning needed is not kept with what was learnt."""
        self.left_out = np.zeros((0, self.duals.shape[1]), dtype=np.float32)

    def _matrix(self, counted: Iterable[Features]) -> csr_matrix:
        numbers: list[int] = []
        values: list[float] = []
        ends = [0]
        for kinds in counted:
            for counts, share in zip(kinds, SHARES, strict=True):
                found = [(self.names[name], times) for name, times in counts.items() if name in self.names]
                at = [n for n, _ in found]
                worth = (1 + np.log(np.array([t for _, t in found], dtype=np.float32))) * self.rarity[at]
                length = float(np.linalg.norm(worth)) or 1.0
                numbers += at
                values += (worth * (np.sqrt(share) / length)).tolist()
            ends.append(len(numbers))
        scale = np.float32(1 / np.sqrt(sum(SHARES)))
        return csr_matrix(
            (np.array(values, dtype=np.float32) * scale, numbers, ends), shape=(len(ends) - 1, len(self.names))
        )

    def scores(self, words: Sequence[str]) -> Floats:
        """By class, in the order of `classes`, then « none of them », then by group."""
        near: npt.NDArray[np.float32] = np.asarray((self._matrix([features(words)]) @ self.columns).todense()).ravel()
        return np.asarray(closer(near) @ self.duals, dtype=np.float32)
