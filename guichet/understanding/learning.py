"""Learning a classifier from examples, measured on those left out. Needs scikit-learn: never on a page's path."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from guichet.understanding.classifier import Classifier, Floats, features, signs
from guichet.understanding.words import Reading, read

FOLDS = 5
SEED = 20260901
SEEN_AT_LEAST = {"w": 1, "k": 1, "c": 2}  # letters seen in one example only teach its spelling


@dataclass(frozen=True, slots=True)
class Example:
    text: str
    topic: str


@dataclass(frozen=True, slots=True)
class Quality:
    """Measured on examples left out of the learning, each once. Shares between 0 and 1."""

    examples: int
    topics: int
    topic_top1: float
    topic_top3: float
    domain_top1: float
    domain_top3: float
    sure: float  # share whose certainty reaches the threshold
    sure_right: float  # of those, share whose topic is right


def learn(examples: Sequence[Example], *, threshold: float = 0.6) -> tuple[Classifier, Quality]:
    """A classifier of all examples, its certainty learnt on held-out parts.

    Raises ValueError, in French, when there are fewer than two topics or ten examples.
    """
    counts = Counter(example.topic for example in examples)
    kept = [example for example in examples if counts[example.topic] >= 2]
    if len(counts) < 2 or len(kept) < 10:
        raise ValueError("Il faut au moins deux sujets et quelques exemples de chacun.")
    readings = [read(example.text) for example in kept]
    labels = [example.topic for example in kept]
    held_out = _held_out(readings, labels)
    classifier = _fit(readings, labels)
    classifier.sureness = _calibrate(held_out)
    return classifier, _quality(classifier, held_out, labels, threshold)


@dataclass(frozen=True, slots=True)
class _Answer:
    truth: str
    order: list[str]
    scores: Floats
    seen: float

    @property
    def right(self) -> bool:
        return self.order[0] == self.truth


def _held_out(readings: list[Reading], labels: list[str]) -> list[_Answer]:
    """Each example answered by a classifier that never saw it."""
    answers: list[_Answer] = []
    places = _folds(labels)
    for turn in range(FOLDS):
        inside = [i for i, place in enumerate(places) if place != turn]
        model = _fit([readings[i] for i in inside], [labels[i] for i in inside])
        for i in (i for i, place in enumerate(places) if place == turn):
            scores, seen = model.scores(readings[i])
            answers.append(_Answer(labels[i], [model.topics[int(n)] for n in np.argsort(-scores)], scores, seen))
    return answers


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


def _fit(readings: list[Reading], labels: list[str]) -> Classifier:
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
    machine = LinearSVC(C=0.5, class_weight="balanced", random_state=SEED, max_iter=5000).fit(matrix, labels)
    weights = machine.coef_.T.astype(np.float32)
    if weights.shape[1] == 1:  # two topics: scikit-learn gives one column, for the second
        model.weights, model.bias = (
            np.hstack([-weights, weights]),
            np.concatenate([-machine.intercept_, machine.intercept_]),
        )
    else:
        model.weights, model.bias = weights, machine.intercept_
    model.bias = model.bias.astype(np.float32)
    return model


def _calibrate(answers: list[_Answer]) -> Floats:
    right = [answer.right for answer in answers]
    if all(right) or not any(right):
        return np.array([0.0, 1.0, 0.0, 0.0], dtype=np.float32)
    rows = np.array([signs(answer.scores, answer.seen) for answer in answers])
    machine = LogisticRegression(fit_intercept=False, C=100.0, max_iter=1000).fit(rows, right)
    return np.asarray(machine.coef_[0], dtype=np.float32)


def _quality(model: Classifier, answers: list[_Answer], labels: list[str], threshold: float) -> Quality:
    def share(found: list[bool]) -> float:
        return round(sum(found) / len(found), 4) if found else 0.0

    def domains(order: list[str]) -> list[str]:
        return list(dict.fromkeys(topic.partition(".")[0] for topic in order))

    sure = [answer for answer in answers if model.certainty(answer.scores, answer.seen) >= threshold]
    return Quality(
        examples=len(labels),
        topics=len(set(labels)),
        topic_top1=share([answer.right for answer in answers]),
        topic_top3=share([answer.truth in answer.order[:3] for answer in answers]),
        domain_top1=share([domains(answer.order)[0] == answer.truth.partition(".")[0] for answer in answers]),
        domain_top3=share([answer.truth.partition(".")[0] in domains(answer.order)[:3] for answer in answers]),
        sure=round(len(sure) / len(answers), 4),
        sure_right=share([answer.right for answer in sure]),
    )
