"""Reminders that come with the clock."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from guichet.accounts.machines import GUICHET, machine
from guichet.cases.actions.absences import pass_on_all
from guichet.cases.actions.batching import sweep_batches
from guichet.cases.actions.sharing import share_out_all
from guichet.cases.actions.writing import answer_to
from guichet.cases.clocks import ends_by_itself
from guichet.cases.models import Case, Interaction, Status
from guichet.cases.sending import letter_for, write_out, written
from guichet.core.calendar import paris_day, say_day
from guichet.core.jobs import every
from guichet.journal.actions import record
from guichet.notices.actions import note_implicit_decisions, remind_of_deadlines, warn
from guichet.procedures.actions import end_overdue_requests, expire_drafts, expire_pieces
from guichet.procedures.models import DossierBatch

SLICE = 500


@every("31 7 * * *", "notices.remind_waiting")
def remind_waiting(timestamp: int) -> None:
    """One reminder to who was asked something and did not answer."""
    due = Case.objects.filter(remind_at__lte=timezone.now(), status=Status.WAITING_CITIZEN, reminded_at__isnull=True)
    for pk in list(due.values_list("pk", flat=True)[:SLICE]):
        remind(pk)


@every("* * * * *", "notices.share_out")
def share_out(timestamp: int) -> None:
    """What nobody could take when it came: somebody is there now, or has room again."""
    share_out_all()


@every("*/10 * * * *", "notices.warn")
def warn_before_breach(timestamp: int) -> None:
    warn()


@every("7 0,3,6 * * *", "notices.pass_on")
def pass_on(timestamp: int) -> None:
    """Absences that begin today, and deadlines that moved into one. Run again, it does nothing more."""
    pass_on_all()


@every("12 8-19 * * *", "notices.deadlines")
def remind_deadlines(timestamp: int) -> None:
    """By day only. Run again, it says nothing twice; a day without a worker is made up for."""
    remind_of_deadlines()


@every("4 * * * *", "notices.dossiers")
def end_delays(timestamp: int) -> None:
    """Delays given for documents that are over (the silence runs again), then silences that lasted."""
    end_overdue_requests(by=machine(GUICHET))
    note_implicit_decisions()


@every("21 2 * * *", "notices.pieces")
def expire_documents(timestamp: int) -> None:
    """Documents whose validity ended yesterday, in dossiers that are not decided."""
    while expire_pieces(by=machine(GUICHET), limit=SLICE) == SLICE:
        pass


@every("29 3 * * *", "notices.dossier_batches")
def sweep_old_dossier_batches(timestamp: int) -> None:
    sweep_batches(DossierBatch)


@every("41 2 * * *", "notices.drafts")
def forget_drafts(timestamp: int) -> None:
    while expire_drafts(by=machine(GUICHET)) == SLICE:
        pass


@transaction.atomic
def remind(pk: int) -> bool:
    """Write the reminder in the transaction that notes it: it is sent once, whatever happens. False: nothing to do."""
    case = Case.objects.select_for_update(of=("self",)).select_related("person").get(pk=pk)
    if case.status != Status.WAITING_CITIZEN or case.reminded_at or not case.remind_at:
        return False
    case.reminded_at, case.remind_at = timezone.now(), None
    case.save(update_fields=["reminded_at", "remind_at"])
    left_alone = case.person is not None and case.person.is_left_alone
    to = [] if left_alone else answer_to(case)
    if not to:
        return False
    by = machine(GUICHET)
    text = _text(case)
    subject = f"Rappel – demande N° {case.spoken_reference}"
    letter = letter_for(case, text=text, subject=subject, to=to, automatic=True)
    write_out(written(case, letter, by=by, kind=Interaction.Kind.REMINDER, automatic="reminder"))
    record("case.reminded", by=by, case_id=case.pk)
    return True


def _text(case: Case) -> str:
    end = ""
    if case.give_up_at and ends_by_itself(case):
        end = (
            f" Sans nouvelles de votre part le {say_day(paris_day(case.give_up_at))}, nous clôturerons votre demande. "
            "Vous pourrez toujours la rouvrir en nous répondant."
        )
    return (
        f"Bonjour,\n\nNous attendons une réponse de votre part pour avancer sur votre demande "
        f"N° {case.spoken_reference}. Répondez simplement à ce message, ou ouvrez la page de suivi.{end}\n"
    )
