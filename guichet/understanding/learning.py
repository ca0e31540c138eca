"""Learning a classifier from examples, measured on those left out. Needs scikit-learn: never on a page's path."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression, Ridge

from guichet.understanding.classifier import Classifier, Example, Floats, features
from guichet.understanding.solving import alike, inverse
from guichet.understanding.words import Reading, read

MOST = 6000  # examples solved exactly, each left out in turn; beyond, step by step, and left out by parts
FOLDS = 3
RIDGE = 0.3
BALANCE = 0.3  # how much more the examples of a rare topic count: 1 would make all topics equal
SEED = 20260901
RIGHT_ENOUGH = 0.9  # a wrong team costs a day; « À orienter » costs a minute
LOWEST_THRESHOLD = 0.4
SEEN_AT_LEAST = {"w": 1, "k": 1, "c": 2}  # letters seen in one example only teach its spelling


@dataclass(frozen=True, slots=True)
class Quality:
    """Measured on examples left out of the learning, each once. Shares between 0 and 1."""

    examples: int
    topics: int
    topic_top1: float
    topic_top3: float
    domain_top1: float
    domain_top3: float
    threshold: float  # certainty from which the first topic decides alone
    domain_threshold: float  # the same for its domain
    sure: float  # share whose certainty reaches it
    sure_right: float  # of those, share whose topic is right


def learn(examples: Sequence[Example]) -> tuple[Classifier, Quality]:
    """A classifier of all examples, its certainty learnt on held-out parts.

    Raises ValueError, in French, when there are fewer than two topics or ten examples.
    """
    counts = Counter(example.topic for example in examples)
    kept = [example for example in examples if counts[example.topic] >= 2]
    if len(counts) < 2 or len(kept) < 10:
        raise ValueError("Il faut au moins deux sujets et quelques exemples de chacun.")
    readings = [read(example.text) for example in kept]
    labels = [example.topic for example in kept]
    learnt = _fit(readings, labels)
    classifier = learnt.classifier
    held_out = learnt.left_out or _held_out(readings, labels)
    classifier.sureness = np.vstack(
        [
            _calibrate([a.topic_signs for a in held_out], [a.right for a in held_out]),
            _calibrate([a.domain_signs for a in held_out], [a.right_domain for a in held_out]),
        ]
    )
    return classifier, _quality(classifier, held_out, labels)


@dataclass(frozen=True, slots=True)
class _Answer:
    truth: str
    order: list[str]
    scores: Floats
    seen: float
    topic_signs: Floats
    domain_signs: Floats

    @property
    def right(self) -> bool:
        return self.order[0] == self.truth

    @property
    def right_domain(self) -> bool:
        return self.order[0].partition(".")[0] == self.truth.partition(".")[0]


@dataclass(frozen=True, slots=True)
class _Learnt:
    classifier: Classifier
    left_out: list[_Answer]  # each example as if it had not been there; empty when there are too many


def _held_out(readings: list[Reading], labels: list[str]) -> list[_Answer]:
    """Each example answered by a classifier that never saw it."""
    answers: list[_Answer] = []
    places = _folds(labels)
    for turn in range(FOLDS):
        inside = [i for i, place in enumerate(places) if place != turn]
        model = _fit([readings[i] for i in inside], [labels[i] for i in inside]).classifier
        outside = [i for i, place in enumerate(places) if place == turn]
        answers += [_answer(model, labels[i], *model.scores(readings[i])) for i in outside]
    return answers


def _answer(model: Classifier, truth: str, scores: Floats, seen: float) -> _Answer:
    order = [model.topics[int(number)] for number in np.argsort(-scores)]
    return _Answer(truth, order, scores, seen, *model.signs(scores, seen))


def _folds(labels: list[str]) -> list[int]:
    """The same share of each topic in each part; the same parts at each learning."""
    shuffle = random.Random(SEED)  # noqa: S311 (not a secret)
    by_topic: dict[str, list[int]] = defaultdict(list)
    for i, label in enumerate(labels):
        by_topic[label].append(i)
    places = [0] * len(labels)
    for numbers in by_topic.values():
        shuffle.shuffle(numbers)
        for rank, i in enumerate(numbers):
            places[i] = rank % FOLDS
    return places


def _fit(readings: list[Reading], labels: list[str]) -> _Learnt:
    seen: Counter[str] = Counter()
    for reading in readings:
        for _, counts in features(reading):
            seen.update(counts.keys())
    names = [name for name, times in seen.items() if times >= SEEN_AT_LEAST[name[0]]]
    rarity = np.array([np.log((1 + len(readings)) / (1 + seen[name])) + 1 for name in names], dtype=np.float32)
    topics = sorted(set(labels))
    model = Classifier(
        topics=topics,
        names=names,
        rarity=rarity,
        weights=np.zeros((len(names), len(topics)), dtype=np.float32),
        bias=np.zeros(len(topics), dtype=np.float32),
    )
    rows = [model.vector(reading) for reading in readings]
    matrix = csr_matrix(
        (
            np.concatenate([values for _, values, _ in rows]),
            np.concatenate([numbers for numbers, _, _ in rows]),
            np.cumsum([0, *(len(numbers) for numbers, _, _ in rows)]),
        ),
        shape=(len(rows), len(names)),
    )
    wanted, worth = _wanted(labels, topics)
    model.bias -= np.float32(2)  # above 0 is a yes
    if len(labels) > MOST:
        machine = Ridge(alpha=RIDGE, fit_intercept=False, solver="lsqr", max_iter=60)
        model.weights = np.ascontiguousarray(machine.fit(matrix, wanted, sample_weight=worth).coef_.T, dtype=np.float32)
        return _Learnt(model, [])
    model.weights, left_out = _solve(matrix, wanted, worth)
    # What only the example left out had said is unknown to those that stay.
    shares = [sum(seen[f"w:{stem}"] > 1 for stem in r.stems) / (len(r.stems) or 1) for r in readings]
    scores = left_out + model.bias
    return _Learnt(model, [_answer(model, *one) for one in zip(labels, scores, shares, strict=True)])


def _wanted(labels: list[str], topics: list[str]) -> tuple[Floats, Floats]:
    """By example: what each topic should score, 0 to 4, and how much the example counts.

    A topic is what its examples say and what those of its domain say: few examples of one suffice for the team.
    """
    places = np.array([topics.index(label) for label in labels], dtype=np.int64)
    domains = [topic.partition(".")[0] for topic in topics]
    related = np.array([[one == other for other in domains] for one in domains], dtype=np.float32)
    wanted = 2 * (np.eye(len(topics), dtype=np.float32)[places] + related[places])
    rarity = len(labels) / len(topics) / np.bincount(places, minlength=len(topics))
    return wanted, (rarity**BALANCE)[places].astype(np.float32)


def _solve(matrix: csr_matrix, wanted: Floats, worth: Floats) -> tuple[Floats, Floats]:
    """Ridge regression, exactly. Weights (feature × topic), and what each example gets from all the others."""
    likeness = alike(matrix, csr_matrix(matrix.T))
    likeness[np.diag_indices_from(likeness)] += RIDGE / worth
    inverted = inverse(likeness)
    duals = inverted @ wanted
    left_out = wanted - duals / np.diag(inverted)[:, None]
    return np.asarray(matrix.T @ duals, dtype=np.float32), np.asarray(left_out, dtype=np.float32)


def _calibrate(rows: list[Floats], right: list[bool]) -> Floats:
    if all(right) or not any(right):
        return np.array([0.0, 1.0, 0.0, 0.0], dtype=np.float32)
    machine = LogisticRegression(fit_intercept=False, C=100.0, max_iter=1000).fit(np.array(rows), right)
    return np.asarray(machine.coef_[0], dtype=np.float32)


def _threshold(answers: list[tuple[float, bool]]) -> float:
    """The lowest certainty above which `RIGHT_ENOUGH` of the answers are right."""
    chosen, right = 1.0, 0
    for count, (certainty, is_right) in enumerate(sorted(answers, reverse=True), start=1):
        right += is_right
        if right / count >= RIGHT_ENOUGH:
            chosen = certainty
    return round(max(chosen, LOWEST_THRESHOLD), 3)


def _quality(model: Classifier, answers: list[_Answer], labels: list[str]) -> Quality:
    def share(found: list[bool]) -> float:
        return round(sum(found) / len(found), 4) if found else 0.0

    def domains(order: list[str]) -> list[str]:
        return list(dict.fromkeys(topic.partition(".")[0] for topic in order))

    certain = [(*model.certainty(answer.scores, answer.seen), answer) for answer in answers]
    threshold = _threshold([(topic, answer.right) for topic, _, answer in certain])
    sure = [answer for topic, _, answer in certain if topic >= threshold]
    return Quality(
        examples=len(labels),
        topics=len(set(labels)),
        topic_top1=share([answer.right for answer in answers]),
        topic_top3=share([answer.truth in answer.order[:3] for answer in answers]),
        domain_top1=share([domains(answer.order)[0] == answer.truth.partition(".")[0] for answer in answers]),
        domain_top3=share([answer.truth.partition(".")[0] in domains(answer.order)[:3] for answer in answers]),
        threshold=threshold,
        domain_threshold=_threshold([(domain, answer.right_domain) for _, domain, answer in certain]),
        sure=round(len(sure) / len(answers), 4),
        sure_right=share([answer.right for answer in sure]),
    )
