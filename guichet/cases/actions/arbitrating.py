"""Two teams send a case back and forth: a supervisor of both decides."""

from __future__ import annotations

from django.db import transaction

from guichet.accounts.models import User
from guichet.cases.actions.moving import locked, move, save
from guichet.cases.models import Case, Status, Task
from guichet.cases.pingpong import ping_pong
from guichet.core.refused import Refused
from guichet.journal.actions import record


@transaction.atomic
def ask_arbiter(case: Case, to: User, *, by: User) -> Case:
    """Give the case to a supervisor of one of the teams, with the task of deciding. The clocks go on."""
    case = locked(case, by=by)
    if case.is_over:
        raise Refused("Cette demande est terminée.")
    between = ping_pong(case)
    if to not in between.arbiters:
        raise Refused(f"{to.full_name} ne peut pas trancher pour ces équipes.")
    if case.sensitivity > to.clearance:
        raise Refused(f"{to.full_name} n'est pas habilité à lire cette demande.")
    case.assignee, case.unread = to, True
    if case.status in {Status.REGISTERED, Status.ASSIGNED, Status.REOPENED}:
        move(case, Status.IN_PROGRESS)
    save(case)
    names = " ou ".join(team.name for team in between.teams)
    Task.objects.get_or_create(
        case=case, about="arbitration", done_at=None,
        defaults={"label": f"Décider de l'équipe : {names} (transférée {case.transfers} fois)"[:200]},
    )  # fmt: skip
    record("case.arbitration", by=by, case_id=case.pk, to=to.pk, to_name=to.full_name, count=case.transfers)
    return case
