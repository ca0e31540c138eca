"""Locking a case and moving it: the first and last lines of every action."""

from __future__ import annotations

from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases import clocks
from guichet.cases.models import Case, Clock, Status
from guichet.cases.models.case import MOVES, OVER
from guichet.cases.policy import require_handle
from guichet.core.refused import Refused, Stale


def locked(case: Case, *, by: User, version: int | None = None) -> Case:
    """The row, locked, after asking the policy. Raises `Stale` when it is no longer the version that was shown."""
    require_handle(by, case)
    row = Case.objects.select_for_update(of=("self",)).select_related("person", "team", "topic").get(pk=case.pk)
    if version is not None and row.version != version:
        raise Stale
    return row


def move(case: Case, status: Status) -> None:
    """Change the status if MOVES lets it, and keep what depends on it true. The caller saves."""
    if case.status == status:
        return
    if status not in MOVES[Status(case.status)]:
        raise Refused(
            f"Une demande « {case.get_status_display()} » ne peut pas devenir « {status.label} ».", code="move"
        )
    case.status = status
    case.closed_at = timezone.now() if status in OVER else None
    if status not in {Status.WAITING_CITIZEN, Status.WAITING_THIRD}:
        case.waiting_since = case.remind_at = case.reminded_at = case.give_up_at = None
    if status in OVER:
        case.snoozed_until = None
        clocks.stop(case, [kind.value for kind in Clock.Kind], why=status.value)


def save(case: Case) -> None:
    case.version += 1
    clocks.refresh_due(case)
    case.save()
