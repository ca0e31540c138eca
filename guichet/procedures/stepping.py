"""From phases (ours) to steps (told): « Étape 3/7 – Traitement de vos pièces justificatives »."""

from __future__ import annotations

from datetime import date

from guichet.procedures.definition import Definition, Phase, Step
from guichet.procedures.models import Dossier, Payment, Piece

PAID = frozenset({Payment.State.PAID, Payment.State.CANCELLED})


def current_step(dossier: Dossier) -> int:
    """The rank, from 1, of the step where the dossier stands: the first of its phase that still waits for something."""
    definition = dossier.definition
    if dossier.phase == Phase.CLOSED:
        return len(definition.steps) or 1
    first = definition.step_of(dossier.phase)
    steps = definition.steps
    number = first
    while (
        number < len(steps)
        and steps[number - 1].phase == steps[first - 1].phase
        and _is_passed(dossier, steps[number - 1])
    ):
        if steps[number].phase != steps[first - 1].phase:
            break
        number += 1
    return number


def _is_passed(dossier: Dossier, step: Step) -> bool:
    kind, _, what = step.waits.partition(":")
    if kind == "piece":
        return dossier.pieces.filter(code=what, state__in=[*Piece.SETTLED]).exists()
    if kind == "payment" and what.isdigit():
        return dossier.payments.filter(rank=int(what), state__in=[*PAID]).exists()
    return False


def holding_back(dossier: Dossier) -> list[Piece]:
    """The pieces without which the appraisal cannot be done (L114-5-1); the others never hold it back."""
    return [
        piece
        for piece in dossier.pieces.all()
        if piece.is_awaited
        and (spec := dossier.definition.piece(piece.code))
        and spec.required
        and spec.blocks_instruction
    ]


def set_step(dossier: Dossier, *, day: date) -> bool:
    """Write the step on the dossier, and the day of those it leaves behind. True when it changed. The caller saves."""
    definition: Definition = dossier.definition
    before, number = dossier.step, current_step(dossier)
    dossier.steps = max(1, len(definition.steps))
    if not definition.steps:
        dossier.step, dossier.step_label = 1, ""
        return False
    last = number if dossier.phase == Phase.CLOSED else number - 1
    for step in definition.steps[:last]:
        dossier.passed.setdefault(step.code, day.isoformat())
    dossier.step, dossier.step_label = number, definition.steps[number - 1].label
    return number != before
