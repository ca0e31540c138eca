"""The load of teams and agents: one definition of each kind of work, for its number and for its list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.models import Case, Status
from guichet.cases.models.case import HANDLE

AWAKE = Q(snoozed_until__isnull=True)
KINDS: dict[str, str] = {
    "a-traiter": "À traiter",
    "retard": "En retard",
    "jour": "Sous 24 heures",
    "attente": "En attente",
    "a-viser": "À viser",
    "libres": "À personne",
    "ouvertes": "En cours, tous états",
}


def condition_of(kind: str, now: datetime) -> Q:
    """Among running cases. `kind` is one of KINDS."""
    return {
        "a-traiter": HANDLE,
        "retard": HANDLE & Q(due_at__lt=now),
        "jour": HANDLE & Q(due_at__gte=now, due_at__lt=now + timedelta(days=1)),
        "attente": AWAKE & Q(status__in=[Status.WAITING_CITIZEN, Status.WAITING_THIRD]),
        "a-viser": AWAKE & Q(status=Status.IN_APPROVAL),
        "libres": HANDLE & Q(assignee__isnull=True),
        "ouvertes": Q(),
    }[kind]


@dataclass(slots=True)
class Load:
    """Numbers of running cases, by kind of work."""

    handle: int = 0
    late: int = 0
    soon: int = 0
    waiting: int = 0
    approval: int = 0
    free: int = 0
    running: int = 0

    def add(self, other: Load) -> None:
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))

    @property
    def cells(self) -> list[tuple[str, str, int]]:
        """(kind, label, number), in the order of the columns."""
        numbers = (self.handle, self.late, self.soon, self.waiting, self.approval, self.free, self.running)
        return [(kind, label, number) for (kind, label), number in zip(KINDS.items(), numbers, strict=True)]


Loads = dict[int, dict[int | None, Load]]  # team → agent, or None for nobody → load


def loads_of(user: User, teams: Iterable[int]) -> Loads:
    """What these teams and their agents have to do, among what `user` may see: one query, whatever their number."""
    now = timezone.now()
    counted = {f"n{n}": Count("pk", filter=condition_of(kind, now)) for n, kind in enumerate(KINDS)}
    rows = (
        Case.objects.visible_to(user)
        .running()
        .filter(team_id__in=list(teams))
        .order_by()
        .values_list("team_id", "assignee_id")
        .annotate(**counted)
    )
    found: Loads = {}
    for team, agent, *numbers in rows:
        found.setdefault(int(team), {})[agent] = Load(*numbers)
    return found


def total(loads: Iterable[Load]) -> Load:
    summed = Load()
    for load in loads:
        summed.add(load)
    return summed
