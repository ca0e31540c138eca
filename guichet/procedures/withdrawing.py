"""When the law lets a decision be taken back, and until which day (CRPA L241-2, L242-1 to L242-4, L243-1, L243-3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from guichet.core.calendar import add_months, paris_day
from guichet.procedures.models import Decision, Outcome

MONTHS = 4  # CRPA L242-1 (creates rights), L243-3 (does not): from the day the decision was taken
Ground = Decision.Ground
GIVES = frozenset({Outcome.GRANTED, Outcome.IMPLICIT_ACCEPTANCE})  # what creates rights
# An implicit rejection needs no withdrawal: an express decision simply takes its place.
MAY_FALL = frozenset({*GIVES, Outcome.REFUSED})


@dataclass(frozen=True, slots=True)
class Delay:
    """For the withdrawal of an unlawful decision: its last day, counted in."""

    last_day: date
    left: int  # days after today; negative: over

    @property
    def is_over(self) -> bool:
        return self.left < 0


def delay(decision: Decision, *, today: date) -> Delay:
    last = add_months(paris_day(decision.decided_at), MONTHS)
    return Delay(last, (last - today).days)


def grounds(decision: Decision, *, today: date) -> list[Ground]:
    """Those that may still be given. After four months, only what the law binds to no delay."""
    found = [] if delay(decision, today=today).is_over else [Ground.UNLAWFUL]
    if decision.outcome in GIVES:
        found += [Ground.CONDITIONS, Ground.REQUESTED, Ground.FRAUD]
    else:
        found.append(Ground.REQUESTED)
    return found


def must_be_heard(decision: Decision, ground: str) -> bool:
    """What takes a right away is preceded by the person's observations (CRPA L121-1, L122-1); not what he asks for."""
    return decision.outcome in GIVES and ground != Ground.REQUESTED
