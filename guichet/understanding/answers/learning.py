"""What an engine learns from the wordings: what sounds like what, the order of the sheets, how sure to be.

Each wording is answered as if it had not been there; thresholds are the lowest that keep the promise on those.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from guichet.understanding.answers.counting import Floats, Numbers, lines_matrix
from guichet.understanding.answers.index import FIELDS, Article, Index, wordings_matrix
from guichet.understanding.answers.query import Query
from guichet.understanding.answers.signs import (
    ORDER_SIGNS,
    SILENT,
    SURE_SIGNS,
    Candidates,
    Sounds,
    candidates,
    sureness_signs,
)  # fmt: skip
from guichet.understanding.answers.text import plain_words
from guichet.understanding.answers.wordings import OTHER, Wordings

SEED = 20261127
FOLDS = 5
FEW = 40  # wordings below which the defaults know better
MOST_TRIED = 2000
MOST_OUTSIDE = 700
OTHER_TITLES = 1500
# On wordings left out, where another sheet that answers as well counts as wrong: with people, about 0.95 are right.
RIGHT_ENOUGH = 0.89
FALSE_AT_MOST = 0.03  # share of what is out of scope
WORTH_OFFERING = 0.15
LOWEST_ANSWER = 0.6
SAME = 1e-5  # two ways of computing one probability
HEARD_FROM = 0.15
KNOWN_TURN = 0.25
KNOWS_MOST_FROM = 0.5  # share of the sheets with wordings, from which they speak of every question
# Nothing learnt: one answer only when a title says the question nearly whole, and stands ahead of the others.
CAREFUL = {"lead": 0.2, "said_in_title": 0.5, "title_covered": 0.7}
NOT_SURE = 0.5


@dataclass(frozen=True, slots=True)
class Example:
    """A question and the sheets that answer it; none: it is out of scope."""

    text: str
    right: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Taught:
    """Weights by sign, and from which probability to answer, to offer."""

    order: Floats
    first: Floats
    reach: Floats
    answer_from: float
    offer_from: float
    wordings: Wordings | None = None
    places: Numbers | None = None  # of the classes of the wordings, in the index
    themes: Numbers | None = None  # 2 × sheets: its widest and nearest theme among those heard; -1: none
    knows_most: bool = False  # whether most sheets have wordings

    def speaks(self, sounds: Sounds) -> bool:
        """Whether what was learnt speaks of a question. Learnt on one matter, it says nothing of the others: the
        question must sound like a wording."""
        if self.knows_most:
            return bool(len(sounds.scores))
        return sounds.loudest >= max(sounds.other, HEARD_FROM)

    def recognises(self, sounds: Sounds) -> bool:
        """Whether the wordings alone say what a question is about, in words that say nothing one by one."""
        return self.knows_most and sounds.loudest > max(sounds.other, KNOWN_TURN)

    def in_order(self, found: Candidates, sounds: Sounds) -> tuple[Candidates, Floats]:
        scores = found.signs @ (self if self.speaks(sounds) else UNTAUGHT).order
        best = np.lexsort((found.places, -scores))
        return Candidates(found.places[best], found.signs[best]), scores[best].astype(np.float32)

    def sureness(self, signs: Floats, sounds: Sounds) -> tuple[float, float]:
        """How likely the first sheet is right, and that one of the first three is."""
        if self.speaks(sounds):
            return likely(float(signs @ self.first)), likely(float(signs @ self.reach))
        first, reach = likely(float(signs @ UNTAUGHT.first)), likely(float(signs @ UNTAUGHT.reach))
        said = dict(zip(SURE_SIGNS, signs.tolist(), strict=True))
        careful = all(said[name] >= least for name, least in CAREFUL.items())
        return first if careful else min(first, NOT_SURE), reach


def _weights(names: Sequence[str], **values: float) -> Floats:
    return np.array([values.get(name, 0.0) for name in names], dtype=np.float32)


def likely(x: float) -> float:
    return 1 / (1 + math.exp(-min(max(x, -30.0), 30.0)))


# Learnt once, on search phrases before any wording was known and on small talk (docs/decisions).
UNTAUGHT = Taught(
    order=_weights(ORDER_SIGNS, blend=1.0, wording=1.5, same_title=1.0),
    first=_weights(
        SURE_SIGNS, constant=-2.7, lead=0.8, covered=2.5, said_in_title=-0.1, title_covered=3.6, letters=0.6, known=-1.4
    ),
    reach=_weights(
        SURE_SIGNS, constant=-4.0, lead=-0.6, covered=2.5, said_in_title=0.7, title_covered=2.9, letters=0.5,
        known=-1.9, length=1.7, depth=0.6,
    ),
    answer_from=0.6,
    offer_from=0.08,
)  # fmt: skip


def hear(taught: Taught, query: Query) -> Sounds:
    if taught.wordings is None or taught.places is None:
        return SILENT
    return _sounds(taught, taught.wordings.scores(query.words))


def _sounds(taught: Taught, scores: Floats) -> Sounds:
    assert taught.places is not None
    many = len(taught.places)
    by_theme = np.append(scores[many + 1 :], np.float32(0))  # the last stands for « none »
    themes = by_theme[taught.themes] if taught.themes is not None else None
    return Sounds(taught.places, scores[:many], float(scores[many]), themes)


def examples_of(articles: Sequence[Article], given: Iterable[Example]) -> list[Example]:
    """The wordings of the sheets and the examples given, each text once; sheets unknown to the base left out."""
    here = {article.id for article in articles}
    found: dict[tuple[str, ...], Example] = {}
    own = (Example(text, (article.id,)) for article in articles for text in article.wordings)
    for example in (*own, *given):
        right = tuple(key for key in example.right if key in here)
        if right or not example.right:
            found.setdefault(tuple(plain_words(example.text)), Example(example.text, right))
    found.pop((), None)
    return list(found.values())


def with_wordings(articles: Sequence[Article], examples: Iterable[Example]) -> list[Article]:
    """The sheets with the texts of the examples as wordings, each under its first sheet."""
    by_sheet = _by_sheet(examples)
    return [replace(article, wordings=tuple(by_sheet.get(article.id, ()))) for article in articles]


def _by_sheet(examples: Iterable[Example]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for example in examples:
        if example.right:
            found.setdefault(example.right[0], []).append(example.text)
    return found


@lru_cache(maxsize=1)
def small_talk() -> tuple[str, ...]:
    """Courtesies, and questions that no sheet of an administration answers: what to be silent on."""
    files = [Path(__file__).parent / name for name in ("smalltalk.txt", "outside.txt")]
    lines = [line.strip() for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return tuple(line for line in lines if line and not line.startswith("#"))


@dataclass(frozen=True, slots=True)
class Tried:
    """One example answered as if it had never been there."""

    query: Query
    found: Candidates
    sounds: Sounds
    right: frozenset[int]  # places of the right sheets


def teach(index: Index, examples: Sequence[Example], read: Callable[[str], Query]) -> Taught:
    """What the examples teach; the order and the sureness only when there are enough of them."""
    shuffle = random.Random(SEED)  # noqa: S311 (not a secret)
    known = [example for example in examples if example.right]
    if not known:
        return UNTAUGHT
    outside = [example.text for example in examples if not example.right]
    outside += [text for text in small_talk() if text not in outside]
    headed = sorted({example.right[0] for example in known})
    others = sorted(set(index.ids) - {key for example in known for key in example.right})
    shuffle.shuffle(others)
    title = dict(zip(index.ids, index.titles, strict=True))
    queries = [read(text) for text in (*(e.text for e in known), *outside)]
    labels = [*(example.right[0] for example in known), *(OTHER for _ in outside)]
    wordings = Wordings(
        [
            *((query.words, label) for query, label in zip(queries, labels, strict=True)),
            *((plain_words(title[key]), key) for key in headed),
            *((plain_words(title[key]), OTHER) for key in others[:OTHER_TITLES]),
        ],
        groups=dict(zip(index.ids, index.themes, strict=True)),
        tried=_chosen(len(known), len(queries)),
    )
    places = np.array([index.places[key] for key in wordings.classes], dtype=np.int64)
    taught = replace(
        UNTAUGHT,
        wordings=wordings,
        places=places,
        themes=_themes(wordings, index),
        knows_most=len(places) >= KNOWS_MOST_FROM * index.size,
    )
    if len(known) < FEW:
        wordings.forget_trials()
        return taught
    rights = [frozenset(index.places[key] for key in e.right) for e in known] + [frozenset[int]()] * len(outside)
    tried = _try(index, known, queries, rights, taught)
    wordings.forget_trials()
    taught = replace(taught, order=_learn_order(tried))
    return _learn_sureness(taught, tried)


def _themes(wordings: Wordings, index: Index) -> Numbers:
    number = {theme: at for at, theme in enumerate(wordings.groups)}
    ends = [(themes[0], themes[-1]) if themes else ("", "") for themes in index.themes]
    pairs = np.array([[number.get(theme, -1) for theme in pair] for pair in ends], dtype=np.int64).reshape(-1, 2)
    return np.ascontiguousarray(pairs.T)  # one row after the other: each question reads them whole


def lent(taught: Taught, learnt_on: Index, to: Index) -> Taught:
    """What was learnt on one base, for a wider one that holds all its sheets."""
    if taught.wordings is None or taught.places is None:
        return taught
    places = np.array([to.places[learnt_on.ids[place]] for place in taught.places.tolist()], dtype=np.int64)
    return replace(taught, places=places, themes=_themes(taught.wordings, to))


def _try(
    index: Index, known: Sequence[Example], queries: Sequence[Query], rights: Sequence[frozenset[int]],
    taught: Taught,
) -> list[Tried]:  # fmt: skip
    """The wordings in folds: those of the fold are out of the index, and each is out of what was learnt."""
    assert taught.wordings is not None
    left_out = taught.wordings.left_out
    chosen = _chosen(len(known), len(queries))
    row = [kind.name for kind in FIELDS].index("wordings")
    tried: list[Tried] = []
    lines = lines_matrix([example.text for example in known], index.numbers)
    sheets = np.array([index.places[example.right[0]] for example in known], dtype=np.int64)
    for fold in range(FOLDS):
        inside = chosen[fold::FOLDS]
        kept = sheets.copy()
        kept[[at for at in inside if at < len(known)]] = -1
        without = wordings_matrix(index, lines, kept)
        for at in inside:
            if not queries[at].said:
                continue
            fields = index.scores(queries[at].weights, {row: without})
            sounds = _sounds(taught, left_out[at])
            tried.append(
                Tried(queries[at], candidates(queries[at], index, fields, sounds, without), sounds, rights[at])
            )
    return tried


def _chosen(known: int, many: int) -> list[int]:
    """Which wordings are tried, in an order that does not change; of what is out of scope, which is rare, a share too.

    The first `known` have a right sheet, the others have none."""
    shuffle = random.Random(SEED)  # noqa: S311
    inside, outside = list(range(known)), list(range(known, many))
    shuffle.shuffle(inside)
    shuffle.shuffle(outside)
    chosen = inside[:MOST_TRIED] + outside[: min(MOST_OUTSIDE, known // 2)]
    shuffle.shuffle(chosen)
    return chosen


def _learn_order(tried: Sequence[Tried]) -> Floats:
    """Pairs of a right sheet and a wrong one before it or near it: which signs tell them apart."""
    rows: list[Floats] = []
    for case in tried:
        if not UNTAUGHT.speaks(case.sounds):
            continue
        good = np.array([place in case.right for place in case.found.places.tolist()])
        if not good.any() or good.all():
            continue
        best = case.found.signs[np.flatnonzero(good)[0]]
        wrong = case.found.signs[np.flatnonzero(~good)[:10]]
        rows.append(best - wrong)
    if len(rows) < FEW:
        return UNTAUGHT.order
    from sklearn.linear_model import LogisticRegression  # to learn only: no page pays for it

    pairs = np.vstack(rows)
    signs = np.vstack([pairs, -pairs])
    machine = LogisticRegression(fit_intercept=False, C=0.05, max_iter=500)
    machine.fit(signs, np.repeat([1, 0], len(pairs)))
    return np.asarray(machine.coef_[0], dtype=np.float32)


def _learn_sureness(taught: Taught, tried: Sequence[Tried]) -> Taught:
    heard = [case for case in tried if taught.speaks(case.sounds)]
    if len(heard) < FEW:
        return taught
    rows: list[Floats] = []
    first: list[bool] = []
    reach: list[bool] = []
    for case in heard:
        found, scores = taught.in_order(case.found, case.sounds)
        rows.append(sureness_signs(case.query, found, scores, case.sounds))
        first.append(int(found.places[0]) in case.right)
        reach.append(any(place in case.right for place in found.places[:3].tolist()))
    signs = np.vstack(rows)
    weights = [_calibrate(signs, right) for right in (first, reach)]
    sure = 1 / (1 + np.exp(-signs @ weights[0]))
    outside = [not case.right for case in heard]
    few = FALSE_AT_MOST * sum(not case.right for case in tried)
    return replace(
        taught,
        first=weights[0],
        reach=weights[1],
        answer_from=_threshold(sure.tolist(), first, outside, at_most=few),
        offer_from=WORTH_OFFERING,
    )


def _calibrate(signs: Floats, right: Sequence[bool]) -> Floats:
    if all(right) or not any(right):
        return _weights(SURE_SIGNS, constant=3.0 if all(right) else -3.0)
    from sklearn.linear_model import LogisticRegression

    machine = LogisticRegression(fit_intercept=False, C=10.0, max_iter=1000).fit(signs, right)
    return np.asarray(machine.coef_[0], dtype=np.float32)


def _threshold(sure: Sequence[float], right: Sequence[bool], outside: Sequence[bool], *, at_most: float) -> float:
    """The lowest sureness above which enough of the answers are right, and few of those are to what is out of scope.

    `at_most`: answers to questions out of scope.
    """
    chosen, good, strange = 1.0, 0, 0
    for count, (value, is_right, is_strange) in enumerate(
        sorted(zip(sure, right, outside, strict=True), reverse=True), 1
    ):
        good += is_right
        strange += is_strange
        if good / count >= RIGHT_ENOUGH and strange <= at_most:
            chosen = value
    return max(chosen - SAME, LOWEST_ANSWER)
