"""To whom automatic sharing would give a case, and why: read only. What gives it is `cases.actions.sharing`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Count, Q
from django.utils import timezone

from guichet.accounts.absences import absences_on, today
from guichet.accounts.models import Membership, User
from guichet.cases.models import Case, CaseQuerySet, Status
from guichet.cases.models.case import HANDLE
from guichet.core.calendar import say_day, say_since
from guichet.journal.models import Event
from guichet.organisation.directory import directory
from guichet.organisation.models import Team

SEEN_WITHIN = timedelta(minutes=30)  # at his screen
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Candidate:
    """An agent of the team; `why_not` is empty when he may be given a case."""

    seat: Membership
    topics: frozenset[int]  # empty: all
    handles: int  # cases to handle that he has in this team
    why_not: str = ""

    @property
    def user(self) -> User:
        return self.seat.user

    @property
    def has_room(self) -> bool:
        return self.handles < self.seat.at_most

    @property
    def rank(self) -> tuple[float, datetime, int]:
        """Who has the most room first; between equals, who was served the longest ago."""
        return self.handles / max(self.seat.at_most, 1), self.seat.shared_at or NEVER, self.seat.pk

    @property
    def says_load(self) -> str:
        return f"{self.handles} demande{'s' * (self.handles > 1)} à traiter sur {self.seat.at_most} au plus"


def candidates(team: Team) -> list[Candidate]:
    """Agents of the team, who may be served first: three queries."""
    now = timezone.now()
    seats = list(
        Membership.objects.filter(team=team, role=Membership.Role.AGENT, user__is_active=True, user__kind="human")
        .select_related("user")
        .prefetch_related("topics")
    )
    agents = [seat.user_id for seat in seats]
    handled = dict(
        Case.objects.to_handle().filter(team=team, assignee__in=agents).order_by().values_list("assignee_id")
        .annotate(n=Count("pk")).values_list("assignee_id", "n")
    )  # fmt: skip
    away = absences_on(today(), agents)
    found = []
    for seat in seats:
        one = Candidate(seat, frozenset(t.pk for t in seat.topics.all()), handled.get(seat.user_id, 0))
        seen = seat.user.seen_at
        if seat.user_id in away:
            one.why_not = f"en absence jusqu'au {say_day(away[seat.user_id].last_day)}"
        elif not seat.user.available:
            one.why_not = "ne prend pas de nouvelles demandes"
        elif seen is None or now - seen > SEEN_WITHIN:
            one.why_not = f"vu au bureau {say_since(seen, now)}" if seen else "jamais vu au bureau"
        elif not one.has_room:
            one.why_not = "au complet"
        found.append(one)
    return sorted(found, key=lambda one: (bool(one.why_not), one.rank))


def choose(case: Case, among: Iterable[Candidate], left: frozenset[int]) -> Candidate | None:
    """`left`: who put this case back, or had it taken from him: it is not given to him again."""
    steps = {topic.pk for topic in directory().topic_lineage(directory().topic(case.topic_id))}
    able = [
        one
        for one in among
        if not one.why_not
        and one.has_room
        and one.user.pk not in left
        and case.sensitivity <= one.user.clearance
        and (not one.topics or one.topics & steps)
    ]
    return min(able, key=lambda one: one.rank, default=None)


def reason(chosen: Candidate) -> str:
    skill = ", sujet parmi les siens" if chosen.topics else ""
    return f"{chosen.says_load}{skill}"


def waiting_in(team: Team) -> CaseQuerySet:
    """What nobody has, in the order it is given. An answer that waits for approval stays where it is."""
    return Case.objects.running().filter(HANDLE, team=team, assignee=None).exclude(status=Status.IN_APPROVAL).by_due()


def left_by(cases: Iterable[Case]) -> dict[int, frozenset[int]]:
    """Who gave each of these cases back, by case: one query."""
    found: dict[int, frozenset[int]] = {}
    events = Event.objects.filter(
        Q(verb="case.released") | Q(verb="case.passed_back"), case_id__in=[case.pk for case in cases]
    )
    for case_id, actor, data in events.values_list("case_id", "actor_id", "data"):
        key = case_id or 0
        found[key] = found.get(key, frozenset()) | {n for n in (actor, data.get("left")) if n}
    return found


@dataclass(frozen=True, slots=True)
class Forecast:
    """What sharing would do now: the next case and agent, or why nothing is given."""

    case: Case | None
    chosen: Candidate | None
    why: str


def forecast(team: Team, agents: list[Candidate], user: User) -> Forecast:
    """Said to `user`, of cases he may see."""
    waiting = list(waiting_in(team).filter(pk__in=Case.objects.visible_to(user).filter(team=team).values("pk"))[:50])
    left = left_by(waiting)
    for case in waiting:
        if chosen := choose(case, agents, left.get(case.pk, frozenset())):
            return Forecast(case, chosen, reason(chosen))
    free = [one for one in agents if not one.why_not]
    if not agents:
        return Forecast(None, None, "l'équipe n'a pas d'agent")
    if not free:
        return Forecast(None, None, "aucun agent ne peut recevoir de demande maintenant")
    if waiting:
        return Forecast(None, None, "aucun agent présent ne prend les demandes qui attendent")
    return Forecast(None, free[0], reason(free[0]))
