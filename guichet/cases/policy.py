"""Who may do what on a case. Asked inside actions; what may be seen is `Case.objects.visible_to`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from guichet.accounts.models import User
from guichet.accounts.policy import is_watched, supervised_paths, supervises, teams_seen
from guichet.cases.models import Case
from guichet.core.refused import NotAllowed
from guichet.organisation.directory import directory
from guichet.people.models import Person


def may_handle(user: User, case: Case) -> bool:
    """Machines act by rule; agents on what they see."""
    return user.is_machine or Case.objects.visible_to(user).filter(pk=case.pk).exists()


def require_handle(user: User, case: Case) -> None:
    if not may_handle(user, case):
        raise NotAllowed


def to_approve_by(user: User) -> Q | None:
    """The cases whose answers this user approves; None when he approves none."""
    if user.is_administrator:
        return Q()
    paths = supervised_paths(user)
    wanted = Q(pk__in=[])
    for path in paths:
        wanted |= Q(team__path__startswith=path)
    return wanted if paths else None


def may_approve(user: User, case: Case) -> bool:
    """Who is in charge of the team of the case, and administrators."""
    if user.is_machine or not user.is_active:
        return False
    return user.is_administrator if case.team is None else supervises(user, case.team)


def needs_approval(user: User, case: Case) -> bool:
    """Some topics, and some agents, are read by somebody else before an answer leaves (behaviours 41)."""
    if user.is_machine or may_approve(user, case):
        return False
    topic = directory().topic(case.topic_id)
    return is_watched(user) or any(step.needs_approval for step in directory().topic_lineage(topic))


def people_visible_to(user: User) -> QuerySet[Person]:
    """Living records of whom this user sees a case, through merged records too; all of them for an administrator."""
    living = Person.objects.living()
    if user.is_administrator and user.is_active:
        return living
    theirs = Case.objects.visible_to(user).filter(Q(person=OuterRef("pk")) | Q(person__merged_into=OuterRef("pk")))
    return living.filter(Exists(theirs))


@dataclass(frozen=True, slots=True)
class Viewer:
    """What one user may see, once read: the rule of `Case.objects.visible_to` without asking the database each time."""

    user_id: int
    everything: bool
    clearance: int
    teams: frozenset[int]

    @property
    def given(self) -> tuple[Any, ...]:
        """What `rights` takes, for queries that are kept."""
        return (self.clearance,) if self.everything else (self.clearance, sorted(self.teams), self.user_id)

    def sees(self, *, team_id: int | None, assignee_id: int | None, sensitivity: int) -> bool:
        if sensitivity > self.clearance:
            return False
        return self.everything or team_id in self.teams or assignee_id == self.user_id


def rights(case: str, clearance: int, teams: list[int] | None = None, user: int | None = None) -> Q:
    """The same rule as a condition; `case`: the way to it, « case__ » or nothing."""
    cleared = Q(**{f"{case}sensitivity__lte": clearance})
    if teams is None:
        return cleared
    return cleared & (Q(**{f"{case}team_id__among": teams}) | Q(**{f"{case}assignee_id": user}))


def viewer_of(user: User) -> Viewer | None:
    """None for who sees nothing: a machine, a closed account. Teams are read once for this object."""
    if not user.is_active or user.is_machine:
        return None
    teams = frozenset() if user.is_administrator else frozenset(team.pk for team in teams_seen(user))
    return Viewer(user.pk, user.is_administrator, user.clearance, teams)
