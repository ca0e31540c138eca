"""A case that goes back and forth between teams: counted, and from the second return somebody must decide."""

from __future__ import annotations

from dataclasses import dataclass, field

from guichet.accounts.models import User
from guichet.accounts.policy import supervisors_of
from guichet.cases.models import Case
from guichet.journal.models import Event
from guichet.organisation.directory import directory
from guichet.organisation.models import Team

RETURNS_TO_SETTLE = 2


@dataclass(frozen=True, slots=True)
class PingPong:
    """`returns`: transfers to a team that had already passed the case on."""

    returns: int = 0
    teams: list[Team] = field(default_factory=list)
    arbiters: list[User] = field(default_factory=list)  # who answers for both teams first

    @property
    def must_be_settled(self) -> bool:
        return self.returns >= RETURNS_TO_SETTLE


def transfers_of(case: Case) -> list[tuple[int | None, int | None]]:
    """(team left, team reached) of each transfer, oldest first."""
    events = Event.objects.filter(case_id=case.pk, verb="case.transferred").order_by("id")
    return [(data.get("left"), data.get("to")) for data in events.values_list("data", flat=True)]


def ping_pong(case: Case) -> PingPong:
    if case.transfers <= RETURNS_TO_SETTLE:  # two returns need three transfers
        return PingPong()
    passed_on: set[int | None] = set()
    returns = 0
    last: tuple[int | None, int | None] = (None, None)
    for last in transfers_of(case):
        left, to = last
        passed_on.add(left)
        returns += to in passed_on
    if returns < RETURNS_TO_SETTLE:
        return PingPong(returns)
    known = directory().teams
    teams = [known[pk] for pk in (last[1], last[0]) if pk in known]
    return PingPong(returns, teams, supervisors_of(teams) if len(teams) > 1 else [])
