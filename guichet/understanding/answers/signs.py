"""What is measured of a question before a sheet: to put the sheets in order, then to say how sure the first one is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from guichet.understanding.answers.counting import Floats
from guichet.understanding.answers.index import FIELDS, WEIGHTS, Index
from guichet.understanding.answers.query import Query
from guichet.understanding.answers.text import grams

CANDIDATES = 30
SHARE_OF_THEME = 0.4
SOUNDS_LIKE = 1.5  # a sheet whose wordings sound like the question, beside a full score of the search
SAME_TITLE = 0.85

ORDER_SIGNS = (
    "blend", "wording", "letters", "same_title", "title_covered", "said_in_title", "covered",
    *(kind.name for kind in FIELDS), "first_by_wording", "widest_theme", "nearest_theme",
)  # fmt: skip
SURE_SIGNS = (
    "constant", "lead", "covered", "said_in_title", "title_covered", "letters", "known", "length", "depth",
    "wording", "wording_lead", "no_wording", "agree", "widest_theme", "nearest_theme",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sounds:
    """What the wordings say: by sheet (its place in the index), « none of them », and of the themes of every sheet."""

    places: npt.NDArray[np.int64]
    scores: Floats
    other: float
    themes: Floats | None = None  # 2 × sheets: the widest, the nearest

    @property
    def loudest(self) -> float:
        return float(self.scores.max()) if len(self.scores) else 0.0


SILENT = Sounds(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32), 0.0)


@dataclass(frozen=True, slots=True)
class Candidates:
    """Places of the likely sheets, and their signs (candidate × ORDER_SIGNS)."""

    places: npt.NDArray[np.int64]
    signs: Floats


@lru_cache(maxsize=40_000)
def _pieces(text: str) -> frozenset[str]:
    return frozenset(grams(text, 3, 4))


def likeness(one: str, other: str) -> float:
    """Share of the pieces of letters in common (Dice)."""
    a, b = _pieces(one), _pieces(other)
    return 2 * len(a & b) / (len(a) + len(b)) if a and b else 0.0


def candidates(
    query: Query, index: Index, fields: Floats, sounds: Sounds, wordings: csr_matrix | None = None
) -> Candidates:  # fmt: skip
    """`fields`: one row a field, the BM25 of every sheet. `wordings`: that field when some are left out."""
    total = WEIGHTS @ fields
    best = float(total.max()) if len(total) else 0.0
    blend = total / best if best > 0 else total
    wording = np.zeros(index.size, dtype=np.float32)
    wording[sounds.places] = sounds.scores
    themes = np.zeros((2, index.size), dtype=np.float32) if sounds.themes is None else sounds.themes
    score = blend + SOUNDS_LIKE * wording + SHARE_OF_THEME * themes.sum(axis=0)
    many = min(CANDIDATES, index.size)
    near = np.argpartition(-score, many - 1)[:many] if many else np.zeros(0, dtype=np.int64)
    near = near[np.lexsort((near, -score[near]))]
    covered, title_covered, said_in_title, ideal = _coverage(
        query, index, near, index.matrices["wordings"] if wordings is None else wordings
    )
    text = " ".join(query.words)
    letters = np.array([likeness(text, index.titles[place]) for place in near.tolist()], dtype=np.float32)
    first = float(wording.max()) if len(sounds.scores) else 2.0
    columns = [
        blend[near], wording[near], letters, letters > SAME_TITLE, title_covered, said_in_title, covered,
        *(fields[row][near] / ideal for row in range(len(FIELDS))), wording[near] >= first,
        themes[0][near], themes[1][near],
    ]  # fmt: skip
    return Candidates(near.astype(np.int64), np.column_stack(columns).astype(np.float32))


def _coverage(
    query: Query, index: Index, near: npt.NDArray[np.int64], wordings: csr_matrix
) -> tuple[Floats, Floats, Floats, float]:
    """Of each candidate: share of the question found in it, of its title said, of the question in its title."""
    stems = list(dict.fromkeys(query.said))
    numbers = [index.numbers[s] for s in stems if s in index.numbers]
    worth = index.rarity[numbers]
    unknown = float(np.log(1 + index.size)) * (len(stems) - len(numbers))
    whole = max(float(worth.sum()) + unknown, 1e-6)
    found = np.zeros((3, len(near)), dtype=np.float32)
    for number, rare in zip(numbers, worth.tolist(), strict=True):
        in_text = _within(index.present.indptr, index.present.indices, number, near)
        found[0] += rare * (in_text | _within(wordings.indptr, wordings.indices, number, near))
        found[1] += rare * _within(index.in_title.indptr, index.in_title.indices, number, near)
    for stem, meant in query.spelt_out:
        found[1:] += _in_full(index, near, stem, meant)
    mass = np.maximum(index.title_mass[near], 1e-6)
    return found[0] / whole, np.minimum(found[1] / mass, 1.0), found[1] / whole, whole


def _in_full(index: Index, near: npt.NDArray[np.int64], stem: str, meant: tuple[str, ...]) -> Floats:
    """« CSA », asked of « Certificat de situation administrative »: the letters say the words of the title. What they
    add to the share of the title said, and of the question in the title."""
    numbers = [index.numbers[one] for one in dict.fromkeys(meant) if one in index.numbers]
    if stem not in index.numbers or not numbers:
        return np.zeros((2, len(near)), dtype=np.float32)
    number, indptr, indices = index.numbers[stem], index.in_title.indptr, index.in_title.indices
    held = ~_within(indptr, indices, number, near)  # else it is counted already
    for one in numbers:
        held &= _within(indptr, indices, one, near)
    return np.outer([index.rarity[numbers].sum(), index.rarity[number]], held).astype(np.float32)


def _within(
    starts: npt.NDArray[np.int32], places: npt.NDArray[np.int32], number: int, near: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Which of `near` hold the term; the places of a term are sorted."""
    held = places[starts[number] : starts[number + 1]]
    if not len(held):
        return np.zeros(len(near), dtype=np.bool_)
    at = np.minimum(np.searchsorted(held, near), len(held) - 1)
    return np.asarray(held[at] == near, dtype=np.bool_)


def sureness_signs(query: Query, found: Candidates, order: Floats, sounds: Sounds) -> Floats:
    """Signs of the first candidate; `order`: the scores, best first, in the order of `found`."""
    row = dict(zip(ORDER_SIGNS, found.signs[0].tolist(), strict=True)) if len(found.places) else {}
    lead = float(order[0] - order[1]) / (abs(float(order[0])) + 1e-6) if len(order) > 1 else 0.0
    depth = float(order[0] - order[min(4, len(order) - 1)]) if len(order) else 0.0
    ranked = np.sort(sounds.scores)[::-1]
    runner = float(ranked[1]) if len(ranked) > 1 else 0.0
    return np.array(
        [
            1.0, lead, row.get("covered", 0.0), row.get("said_in_title", 0.0), row.get("title_covered", 0.0),
            row.get("letters", 0.0), query.known, float(np.log1p(len(query.said))), depth, row.get("wording", 0.0),
            row.get("wording", 0.0) - runner if len(ranked) else 0.0, sounds.other, row.get("first_by_wording", 0.0),
            row.get("widest_theme", 0.0), row.get("nearest_theme", 0.0),
        ],
        dtype=np.float32,
    )  # fmt: skip
