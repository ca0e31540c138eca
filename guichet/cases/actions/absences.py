"""An agent is away: who stands in for him is written down, and what cannot wait passes to him."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from guichet.accounts.absences import absences_on, colleagues_of, may_record_absence, stand_in, today
from guichet.accounts.machines import GUICHET, machine
from guichet.accounts.models import Absence, User
from guichet.cases.actions.moving import locked, move, save
from guichet.cases.models import Case, PassedOn, Status
from guichet.cases.models.case import HANDLE
from guichet.cases.policy import may_handle
from guichet.core.calendar import end_of_day, say_day, start_of_day
from guichet.core.refused import NotAllowed, Refused
from guichet.journal.actions import record

LONGEST_DAYS = 366


@transaction.atomic
def record_absence(absence: Absence, *, by: User) -> Absence:
    """A new absence, or one that changes. What cannot wait passes at once when it has begun."""
    user, new = absence.user, absence.pk is None
    if not may_record_absence(by, user):
        raise NotAllowed("Une absence est enregistrée par l'agent lui-même ou par un responsable de son équipe.")
    User.objects.select_for_update(no_key=True).get(pk=user.pk)  # two at once would overlap
    _check(absence, new=new)
    absence.by = by
    absence.save()
    verb = "absence.recorded" if new else "absence.changed"
    _note(verb, absence, by=by)
    if absence.first_day <= today() <= absence.last_day:
        pass_on(absence)
    return absence


def _check(absence: Absence, *, new: bool) -> None:
    first, last = absence.first_day, absence.last_day
    if last < first:
        raise Refused("Le dernier jour vient avant le premier.", status=400)
    if new and last < today():
        raise Refused("Cette absence est déjà finie.", status=400)
    if (last - first).days > LONGEST_DAYS:
        raise Refused("Une absence dure au plus un an : désactivez plutôt le compte.", status=400)
    others = Absence.objects.filter(user=absence.user, first_day__lte=last, last_day__gte=first)
    if (other := others.exclude(pk=absence.pk or 0).first()) is not None:
        raise Refused(
            f"Une absence est déjà enregistrée du {say_day(other.first_day)} au {say_day(other.last_day)}.", status=400
        )
    if absence.substitute is not None and absence.substitute not in colleagues_of(absence.user):
        raise Refused("Le remplaçant doit travailler pour une des mêmes équipes.", status=400)


@transaction.atomic
def end_absence(absence: Absence, *, by: User) -> None:
    """He is back, or does not leave: it ends yesterday, or is as if never recorded. What passed is not taken back."""
    if not may_record_absence(by, absence.user):
        raise NotAllowed
    yesterday = date.fromordinal(today().toordinal() - 1)
    if absence.last_day < today():
        raise Refused("Cette absence est déjà finie.")
    if absence.first_day > yesterday and not absence.passed.exists():
        _note("absence.removed", absence, by=by)
        absence.delete()
        return
    absence.last_day = max(yesterday, absence.first_day)
    absence.save(update_fields=["last_day"])
    _note("absence.changed", absence, by=by)


def _note(verb: str, absence: Absence, *, by: User) -> None:
    record(
        verb, by=by, subject=f"user:{absence.user_id}", first=say_day(absence.first_day),
        last=say_day(absence.last_day), substitute=absence.substitute_id, leaves_to=absence.leaves_to,
    )  # fmt: skip


# -- what passes -------------------------------------------------------------------------------------------------------


def pass_on_all() -> int:
    """Every absence of today. May be run again at any moment: a case passes once for each absence."""
    return sum(pass_on(absence) for absence in absences_on(today()).values())


def pass_on(absence: Absence) -> int:
    """Open cases of the absent agent that got a message since he left, or are due before he is back."""
    urgent = _message_since(absence) | _due_meanwhile(absence)
    cases = Case.objects.running().filter(urgent, assignee=absence.user_id)
    waiting = cases.exclude(pk__in=absence.passed.values("case_id")).values_list("pk", flat=True)
    return sum(_pass(pk, absence) for pk in list(waiting.order_by("pk")))


def pass_message(case_id: int) -> bool:
    """A message arrived: if its agent is away, it does not wait for him."""
    case = Case.objects.filter(pk=case_id, assignee__isnull=False).first()
    if case is None or case.assignee_id is None:
        return False
    absence = absences_on(today(), [case.assignee_id]).get(case.assignee_id)
    return absence is not None and bool(_pass(case_id, absence))


def _message_since(absence: Absence) -> Q:
    return Q(last_inbound_at__gte=_start(absence))


def _due_meanwhile(absence: Absence) -> Q:
    return HANDLE & Q(due_at__lte=end_of_day(absence.last_day))


def _start(absence: Absence) -> datetime:
    return start_of_day(absence.first_day)


@transaction.atomic
def _pass(case_id: int, absence: Absence) -> int:
    by = machine(GUICHET)
    case = locked(Case(pk=case_id), by=by)
    if case.assignee_id != absence.user_id or case.is_over:
        return 0
    messaged = case.last_inbound_at is not None and case.last_inbound_at >= _start(absence)
    if not messaged and case.due_at > end_of_day(absence.last_day):
        return 0
    to = None
    if absence.leaves_to == Absence.Leaves.SUBSTITUTE:
        to = stand_in(absence.user, absences_on(today()))
        if to is not None and not may_handle(to, case):
            to = None
    why = "message arrivé" if messaged else "échéance pendant l'absence"
    _, fresh = PassedOn.objects.get_or_create(absence=absence, case=case, defaults={"to": to, "why": why})
    if not fresh:
        return 0  # he took it back himself
    case.assignee, case.unread = to, True
    if to is None and case.status == Status.IN_PROGRESS:
        move(case, Status.ASSIGNED)
    save(case)
    until = say_day(absence.last_day)
    said: dict[str, Any] = {"absent_name": absence.user.full_name, "why": why, "until": until, "left": absence.user_id}
    if to is None:
        record("case.passed_back", by=by, case_id=case.pk, **said)
    else:
        record("case.passed_on", by=by, case_id=case.pk, to=to.pk, to_name=to.full_name, **said)
    return 1
