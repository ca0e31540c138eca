"""A supervisor moves work between agents of a team he answers for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from guichet.accounts.models import User
from guichet.cases.actions.handling import assign, release
from guichet.cases.models import Case
from guichet.cases.policy import may_approve
from guichet.core.refused import NotAllowed, Refused


@dataclass(slots=True)
class Moved:
    done: int = 0
    refused: list[tuple[Case, str]] = field(default_factory=list)


def reassign(cases: Iterable[Case], to: User | None, *, by: User) -> Moved:
    """Give each case to an agent, or back to the list of its team (`to` is None). Each is a transaction of its own,
    with its event: one that is refused, because it ended meanwhile, does not hold the others."""
    moved = Moved()
    for case in cases:
        if not may_approve(by, case):
            raise NotAllowed("Seuls les responsables de l'équipe répartissent ses demandes.")
        if case.assignee_id == (to.pk if to else None):
            continue
        try:
            if to is None:
                release(case, by=by)
            else:
                assign(case, to, by=by)
        except Refused as refusal:
            moved.refused.append((case, refusal.message))
        else:
            moved.done += 1
    return moved
