"""Decisions: by who is competent, with reasons, appeal routes and a legible author; notified with a proof of date."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from guichet.cases import clocks
from guichet.cases.actions.writing import mail_to, reply
from guichet.cases.models import Clock, Interaction
from guichet.core import files
from guichet.core.calendar import add_months, paris_day
from guichet.core.refused import Refused
from guichet.core.text import strip_controls
from guichet.organisation.models import Channel, Topic
from guichet.procedures import letters
from guichet.procedures.actions.deadlines import clear, clear_all, set_deadline
from guichet.procedures.actions.ending import end_thread
from guichet.procedures.actions.moving import keep_due, locked, locked_by_person, move, portal, save, tell
from guichet.procedures.actions.paying import plan_payments
from guichet.procedures.models import Deadline, Decision, Dossier, Opinion, Outcome, Seat, Sitting
from guichet.procedures.models.dossier import Phase

if TYPE_CHECKING:
    from guichet.accounts.models import User
    from guichet.people.models import Person

EXPRESS = frozenset({Outcome.GRANTED, Outcome.REFUSED})


@transaction.atomic
def decide(dossier: Dossier, *, by: User, outcome: str, reasons: str = "", amount_cents: int | None = None) -> Decision:
    """A decision taken without a committee (by delegation), after two agents agreed; or a refusal for inadmissibility.

    Raises `Refused` when the committee is competent, when the opinion was not confirmed by another agent, when a
    refusal has no reasons (CRPA L211-2, L211-5).
    """
    row = locked(dossier, by=by)
    if outcome not in EXPRESS:
        raise Refused("Choisissez une décision dans la liste.", status=400)
    opinion = row.opinions.filter(dropped_at__isnull=True).first()
    inadmissible = outcome == Outcome.REFUSED and row.phase == Phase.ADMISSIBILITY
    if not inadmissible:
        if row.definition.by_committee:
            raise Refused("Cette décision se vote en commission.")
        if row.phase != Phase.APPRAISAL or opinion is None or not opinion.is_confirmed:
            raise Refused("L'avis doit être confirmé par un autre agent avant la décision.")
        if opinion.by_id == by.pk:
            raise Refused("Vous avez proposé cet avis : un autre agent décide.", status=403)
        if (outcome == Outcome.GRANTED) != (opinion.way == Opinion.Way.FAVOURABLE):
            raise Refused("La décision contredit l'avis confirmé : faites d'abord revoir l'avis.")
        amount_cents = opinion.amount_cents if amount_cents is None else amount_cents
        reasons = reasons.strip() or opinion.reasons
    return _decided(row, by=by, outcome=outcome, reasons=reasons, amount_cents=amount_cents)


def decide_in_sitting(seat: Seat, sitting: Sitting, *, by: User) -> Decision:
    """What was voted becomes the decision of one file. Inside the action that holds the sitting."""
    row = locked(seat.dossier, by=by)
    return _decided(
        row, by=by, outcome=seat.result, reasons=seat.reasons, amount_cents=seat.amount_cents, sitting=sitting
    )


def _decided(
    row: Dossier, *, by: User, outcome: str, reasons: str, amount_cents: int | None, sitting: Sitting | None = None
) -> Decision:
    reasons = strip_controls(reasons).strip()
    if outcome == Outcome.REFUSED and not reasons:
        raise Refused("Un refus dit ses motifs, en droit et en fait (CRPA L211-2, L211-5).", status=400)
    now = timezone.now()
    definition = row.definition
    granted = outcome == Outcome.GRANTED
    valid = (
        add_months(paris_day(now), definition.grant_valid_months) if granted and definition.grant_valid_months else None
    )
    decision = Decision.objects.create(
        dossier=row, outcome=outcome, amount_cents=amount_cents if granted else None, reasons=reasons,
        computation=row.computation if granted else {}, version=row.version, sitting=sitting, by=by,
        signatory=definition.signatory, decided_at=now, valid_until=valid,
    )  # fmt: skip
    row.outcome, row.decided_at = outcome, now
    row.amount_cents = decision.amount_cents
    move(row, Phase.NOTIFICATION)
    clear(row, Deadline.Kind.COMMITTEE)
    row.piece_requests.filter(ended_at__isnull=True).update(ended_at=now)
    _stop_silence(row, now)
    _write_letter(decision)
    _notify(row, decision, by=by)
    if granted:
        if valid:
            set_deadline(row, Deadline.Kind.USE, "use", day=valid, by_person=True,
                         label=f"Dernier jour pour utiliser l'aide : {row.procedure.title}")  # fmt: skip
        if plan_payments(row, decision, by=by):
            move(row, Phase.PAYMENT)
        save(row, by=by)
        if row.phase == Phase.NOTIFICATION and not definition.instalments:
            _end(row, by=by, result="granted")
    else:
        save(row, by=by)
        _end(row, by=by, result="refused")
    tell("dossier.decided", row, by=by, outcome=outcome, decision=decision.pk)
    return decision


def _end(row: Dossier, *, by: User, result: str) -> None:
    move(row, Phase.CLOSED)
    clear_all(row)
    save(row, by=by)
    end_thread(row, result=result, by=by)


def _stop_silence(row: Dossier, at: datetime) -> None:
    """An express decision was taken: no implicit one can be born."""
    if row.case is not None:
        clocks.stop(row.case, [Clock.Kind.SILENCE], why="décision", at=at)
        keep_due(row.case)


def _write_letter(decision: Decision) -> None:
    """The letter as it is notified: accessible (PDF/UA) and for the archives (PDF/A), kept by their digests."""
    accessible, archive = letters.decision_pdf(decision)
    if accessible is None or archive is None:
        return
    decision.letter = files.keep(accessible, name="decision.pdf")
    decision.letter_archive = files.keep(archive, name="decision.pdf")
    decision.save(update_fields=["letter", "letter_archive"])


def _notify(row: Dossier, decision: Decision, *, by: User) -> None:
    """Told by the channel the person accepts. In the account, its first reading is written: the proof of date.

    A plain mail proves little: it only says that a decision waits. Registered post stays for who has no account.
    """
    assert row.case is not None
    mailed = bool(mail_to(row.case))
    text = letters.notice_text(decision) if mailed else letters.letter_text(decision)
    channel = Channel.EMAIL if mailed else Channel.PAPER
    reply(row.case, by=by, text=text, channel=channel, kind=Interaction.Kind.DECISION)
    decision.notified_at = timezone.now()
    decision.notified_by = Channel.PORTAL if mailed else Channel.PAPER
    decision.save(update_fields=["notified_at", "notified_by"])


@transaction.atomic
def note_first_read(decision: Decision, *, person: Person) -> Decision:
    """The person opened the letter in his account: from this moment the appeal delay is opposable (R421-5 CJA)."""
    row = locked_by_person(decision.dossier, person)
    decision = Decision.objects.select_for_update().get(pk=decision.pk)
    if decision.first_read_at is None:
        decision.first_read_at = timezone.now()
        decision.save(update_fields=["first_read_at"])
        tell("dossier.decision_read", row, by=portal(), decision=decision.pk)
    return decision


@transaction.atomic
def record_implicit(dossier: Dossier, *, by: User) -> Decision | None:
    """The silence lasted: an implicit decision was born at the date of the clock, written as an event (domain §8.5)."""
    row = locked(dossier, by=by)
    if row.case is None or row.decided_at is not None or row.is_over:
        return None
    clock = row.case.clocks.prefetch_related("suspensions").filter(kind=Clock.Kind.SILENCE).first()
    if clock is None or not clock.is_running or clock.is_suspended or clock.due_at > timezone.now():
        return None
    accepted = clock.effect == Topic.Silence.ACCEPTANCE
    outcome = Outcome.IMPLICIT_ACCEPTANCE if accepted else Outcome.IMPLICIT_REJECTION
    decision, new = Decision.objects.get_or_create(
        dossier=row, outcome=outcome, withdrawn_at=None,
        defaults={"version": row.version, "by": by, "decided_at": clock.due_at,
                  "signatory": ""},
    )  # fmt: skip
    if not new:
        return None
    clocks.stop(row.case, [Clock.Kind.SILENCE], why=str(outcome), at=clock.due_at)
    # The appraisal goes on: an express decision may still replace a rejection. Its agents see that it was born.
    tell("dossier.implicit", row, by=by, outcome=str(outcome), decision=decision.pk)
    return decision
