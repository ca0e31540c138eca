"""Topics learnt from examples: linear, small, explained by words; learnt with scikit-learn, applied with numpy alone.

A text becomes three groups of features, each of length one: stems and pairs of stems, concepts and pairs of concepts,
pieces of 3 to 5 letters (they forgive typing errors). One score a topic is the sum of its weights. How far the first
topic stands before the second, and how much of the text was ever seen, say how likely it is to be right.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from guichet.understanding.words import Reading, read, sentences

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]

GROUPS = ("w", "k", "c")
GROUP_WEIGHTS = {"w": 1.2, "k": 0.7, "c": 0.9}
WEIGHTS_BEFORE = {"w": 1.0, "k": 1.6, "c": 0.7}  # of versions kept without theirs
FORMAT = 1
WHOLE = 0.6  # the rest goes to the best sentence
MAX_SENTENCES = 20
MAX_KEPT_WORDS = 50_000
EXPLAINED = 3


@dataclass(frozen=True, slots=True)
class Example:
    """A text and the code of its topic, to learn from."""

    text: str
    topic: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """One topic: its probability of being what the message is about, and the words that spoke for it."""

    topic: str
    probability: float
    words: tuple[str, ...] = ()

    @property
    def domain(self) -> str:
        return self.topic.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a text seems to be about: topics best first, and how likely the first one's domain is, its topic apart."""

    proposals: list[Proposal]
    domain: str
    domain_probability: float
    by_sentence: list[Proposal]  # first topics of sentences that, taken alone, speak of another domain


def features(reading: Reading) -> Iterator[tuple[str, Counter[str]]]:
    """Counts by group. Names start with their group, so that one vocabulary holds all."""
    yield from zip(GROUPS, (*_named(reading), Counter(g for word in reading.words for g in grams(word))), strict=True)


def _named(reading: Reading) -> tuple[Counter[str], Counter[str]]:
    """Stems and concepts, alone and by pairs; letters are counted apart."""
    stems, concepts = reading.stems, sorted(set(reading.concepts))
    return (
        Counter([f"w:{s}" for s in stems] + [f"w:{a} {b}" for a, b in pairwise(stems)]),
        Counter([f"k:{c}" for c in concepts] + [f"k:{a}+{b}" for a, b in combinations(concepts, 2)]),
    )


def grams(word: str) -> list[str]:
    """Pieces of 3 to 5 letters of a word, its ends marked."""
    padded = f" {word} "
    return [f"c:{padded[at : at + size]}" for size in (3, 4, 5) for at in range(len(padded) - size + 1)]


@dataclass(slots=True)
class Classifier:
    """Weights by feature and topic. Immutable once made; may be shared by threads."""

    topics: list[str]
    names: list[str]  # of the features, by number
    rarity: Floats  # by feature: idf
    weights: Floats  # feature × topic
    bias: Floats  # by topic
    # By sign (see `signs`): first row for the topic, second for its domain.
    sureness: Floats = field(default_factory=lambda: np.array([[0, 1, 0, 0], [0, 1, 0, 0]], dtype=np.float32))
    groups: dict[str, float] = field(default_factory=lambda: GROUP_WEIGHTS)
    vocabulary: dict[str, int] = field(init=False, repr=False)
    _domains: Numbers = field(init=False, repr=False)  # by topic: a number for its domain
    _kept_letters: dict[str, list[int]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.vocabulary = {name: number for number, name in enumerate(self.names)}
        domains = [topic.partition(".")[0] for topic in self.topics]
        self._domains = np.array([domains.index(domain) for domain in domains], dtype=np.int64)

    def vector(self, reading: Reading) -> tuple[Numbers, Floats, float]:
        """Feature numbers, their values, and the share of stems ever seen."""
        [vector] = self.vectors([reading])
        return vector

    def vectors(self, readings: Sequence[Reading]) -> list[tuple[Numbers, Floats, float]]:
        """The same for several at once: arrays cost by the call more than by their length.

        Rare features count more, repeated ones hardly; the length of each group is its weight.
        """
        known = self.vocabulary
        counts: list[int] = []
        numbers: list[int] = []
        ends: list[int] = []  # of each group of each reading, and so of each reading
        for reading in readings:
            for found in _named(reading):
                for name, count in found.items():
                    if (number := known.get(name)) is not None:
                        numbers.append(number)
                        counts.append(count)
                ends.append(len(numbers))
            letters = Counter([number for word in reading.words for number in self._letters(word)])
            numbers += letters
            counts += letters.values()
            ends.append(len(numbers))
        all_numbers = np.array(numbers, dtype=np.int64)
        values = (1 + np.log(np.array(counts, dtype=np.float32))) * self.rarity[all_numbers]
        sizes = np.diff(np.array([0, *ends]))
        squares = np.concatenate([[0.0], np.cumsum(values * values, dtype=np.float64)])
        lengths = np.sqrt(np.maximum(np.diff(squares[[0, *ends]]), 1e-12))
        weights = np.tile(np.array([self.groups[group] for group in GROUPS]), len(readings))
        values = np.asarray(values * np.repeat(weights / lengths, sizes), dtype=np.float32)
        limits = [0, *ends[len(GROUPS) - 1 :: len(GROUPS)]]
        return [
            (all_numbers[first:last], values[first:last], self._known_share(reading))
            for reading, (first, last) in zip(readings, pairwise(limits), strict=True)
        ]

    def _known_share(self, reading: Reading) -> float:
        return sum(f"w:{s}" in self.vocabulary for s in reading.stems) / (len(reading.stems) or 1)

    def _letters(self, word: str) -> list[int]:
        """Numbers of the known pieces of a word, kept: the same words come back in every message."""
        found = self._kept_letters.get(word)
        if found is None:
            found = [self.vocabulary[gram] for gram in grams(word) if gram in self.vocabulary]
            if len(self._kept_letters) < MAX_KEPT_WORDS:
                self._kept_letters[word] = found
        return found

    def scores(self, reading: Reading) -> tuple[Floats, float]:
        """One score a topic (about -1 … 1, above 0 is a yes), and the share of stems ever seen."""
        numbers, values, seen = self.vector(reading)
        return self._sum(numbers, values), seen

    def _sum(self, numbers: Numbers, values: Floats) -> Floats:
        return values @ self.weights[numbers] + self.bias if len(numbers) else self.bias.copy()

    def propose(self, text: str, *, at_most: int = 3) -> Opinion:
        """Best first. The whole and its best sentences count: a request lost in a long letter is still found.

        The probability of the first is calibrated; those of the next share what remains.
        """
        pieces = sentences(text)[:MAX_SENTENCES]
        (numbers, values, seen), *parted = self.vectors([read(text), *(read(p) for p in pieces if len(pieces) > 1)])
        scores = self._sum(numbers, values)
        said = [(self._sum(some, worth), share) for some, worth, share in parted]
        if said:
            parts = np.max([piece_scores for piece_scores, _ in said], axis=0)
            scores = (WHOLE * scores + (1 - WHOLE) * parts).astype(np.float32)
        order = [int(topic) for topic in np.argsort(-scores)[:at_most]]
        first, domain_probability = self.certainty(scores, seen)
        shares = np.exp(4 * (scores[order] - scores[order[0]]))
        rest = float(shares[1:].sum()) + 0.3  # something is left for the topics not shown
        proposals = [
            Proposal(
                self.topics[topic],
                first if place == 0 else (1 - first) * float(shares[place]) / rest,
                self._reasons(numbers, values, topic) if place < EXPLAINED else (),
            )
            for place, topic in enumerate(order)
        ]
        first_domain = self._domains[order[0]]
        elsewhere = [(s, share) for s, share in said if self._domains[int(s.argmax())] != first_domain]
        by_sentence = [Proposal(self.topics[int(s.argmax())], self.certainty(s, share)[0]) for s, share in elsewhere]
        return Opinion(proposals, proposals[0].domain, domain_probability, by_sentence)

    def certainty(self, scores: Floats, seen: float) -> tuple[float, float]:
        """How likely the first topic, and its domain, are right: learnt on examples left out of the learning."""
        topic, domain = self.signs(scores, seen)
        return _likely(topic @ self.sureness[0]), _likely(domain @ self.sureness[1])

    def signs(self, scores: Floats, seen: float) -> tuple[Floats, Floats]:
        """What tells whether the first is right: constant, its lead, its score, the share of known stems.

        For the topic, the lead over the next topic; for the domain, over the first topic of another domain.
        """
        best = int(scores.argmax())
        top = float(scores[best])
        second = float(np.partition(scores, -2)[-2])
        elsewhere = scores[self._domains != self._domains[best]]
        rival = float(elsewhere.max()) if len(elsewhere) else -1.0
        return (
            np.array([1.0, top - second, top, seen], dtype=np.float32),
            np.array([1.0, top - rival, top, seen], dtype=np.float32),
        )

    def _reasons(self, numbers: Numbers, values: Floats, topic: int) -> tuple[str, ...]:
        """The words and concepts that weighed most for a topic, for the log and the agent."""
        weights = values * self.weights[numbers, topic]
        named = [(float(weights[at]), self.names[int(numbers[at])]) for at in np.argsort(-weights)[:60]]
        chosen = [name[2:] for weight, name in named if weight > 0 and name[0] != "c" and "+" not in name]
        return tuple(chosen[:4])

    # -- kept as bytes: numbers and names, never code ----------------------------------------------------------------

    def dump(self) -> bytes:
        buffer = io.BytesIO()
        head = {"format": FORMAT, "topics": self.topics, "names": self.names, "groups": self.groups}
        np.savez_compressed(
            buffer,
            head=np.frombuffer(json.dumps(head, ensure_ascii=False).encode(), dtype=np.uint8),
            rarity=self.rarity, weights=self.weights.astype(np.float16), bias=self.bias, sureness=self.sureness,
        )  # fmt: skip
        return buffer.getvalue()

    @classmethod
    def load(cls, content: bytes) -> Classifier:
        """Raises ValueError when `content` is not a classifier of this format."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as kept:
                head: dict[str, Any] = json.loads(kept["head"].tobytes())
                if head["format"] != FORMAT:
                    raise ValueError("another format")
                return cls(
                    topics=head["topics"],
                    names=head["names"],
                    rarity=kept["rarity"], weights=kept["weights"].astype(np.float32), bias=kept["bias"],
                    sureness=kept["sureness"], groups=head.get("groups", WEIGHTS_BEFORE),
                )  # fmt: skip
        except (KeyError, OSError, EOFError, UnicodeDecodeError, zipfile.BadZipFile) as error:
            raise ValueError("not a classifier") from error


def _likely(x: float) -> float:
    return float(1 / (1 + math.exp(-min(max(float(x), -30.0), 30.0))))
