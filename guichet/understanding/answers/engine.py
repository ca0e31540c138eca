"""From a question to one answer, a choice of at most three, or « I do not know ». The only way in for all who ask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from guichet.understanding.answers.counting import Floats
from guichet.understanding.answers.index import Article, Index, build_index
from guichet.understanding.answers.learning import (
    UNTAUGHT,
    Example,
    Taught,
    examples_of,
    hear,
    teach,
    with_wordings,
)  # fmt: skip
from guichet.understanding.answers.query import (
    Query,
    acronyms_in,
    everyday,
    joined_questions,
    questions_in,
    read_question,
    synonyms_of,
    told_apart,
    words_of_synonyms,
)  # fmt: skip
from guichet.understanding.answers.signs import SILENT, Candidates, Sounds, candidates, sureness_signs
from guichet.understanding.answers.spelling import Speller
from guichet.understanding.answers.text import term

OFFERED = 3
RANKED = 10
QUESTIONS = 4  # of one message
TURN = 4  # words: a turn of phrase may be recognised though none of its words says anything by itself


class Outcome(StrEnum):
    ANSWERED = "answered"
    OFFERED = "offered"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Proposal:
    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Answer:
    """`proposals`: the one answer, or at most three to choose from, or nothing. `ranking`: what the search found,
    best first, whatever the outcome. `parts`: the answer to each question when the message holds several."""

    outcome: Outcome
    proposals: tuple[Proposal, ...]
    ranking: tuple[str, ...]
    confidence: float  # that the first is right
    within_reach: float  # that one of the first three is right
    read_as: str  # the question, spelling corrected
    parts: tuple[Answer, ...] = ()
    question: str = ""


@dataclass(slots=True)
class Engine:
    """Made once for one state of the base (`build`), then only read: may be shared by threads."""

    index: Index
    speller: Speller
    synonyms: dict[tuple[str, ...], tuple[tuple[str, ...], ...]]
    acronyms: dict[str, tuple[str, ...]] = field(default_factory=dict)
    taught: Taught = field(default_factory=lambda: UNTAUGHT)

    def answer(self, text: str) -> Answer:
        whole = self._one(text)
        asked = questions_in(text)
        joined = joined_questions(text) if len(asked) < 2 else []
        pieces = joined or asked
        if len(pieces) < 2:
            return whole
        parts = tuple(replace(self._one(piece), question=piece) for piece in pieces[:QUESTIONS])
        distinct = {part.ranking[0] for part in parts if part.outcome is not Outcome.NONE}
        sure = not joined or any(part.outcome is Outcome.ANSWERED for part in parts)  # an « et » may join one question
        return replace(whole, parts=parts) if len(distinct) > 1 and sure else whole

    def search(self, text: str, at_most: int = RANKED) -> list[str]:
        """Sheets that hold something of the question, best first."""
        _, found, scores, _ = self.ranked(text)
        held = [place for place, blend in zip(found.places.tolist(), scores.tolist(), strict=True) if blend > 0]
        return [self.index.ids[place] for place in held[:at_most]]

    def read(self, text: str) -> Query:
        return read_question(text, self.index, self.speller, self.synonyms, self.acronyms)

    def ranked(self, text: str) -> tuple[Query, Candidates, Floats, Sounds]:
        query = self.read(text)
        nothing = np.zeros(0, dtype=np.float32)
        if not self.index.size:
            return query, Candidates(np.zeros(0, dtype=np.int64), nothing.reshape(0, 1)), nothing, SILENT
        sounds = hear(self.taught, query) if query.said or len(query.words) >= TURN else SILENT
        found = candidates(query, self.index, self.index.scores(query.weights), sounds)
        found, scores = self.taught.in_order(found, sounds)
        return query, found, scores, sounds

    def _one(self, text: str) -> Answer:
        query, found, scores, sounds = self.ranked(text)
        held = [place for place, blend in zip(found.places.tolist(), scores.tolist(), strict=True) if blend > 0]
        ranking = tuple(self.index.ids[place] for place in held[:RANKED])
        read_as = " ".join(query.words)
        understood = bool(query.said) and query.known > 0
        if not ranking or not (understood or self.taught.recognises(sounds)):
            return Answer(Outcome.NONE, (), ranking, 0.0, 0.0, read_as)
        signs = sureness_signs(query, found, scores, sounds)
        first, reach = self.taught.sureness(signs, sounds)
        if first >= self.taught.answer_from:
            outcome, count = Outcome.ANSWERED, 1
        elif reach >= self.taught.offer_from:
            outcome, count = Outcome.OFFERED, OFFERED
        else:
            outcome, count = Outcome.NONE, 0
        proposals = tuple(Proposal(self.index.ids[place], self.index.titles[place]) for place in held[:count])
        return Answer(outcome, proposals, ranking, first, reach, read_as)


def build(
    articles: Sequence[Article],
    examples: Iterable[Example] = (),
    synonyms: Iterable[str] = (),
    *,
    built_in: bool = True,
    learn: bool = True,
) -> Engine:
    """An engine for these sheets. `examples`: questions whose right sheets are known (none: out of scope), besides the
    wordings of the sheets. `synonyms`: lines « people's words = the sheets' words », over those every base has.
    Learning from the wordings takes seconds; without it, what every base knows is used."""
    known = examples_of(articles, examples)
    filed = with_wordings(articles, known)
    index = build_index(filed)
    lines = [*(everyday() if built_in else ()), *synonyms]
    same = synonyms_of(lines)
    acronyms = acronyms_in(_where_acronyms_are(articles))
    for letters in sorted(told_apart(acronyms, index.spelt)):
        said = acronyms[letters]
        same[said] = tuple(dict.fromkeys((*same.get(said, ()), (term(letters),))))
    speller = Speller(index.spelt, words_of_synonyms(lines))
    engine = Engine(index, speller, same, acronyms)
    if known and learn:
        engine.taught = teach(index, known, engine.read)
    return engine


def _where_acronyms_are(articles: Iterable[Article]) -> Iterable[str]:
    for article in articles:
        yield from (article.title, article.introduction, *article.headings, *article.keywords, article.body)
