"""Waiting for the person: with a reminder and an end, or for pieces that suspend the legal delay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases import clocks
from guichet.cases.actions.moving import locked, move, save
from guichet.cases.actions.writing import reply
from guichet.cases.models import Case, Clock, Interaction, Status, Suspension, Task
from guichet.cases.models.case import Result
from guichet.core.calendar import end_of_day, paris_day, say_day
from guichet.core.refused import Refused
from guichet.journal.actions import record
from guichet.organisation.models import Topic

SUSPENDED = (
    "Le délai au terme duquel une décision naît sans réponse de notre part est suspendu jusqu'à cette date, ou jusqu'à "
    "leur réception si elle vient avant (article L. 114-5 du code des relations entre le public et l'administration)."
)
NOT_STARTED = (
    "Le délai au terme duquel votre demande est acceptée sans réponse de notre part ne commencera qu'à leur réception "
    "(article L. 114-5 du code des relations entre le public et l'administration)."
)


@transaction.atomic
def wait_for_citizen(case: Case, *, by: User, days: int | None = None) -> Case:
    """Nothing more can be done before the person answers: the promise is held, a reminder is planned, an end too.

    `days`: how long; the reminder comes after `WAITING_REMINDER_DAYS`, or at half time when that is sooner.
    """
    length = timedelta(days=settings.WAITING_END_DAYS if days is None else days)
    if length < timedelta(days=1):
        raise Refused("Attendez au moins un jour.", status=400)
    case = locked(case, by=by)
    now = timezone.now()
    move(case, Status.WAITING_CITIZEN)
    clocks.suspend(case, [Clock.Kind.COMMITMENT], reason=Suspension.Reason.WAITING_CITIZEN)
    case.waiting_since, case.reminded_at, case.unread = now, None, False
    case.remind_at = now + min(timedelta(days=settings.WAITING_REMINDER_DAYS), length / 2)
    case.give_up_at = now + length
    save(case)
    record("case.waiting", by=by, case_id=case.pk, until=case.give_up_at.isoformat())
    return case


@transaction.atomic
def ask_pieces(
    case: Case, *, by: User, pieces: Sequence[str], until: datetime, text: str = "", version: int | None = None
) -> Interaction:
    """Ask for all the missing pieces at once, with a delay: the only letter that suspends the legal clock (L114-5)."""
    wanted = [piece.strip() for piece in pieces if piece.strip()]
    if not wanted:
        raise Refused("Indiquez au moins un document à demander.", status=400)
    if paris_day(until) <= paris_day(timezone.now()):
        raise Refused("La date limite doit être à venir.", status=400)
    until = end_of_day(paris_day(until))
    silence = case.clocks.filter(kind=Clock.Kind.SILENCE, stopped_at__isnull=True).first()
    body = _letter(text, wanted, until, silence)
    interaction = reply(case, by=by, text=body, version=version, kind=Interaction.Kind.PIECES)
    case = locked(case, by=by)
    move(case, Status.WAITING_CITIZEN)
    # An acceptance starts with the pieces, whenever they come; a rejection waits no longer than the delay given.
    starts_with_pieces = silence is not None and silence.effect == Topic.Silence.ACCEPTANCE
    reason = Suspension.Reason.MISSING_PIECES
    clocks.suspend(
        case, [Clock.Kind.SILENCE], reason=reason, until=None if starts_with_pieces else until, detail=wanted
    )
    case.waiting_since, case.reminded_at = timezone.now(), None
    case.remind_at = max(
        until - timedelta(days=settings.WAITING_REMINDER_DAYS), timezone.now() + (until - timezone.now()) / 2
    )
    case.give_up_at = until  # then it comes back to the agent: see `give_up`
    save(case)
    record("case.pieces_asked", by=by, case_id=case.pk, count=len(wanted), until=until.isoformat(),
           interaction=interaction.pk)  # fmt: skip
    return interaction


def _letter(text: str, wanted: Sequence[str], until: datetime, silence: Clock | None) -> str:
    listed = "\n".join(f"– {piece}" for piece in wanted)
    letter = (
        f"{text.strip() or 'Bonjour,'}\n\nPour traiter votre demande, il nous manque :\n{listed}\n\n"
        f"Envoyez ces documents au plus tard le {say_day(paris_day(until))}, en répondant à ce message ou sur la page "
        "de suivi."
    )
    if silence is None:
        return letter  # nothing is suspended: nothing is said of it
    return f"{letter} {NOT_STARTED if silence.effect == Topic.Silence.ACCEPTANCE else SUSPENDED}"


@transaction.atomic
def give_up(case: Case, *, by: User) -> Case:
    """The wait is over and nobody answered. An information request ends, and a message reopens it; a demand comes back
    to its agent: a machine never decides it."""
    case = locked(case, by=by)
    if case.status != Status.WAITING_CITIZEN or case.give_up_at is None or case.give_up_at > timezone.now():
        return case
    pieces = Suspension.objects.filter(
        clock__case=case, reason=Suspension.Reason.MISSING_PIECES, ended_at__isnull=True
    ).exists()
    if clocks.ends_by_itself(case) and not pieces:
        case.result, case.unread = Result.NO_REACTION, False
        move(case, Status.CLOSED)
        save(case)
        record("case.closed", by=by, case_id=case.pk, result=Result.NO_REACTION.value)
        return case
    _back_to_agent(case, pieces=pieces)
    record("case.pieces_overdue" if pieces else "case.no_reaction", by=by, case_id=case.pk)
    return case


def _back_to_agent(case: Case, *, pieces: bool) -> None:
    now = timezone.now()
    for clock in case.clocks.filter(stopped_at__isnull=True).prefetch_related("suspensions"):
        if clock.effect != Topic.Silence.ACCEPTANCE:  # without the pieces, nothing was accepted
            clocks.end_suspensions(case, at=now, kinds=[clock.kind])
    move(case, Status.IN_PROGRESS if case.assignee_id else Status.ASSIGNED)
    case.unread = True
    save(case)
    label = "Les pièces demandées ne sont pas venues : décidez de la suite." if pieces else (
        "L'usager n'a pas répondu : décidez de la suite."
    )  # fmt: skip
    Task.objects.get_or_create(case=case, about="waiting", done_at=None, defaults={"label": label})


def resume_overdue(*, by: User, limit: int = 500) -> int:
    """End the waits that are over, each in its transaction. Returns how many were looked at."""
    over = Case.objects.filter(give_up_at__lte=timezone.now(), status=Status.WAITING_CITIZEN)
    found = list(over.order_by("give_up_at")[:limit])
    for case in found:
        give_up(case, by=by)
    return len(found)
