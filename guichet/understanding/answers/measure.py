"""The engine measured on questions whose right sheets are known."""

from __future__ import annotations

import resource
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from guichet.understanding.answers.engine import Engine, Outcome
from guichet.understanding.answers.learning import Example

Figures = dict[str, float | int | None]


def measure(engine: Engine, questions: Sequence[Example], index_s: float) -> Figures:
    """Shares between 0 and 1, None when nothing was asked. In scope: the questions that have a right sheet."""
    engine.answer("première question, pour ne pas compter le réveil")
    spent: list[float] = []
    answers = []
    for question in questions:
        started = time.perf_counter()
        answers.append(engine.answer(question.text))
        spent.append((time.perf_counter() - started) * 1000)
    pairs = list(zip(questions, answers, strict=True))
    inside = [(set(question.right), answer) for question, answer in pairs if question.right]
    outside = [answer for question, answer in pairs if not question.right]
    ranks = [next((at for at, key in enumerate(a.ranking) if key in right), None) for right, a in inside]

    def share(good: Sequence[bool]) -> float | None:
        return round(sum(good) / len(good), 4) if good else None

    def within(many: int) -> float | None:
        return share([rank is not None and rank < many for rank in ranks])

    direct = [bool(right & {a.proposals[0].id}) for right, a in inside if a.outcome is Outcome.ANSWERED]
    false = [a.outcome is Outcome.ANSWERED for a in outside]
    return {
        "n_in": len(inside),
        "n_out": len(outside),
        "recall_1": within(1),
        "recall_3": within(3),
        "recall_5": within(5),
        "mrr": round(sum(1 / (rank + 1) for rank in ranks if rank is not None) / len(ranks), 4) if ranks else None,
        "answered": share([a.outcome is Outcome.ANSWERED for _, a in inside]),
        "answered_precision": share([*direct, *(False for is_false in false if is_false)]),
        "offered": share([a.outcome is Outcome.OFFERED for _, a in inside]),
        "settled": share([bool(right & {p.id for p in a.proposals}) for right, a in inside]),
        "false_answer": share(false),
        "ms_p50": round(float(np.percentile(spent, 50)), 2) if spent else None,
        "ms_p95": round(float(np.percentile(spent, 95)), 2) if spent else None,
        "index_s": round(index_s, 2),
        "rss_mb": _resident_mb(),
    }


def _resident_mb() -> int:
    """Of this process now, where the system tells; else its highest."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmRSS"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
