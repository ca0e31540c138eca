"""What agents do with a case besides writing: take it, pass it on, put it to sleep, end it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from guichet.accounts.absences import absences_on, stand_in, today
from guichet.accounts.machines import GUICHET, machine
from guichet.accounts.models import User
from guichet.accounts.policy import teams_of
from guichet.cases import clocks
from guichet.cases.actions.acknowledging import acknowledge_once_routed
from guichet.cases.actions.moving import locked, move, save
from guichet.cases.actions.routing import teach
from guichet.cases.models import Case, Status
from guichet.cases.models.case import OVER, Result
from guichet.cases.pingpong import transfers_of
from guichet.cases.policy import may_handle
from guichet.core.calendar import say_day
from guichet.core.refused import NotAllowed, Refused
from guichet.journal.actions import record
from guichet.organisation.directory import directory
from guichet.organisation.models import Team, Topic


@transaction.atomic
def assign(case: Case, to: User, *, by: User, version: int | None = None) -> Case:
    """Give the case to an agent who may see it."""
    case = locked(case, by=by, version=version)
    if not to.is_active or to.is_machine or not may_handle(to, case):
        raise Refused(f"{to.full_name} ne travaille pas sur cette file : transférez plutôt la demande.")
    if case.is_over:
        raise Refused("Cette demande est terminée. Rouvrez-la avant de l'attribuer.")
    wanted, to = to, _who_is_there(case, to, by=by)
    _give(case, to)
    if to.pk == wanted.pk:
        record("case.assigned", by=by, case_id=case.pk, to=to.pk, to_name=to.full_name)
    else:
        until = say_day(absences_on(today(), [wanted.pk])[wanted.pk].last_day)
        record("case.assigned_instead", by=by, case_id=case.pk, to=to.pk, to_name=to.full_name,
               absent=wanted.pk, absent_name=wanted.full_name, until=until)  # fmt: skip
    return case


@transaction.atomic
def take_live(case: Case, *, by: User) -> Case:
    """Who answers the person now has the case in his name, though it may be of another team: he sees it from then on.

    The caller knows that he was called to it; what his clearance forbids stays forbidden.
    """
    if not by.is_active or by.is_machine or case.sensitivity > by.clearance:
        raise NotAllowed("Ce sujet est réservé à des agents habilités.")
    case = locked(case, by=machine(GUICHET))
    if case.is_over:
        raise Refused("Cette demande est terminée. Rouvrez-la avant de l'attribuer.")
    _give(case, by)
    record("case.assigned", by=by, case_id=case.pk, to=by.pk, to_name=by.full_name)
    return case


def _give(case: Case, to: User) -> None:
    case.assignee = to
    if case.status in {Status.REGISTERED, Status.ASSIGNED, Status.REOPENED}:
        move(case, Status.IN_PROGRESS)
    save(case)


def _who_is_there(case: Case, to: User, *, by: User) -> User:
    """The agent, or who stands in for him while he is away. He may still take a case himself."""
    absences = absences_on(today()) if to.pk != by.pk else {}
    if to.pk not in absences:
        return to
    substitute = stand_in(to, absences)
    if substitute is None or not may_handle(substitute, case):
        until = say_day(absences[to.pk].last_day)
        raise Refused(f"Absence jusqu'au {until} : personne ne remplace {to.full_name}. Choisissez un autre agent.")
    return substitute


@transaction.atomic
def release(case: Case, *, by: User) -> Case:
    case = locked(case, by=by)
    left, case.assignee = case.assignee_id, None
    if case.status == Status.IN_PROGRESS:
        move(case, Status.ASSIGNED)
    save(case)
    record("case.released", by=by, case_id=case.pk, left=left)  # sharing does not give it back to him
    return case


@transaction.atomic
def transfer(case: Case, to: Team, *, by: User, reason: str, version: int | None = None) -> Case:
    """Pass the case to another team, saying why. The clocks go on: the citizen's delay does not start again."""
    if not reason.strip():
        raise Refused("Dites pourquoi vous transférez la demande : l'équipe suivante en a besoin.", status=400)
    case = locked(case, by=by, version=version)
    if case.is_over:
        raise Refused("Cette demande est terminée. Rouvrez-la avant de la transférer.")
    if to.pk == case.team_id:
        raise Refused("La demande est déjà dans cette équipe.")
    if not to.is_active:
        raise Refused("Cette équipe n'est plus active.")
    origin = case.team
    case.team, case.assignee, case.unread = to, None, True
    case.transfers += 1
    case.snoozed_until = None  # it sleeps for nobody: the next team sees it at once
    if case.status in {Status.REGISTERED, Status.IN_PROGRESS, Status.REOPENED, Status.ANSWERED}:
        move(case, Status.ASSIGNED)
    save(case)
    back = case.transfers > 1 and to.pk in {left for left, _ in transfers_of(case)}
    record(
        "case.transferred", by=by, case_id=case.pk, to=to.pk, to_name=to.name,
        from_name=origin.name if origin else "À orienter", reason=reason.strip()[:300], count=case.transfers,
        left=origin.pk if origin else None, back=back,
    )  # fmt: skip
    acknowledge_once_routed(case, by=machine(GUICHET))
    return case


@transaction.atomic
def change_topic(
    case: Case, topic: Topic, *, by: User, department: str | None = None, to_its_team: bool = False
) -> Case:
    """Say what the case is about: nature, sensitivity and clocks follow; it moves only if its team was not known.

    `to_its_team`: it goes to the team of the topic from any other.
    """
    case = locked(case, by=by)
    if topic.sensitivity > by.clearance and not by.is_machine:
        raise NotAllowed("Ce sujet est réservé : transférez la demande à l'équipe qui en a la charge.")
    teach(case, topic, by=by)
    # What was only guessed leaves no trace; a sensitivity a person gave stays.
    was = case.topic.sensitivity if case.topic_guessed and case.topic else -1
    case.sensitivity = topic.sensitivity if case.sensitivity == was else max(case.sensitivity, topic.sensitivity)
    case.topic, case.topic_guessed, case.nature = topic, False, topic.nature
    if department is not None:
        case.department = department
    team = directory().team_for(topic, case.department)
    if team is not None and (case.team is None or case.team.takes_unrouted or (to_its_team and team != case.team)):
        leaves = case.team is not None and not case.team.takes_unrouted
        case.team = team
        if leaves:
            case.assignee, case.unread = None, True
        if case.status == Status.REGISTERED or (leaves and case.status in {Status.IN_PROGRESS, Status.REOPENED}):
            move(case, Status.ASSIGNED)
        record("case.routed", by=by, case_id=case.pk, team=team.pk, team_name=team.name)
    clocks.on_topic_change(case)
    save(case)
    if case.assignee is not None and not may_handle(case.assignee, case):
        case.assignee = None  # the new topic is above what he may read
        save(case)
    record("case.topic_changed", by=by, case_id=case.pk, topic=topic.code)
    acknowledge_once_routed(case, by=machine(GUICHET))
    return case


@transaction.atomic
def close(
    case: Case,
    *,
    by: User,
    result: str = Result.ANSWERED,
    version: int | None = None,
    despite_tasks: bool = False,
) -> Case:
    """End the case. Raises `Refused` while something remains to be done, unless `despite_tasks` (behaviours 59)."""
    case = locked(case, by=by, version=version)
    if result not in Result.values:
        raise Refused("Choisissez un résultat dans la liste.", status=400)
    if case.is_over:
        raise Refused("Cette demande est déjà terminée.")
    if not despite_tasks and (left := case.tasks.filter(done_at__isnull=True).count()):
        said = "Une tâche reste à faire : faites-la" if left == 1 else f"{left} tâches restent à faire : faites-les"
        raise Refused(f"{said}, ou clôturez malgré tout.")
    case.result = result
    case.unread = False
    move(case, Status.CLOSED)
    save(case)
    record("case.closed", by=by, case_id=case.pk, result=str(result))
    return case


@transaction.atomic
def reopen(case: Case, *, by: User) -> Case:
    case = locked(case, by=by)
    if case.status not in OVER or case.status == Status.MERGED:
        raise Refused("Cette demande n'est pas terminée.")
    result, case.result = case.result, ""
    move(case, Status.REOPENED)
    case.transmitted_to = None
    clocks.on_reopening(case, result)
    save(case)
    record("case.reopened", by=by, case_id=case.pk)
    return case


@transaction.atomic
def snooze(case: Case, until: datetime, *, by: User) -> Case:
    """Out of the list until a date, or until the first new message. Deadlines go on."""
    if until <= timezone.now():
        raise Refused("Choisissez une date à venir.", status=400)
    case = locked(case, by=by)
    if case.is_over:
        raise Refused("Cette demande est terminée : elle n'est plus dans la liste.")
    case.snoozed_until = until
    save(case)
    record("case.snoozed", by=by, case_id=case.pk, until=until.isoformat())
    return case


@transaction.atomic
def wake(case: Case, *, by: User) -> Case:
    case = locked(case, by=by)
    case.snoozed_until = None
    case.unread = True
    save(case)
    record("case.woken", by=by, case_id=case.pk)
    return case


@transaction.atomic
def reject_as_abusive(case: Case, *, by: User) -> Case:
    """CRPA L112-3 and L112-11: no receipt for abusive sendings; it is written down who decided so."""
    case = locked(case, by=by)
    case.result = Result.ABUSIVE
    move(case, Status.ABUSIVE)
    save(case)
    record("case.abusive", by=by, case_id=case.pk)
    return case


def mark_read(case: Case, *, by: User) -> None:
    """Opening a file is recorded (who looked at my file); the first look of the team clears the mark."""
    if case.unread and case.team_id and teams_of(by).filter(pk=case.team_id).exists():
        Case.objects.filter(pk=case.pk, unread=True).update(unread=False)
    record("case.read", by=by, case_id=case.pk, person_id=case.person_id)
