"""Eligibility told with its reasons, amounts shown line by line, payments in exact cents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from guichet.procedures.answers import holds
from guichet.procedures.definition import Definition, Instalment, PieceSpec, Rule
from guichet.procedures.formulas import BadFormula, Unknown, Value, read


class Met(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says of one person."""

    rule: Rule
    met: Met

    @property
    def said(self) -> str:
        return {Met.YES: self.rule.met, Met.NO: self.rule.unmet, Met.UNKNOWN: self.rule.label}[self.met]


@dataclass(frozen=True, slots=True)
class Worked:
    """One line of a computation, as it is shown to the person and to the agent."""

    code: str
    label: str
    formula: str
    value: str  # exact decimal
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Computation:
    lines: tuple[Worked, ...]
    cents: int


def eligibility(it: Definition, values: Mapping[str, Value], *, quick: bool = False) -> list[Verdict]:
    found = []
    for rule in it.rules:
        if quick and not rule.quick:
            continue
        try:
            met = Met.YES if read(rule.formula).holds(values) else Met.NO
            found.append(Verdict(rule, met))
        except (Unknown, BadFormula):
            found.append(Verdict(rule, Met.UNKNOWN))
    return found


def computation(it: Definition, values: Mapping[str, Value]) -> Computation | None:
    """None when the procedure computes nothing. Raises `Unknown` when an answer is missing, `BadFormula` when the
    figures do not fit."""
    if it.amount is None or not it.amount.lines:
        return None
    at_hand = dict(values)
    lines = []
    value = Decimal(0)
    for line in it.amount.lines:
        worked = read(line.formula).value(at_hand)
        if not isinstance(worked, Decimal):
            raise BadFormula(f"« {line.label} » ne donne pas un nombre.")
        at_hand[line.code] = value = worked
        lines.append(Worked(line.code, line.label, line.formula, f"{worked.normalize():f}", line.unit))
    return Computation(tuple(lines), cents_of(value))


def cents_of(euros: Decimal) -> int:
    """Never below zero: a formula does not make a debt."""
    return max(0, int((euros * 100).quantize(Decimal(1), ROUND_HALF_UP)))


def pieces_of(it: Definition, values: Mapping[str, Value]) -> list[PieceSpec]:
    return [piece for piece in it.pieces if holds(piece.when, values)]


def shared_out(total: int, instalments: Sequence[Instalment]) -> list[int]:
    """Cents of each instalment: each share is rounded down, the last one takes what is left.

    Thirds of 400.00 €: 133.33, 133.33, 133.34 (domain §5.5).
    """
    whole = sum(instalment.share for instalment in instalments)
    parts = [total * instalment.share // whole for instalment in instalments[:-1]]
    return [*parts, total - sum(parts)] if instalments else []


def reduced(total: int, *, done: Decimal, planned: Decimal) -> int:
    """The grant of a stay that was shortened: in proportion, never more than granted, cents rounded to the nearest."""
    if planned <= 0:
        raise BadFormula("La durée prévue doit être plus grande que zéro.")
    kept = min(max(done, Decimal(0)), planned)
    return int((Decimal(total) * kept / planned).quantize(Decimal(1), ROUND_HALF_UP))
