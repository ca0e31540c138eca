"""An answer among 3,031 sheets, then among 30,000, against a bare BM25 query of the same index in the same run, and
learning it all again.

The sheets are made up, with the sizes of public-service ones: words drawn as a language draws them (a few everywhere,
most of them rare), a matter by sheet, 120 of them with ten wordings each. The same at each run. CPU is what is counted:
what else the machine does must not weigh on one side only.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

import numpy as np

from bench import Measure
from guichet.understanding.answers.engine import Engine, build
from guichet.understanding.answers.index import WEIGHTS, Article

WORDED, WORDINGS, QUESTIONS = 120, 10, 400
SIZES = (("answers", 3031, 30.0), ("answers.large", 30_000, 60.0))  # name, sheets, goal in ms
LEARN_S = 30
WORDS, OF_A_MATTER = 30_000, 12
START = ("b", "ch", "d", "f", "gr", "l", "m", "n", "p", "pr", "r", "s", "t", "tr", "v")
MIDDLE = ("a", "ai", "an", "e", "en", "i", "o", "on", "ou", "u")
END = ("", "ge", "le", "ment", "ne", "re", "son", "te", "tion")


def run() -> Iterator[Measure]:
    for name, sheets, goal in SIZES:
        yield from _run(name, sheets, goal)


def _run(name: str, many: int, goal: float) -> Iterator[Measure]:
    sheets, questions = made_up(random.Random(20261127), many)
    started = time.process_time()
    engine = build(sheets)
    learning = time.process_time() - started
    del sheets
    for question in questions[:20]:
        engine.answer(question)
    bare = _p95(lambda question: _bare(engine, question), questions)
    answer = _p95(engine.answer, questions)
    yield Measure(name=f"{name}.search", value=round(bare, 3), unit="ms", ratio=None, against=None)
    yield Measure(name=name, value=round(answer, 3), unit="ms", ratio=round(answer / bare, 2), against=f"{name}.search")
    yield Measure(name=f"{name}.goal", value=goal, unit="ms", ratio=None, against=None)
    yield Measure(
        name=f"{name}.p95", value=round(answer, 3), unit="ms", ratio=round(answer / goal, 3), against=f"{name}.goal"
    )
    yield Measure(
        name=f"{name}.learn", value=round(learning, 1), unit="s", ratio=round(learning / LEARN_S, 2),
        against=f"{LEARN_S} s",
    )  # fmt: skip


def _p95(ask: Callable[[str], object], questions: Sequence[str]) -> float:
    spent = []
    for question in questions:
        started = time.process_time()
        ask(question)
        spent.append((time.process_time() - started) * 1000)
    return float(np.percentile(spent, 95))


def _bare(engine: Engine, question: str) -> object:
    """The words of the question in the fields, summed, the first ten: no spelling, no confidence, no order learnt."""
    total = WEIGHTS @ engine.index.scores(dict.fromkeys(engine.read(question).said, 1.0))
    near = np.argpartition(-total, 10)[:10]
    return near[np.argsort(-total[near])]


def made_up(draw: random.Random, many: int) -> tuple[list[Article], list[str]]:
    words = sorted({_word(draw) for _ in range(WORDS)})
    draw.shuffle(words)
    often = list(accumulate(1 / (rank + 3) for rank in range(len(words))))

    def some(count: int) -> list[str]:
        return draw.choices(words, cum_weights=often, k=count)

    sheets, questions = [], []
    for number in range(many):
        matter = draw.sample(words, OF_A_MATTER)

        def said(count: int, own: int, matter: list[str] = matter) -> str:
            mixed = some(count) + draw.choices(matter, k=own)
            draw.shuffle(mixed)
            return " ".join(mixed)

        wordings = tuple(said(3, 3) for _ in range(WORDINGS)) if number < WORDED else ()
        sheets.append(
            Article(
                id=f"F{number}", title=said(3, 4), wordings=wordings, keywords=(said(2, 3),), theme=" ".join(some(3)),
                introduction=said(30, 8), headings=tuple(said(4, 2) for _ in range(8)), body=said(820, 60),
            )
        )  # fmt: skip
        questions.append(said(9, 5))
    return sheets, draw.sample(questions, min(QUESTIONS, many))


def _word(draw: random.Random) -> str:
    return "".join(draw.choice(START) + draw.choice(MIDDLE) for _ in range(draw.randint(2, 4))) + draw.choice(END)
