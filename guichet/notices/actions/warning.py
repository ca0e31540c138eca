"""Warnings before a promise is missed: to who holds the case, then to who leads the team. Each is told once.

And at once, to the whole team, when somebody seems in danger.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from guichet.accounts.absences import Absences, absences_on, stand_in, today
from guichet.accounts.machines import GUICHET, machine
from guichet.accounts.models import Membership, User
from guichet.cases.models import Clock, Suspension
from guichet.core.calendar import NeverOpen
from guichet.journal.actions import record
from guichet.notices.models import Alert, AlertQuerySet
from guichet.organisation.directory import Directory, directory

NEAR = timedelta(hours=4)  # of working time: half a day
# What was late long before: a Guichet that starts over old cases does not tell each of them.
LATE_WITHIN = timedelta(days=7)
AT_ONCE = 500


def warn() -> int:
    """Tell everybody who must be told and was not. Returns how many were."""
    now, known, away = timezone.now(), directory(), absences_on(today())
    leaders = _leaders(known)
    told = 0
    running = (
        Clock.objects.filter(kind=Clock.Kind.COMMITMENT, stopped_at__isnull=True, case__closed_at__isnull=True)
        .filter(~Exists(Suspension.objects.filter(clock=OuterRef("pk"), ended_at__isnull=True)))
        .select_related("case__assignee")
        .order_by("due_at", "pk")
    )
    for teams, horizon in _horizons(known, now):
        near = running.filter(Q(due_at__gt=now, due_at__lte=horizon), case__team__in=teams)
        warned = Alert.objects.exclude(kind=Alert.Kind.LATE)
        for clock in _new(near, warned):
            to = _there(clock.case.assignee, away)
            if to is not None:
                told += _tell([to], clock, Alert.Kind.NEAR)
            else:
                told += _tell(_there_of(leaders, clock, away), clock, Alert.Kind.NOBODY)
    led = [team for team, users in leaders.items() if users]
    late = running.filter(due_at__lte=now, due_at__gt=now - LATE_WITHIN, case__team__in=led)
    for clock in _new(late, Alert.objects.filter(kind=Alert.Kind.LATE)):
        told += _tell(_there_of(leaders, clock, away), clock, Alert.Kind.LATE)
    return told


@transaction.atomic
def warn_at_once(case_id: int) -> int:
    """Tell everybody of the team, and who leads it, that a case cannot wait. Returns how many were; a new sign of
    danger tells again those who had read the first."""
    lasting = Q(kind__in=[Clock.Kind.COMMITMENT, Clock.Kind.SILENCE], stopped_at__isnull=True)
    clock = Clock.objects.filter(lasting, case_id=case_id).select_related("case").order_by("kind").first()
    if clock is None:  # answered or closed meanwhile
        return 0
    case, now, known = clock.case, timezone.now(), directory()
    unrouted = known.unrouted_team
    there = _of_team(case.team_id) or _of_team(unrouted.pk if unrouted else None)
    users = {user.pk: user for user in [*there, *_leaders(known).get(case.team_id or 0, [])]}
    alerts = [
        Alert(user=user, case=case, clock=clock, started_at=clock.started_at, kind=Alert.Kind.DANGER, at=now)
        for user in users.values()
        if user.clearance >= case.sensitivity
    ]
    Alert.objects.bulk_create(
        alerts, update_conflicts=True, unique_fields=["clock", "started_at", "kind", "user"],
        update_fields=["at", "read_at"],
    )  # fmt: skip
    if alerts:
        team = known.team(case.team_id)
        record("case.warned", by=machine(GUICHET), case_id=case.pk, what=Alert.Kind.DANGER.label.lower(),
               to_name=f"toute l'équipe {team.name}" if team else "l'accueil")  # fmt: skip
    return len(alerts)


def _of_team(team: int | None) -> list[User]:
    return list(User.objects.filter(memberships__team=team, is_active=True).order_by("pk")) if team else []


def _new(clocks: QuerySet[Clock], warned: AlertQuerySet) -> list[Clock]:
    """Those of which nothing was told since they started."""
    already = warned.filter(clock=OuterRef("pk"), started_at=OuterRef("started_at"))
    return list(clocks.filter(~Exists(already))[:AT_ONCE])


def _horizons(known: Directory, now: datetime) -> list[tuple[list[int], datetime]]:
    """Teams by the moment half a working day from now: each has its hours and closures."""
    found: dict[datetime, list[int]] = {}
    for team in known.teams.values():
        try:
            horizon = known.calendar(team).add_working_time(now, NEAR)
        except NeverOpen:
            horizon = now + timedelta(days=1)
        found.setdefault(horizon, []).append(team.pk)
    return [(teams, horizon) for horizon, teams in found.items()]


def _leaders(known: Directory) -> dict[int, list[User]]:
    """Who leads each team: of the nearest unit that somebody leads."""
    seats = Membership.objects.filter(role=Membership.Role.SUPERVISOR, user__is_active=True).select_related("user")
    by_team: dict[int, list[User]] = {}
    for seat in seats.order_by("pk"):
        by_team.setdefault(seat.team_id, []).append(seat.user)
    return {
        team.pk: next((by_team[step.pk] for step in known.lineage(team) if step.pk in by_team), [])
        for team in known.teams.values()
    }


def _there(user: User | None, away: Absences) -> User | None:
    return stand_in(user, away) if user is not None else None


def _there_of(leaders: dict[int, list[User]], clock: Clock, away: Absences) -> list[User]:
    found = [_there(user, away) or user for user in leaders.get(clock.case.team_id or 0, [])]
    return list({user.pk: user for user in found}.values())


@transaction.atomic
def _tell(users: Iterable[User], clock: Clock, kind: Alert.Kind) -> int:
    told = 0
    for user in users:
        if clock.case.sensitivity > user.clearance:
            continue
        _, fresh = Alert.objects.get_or_create(
            clock=clock, started_at=clock.started_at, kind=kind, user=user, defaults={"case": clock.case}
        )
        if fresh:
            told += 1
            record("case.warned", by=machine(GUICHET), case_id=clock.case_id, to=user.pk, to_name=user.full_name,
                   what=kind.label)  # fmt: skip
    return told


@transaction.atomic
def mark_warnings_read(ids: Iterable[int] | None, *, by: User) -> int:
    """Those given, or all of them: only his own."""
    mine = Alert.objects.filter(user=by, read_at__isnull=True)
    if ids is not None:
        mine = mine.filter(pk__in=list(ids))
    return mine.update(read_at=timezone.now())
