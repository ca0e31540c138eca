"""The receipt the law asks for, queued in the transaction that registered the case (CRPA L112-3, L112-11)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Model
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases import clocks, receipts
from guichet.cases.models import Case, Clock, Interaction
from guichet.cases.models.case import NO_DEADLINE
from guichet.cases.receipts import Receipt
from guichet.cases.sending import letter_for, write_out, written
from guichet.core.rows import ask
from guichet.journal.actions import Fact, record_all
from guichet.organisation.directory import directory

# However clean its headers, one sender gets at most so many receipts in the window (behaviours 10).
RECEIPTS = (Interaction.Kind.RECEIPT, Interaction.Kind.REGISTRATION)
RECEIPTS_AT_MOST, RECEIPTS_WINDOW = 5, timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be said and when, or why nothing is."""

    at: datetime
    receipt: Receipt | None = None
    why_not: str = ""


def plan_receipt(case: Case, started: dict[str, Clock], first: Interaction) -> Plan:
    """Decide the receipt of a case for its first message, and stop in `started` the clocks that it satisfies.

    With a known team the full receipt goes at once and stops both clocks; else the registration receipt only.
    The caller writes the clocks and the case: nothing is written here.
    """
    now = timezone.now()
    why_not = _receipt_withheld(case, first, now)
    if why_not:
        return Plan(now, why_not=why_not)
    receipt = receipts.receipt_of(case, started)
    _satisfy(started, receipt, now)
    case.due_at = min((clock.due_at for clock in started.values() if clock.is_running), default=NO_DEADLINE)
    return Plan(now, receipt)


def _satisfy(clocks_of_case: dict[str, Clock], receipt: Receipt, now: datetime) -> list[Clock]:
    """Stop, unsaved, the clocks that this receipt answers; returns them."""
    satisfied = {Clock.Kind.REGISTRATION, Clock.Kind.RECEIPT} if receipt.is_full else {Clock.Kind.REGISTRATION}
    stopped = [clock for clock in clocks_of_case.values() if clock.kind in satisfied and clock.is_running]
    for clock in stopped:
        clock.stopped_at, clock.stopped_why = now, kind_of(receipt).value
    return stopped


def kind_of(receipt: Receipt) -> Interaction.Kind:
    return Interaction.Kind.RECEIPT if receipt.is_full else Interaction.Kind.REGISTRATION


def receipt_rows(
    case: Case, receipt: Receipt, *, at: datetime, answering: Interaction, by: User, first: bool = False
) -> list[Model]:
    """What queues the receipt (parcel first) and puts it in the history (last). `first`: see `letter_for`."""
    letter = letter_for(
        case,
        text=receipts.mail_text(case, receipt),
        subject=receipts.mail_subject(case, receipt),
        to=[(answering.sender_address, answering.sender_name)],
        automatic=True,
        answering=answering,
        first=first,
    )
    return written(case, letter, by=by, kind=kind_of(receipt), at=at, automatic="receipt")


def receipt_fact(case: Case, plan: Plan) -> Fact:
    if plan.receipt is None:
        return Fact("case.receipt_withheld", case.pk, data={"why": plan.why_not})
    return Fact("case.receipt" if plan.receipt.is_full else "case.registration", case.pk)


def _receipt_withheld(case: Case, first: Interaction, now: datetime) -> str:
    """Why nothing is sent automatically; empty when it is (CRPA L112-3, behaviours 10, 11, 56)."""
    address = first.sender_address
    if not address:
        return "aucune adresse"
    if first.automatic:
        return "envoyé par une machine"
    if case.person is not None and case.person.is_left_alone:
        return "personne protégée"
    [(others,)] = ask(
        "SELECT count(*) FROM cases_interaction WHERE sender_address = %s AND direction = 'in' "
        "AND at >= %s AND id <> %s",
        [address, now - RECEIPTS_WINDOW, first.pk or 0],
    )
    return "trop d'envois" if others >= RECEIPTS_AT_MOST else ""


def acknowledge_once_routed(case: Case, *, by: User) -> None:
    """The team is known at last: the full receipt that was still owed goes now (R112-11-2: within ten days)."""
    owed = case.clocks.filter(kind=Clock.Kind.RECEIPT, stopped_at__isnull=True).exists()
    first = case.interactions.filter(direction=Interaction.Direction.IN).order_by("at", "id").first()
    if owed and first is not None and first.sender_address and case.channel in clocks.ELECTRONIC:
        team = directory().team(case.team_id)
        if team is not None and not team.takes_unrouted and directory().contact_block(team).is_complete:
            acknowledge(case, first, by=by)


def acknowledge(case: Case, first: Interaction, *, by: User) -> None:
    """Send the receipt owed by a case already written, for its first message, and stop the clocks it satisfies."""
    clocks_of_case = {clock.kind: clock for clock in case.clocks.all()}
    plan = plan_receipt(case, clocks_of_case, first)
    for clock in clocks_of_case.values():
        if plan.receipt is not None and clock.stopped_at == plan.at:
            clock.save(update_fields=["stopped_at", "stopped_why"])
    clocks.refresh_due(case)  # not what was planned: a clock may be held
    Case.objects.filter(pk=case.pk).update(due_at=case.due_at)
    if plan.receipt is not None:
        write_out(receipt_rows(case, plan.receipt, at=plan.at, answering=first, by=by))
    record_all([receipt_fact(case, plan)], by=by)


def made_now(case: Case, now: datetime) -> Receipt:
    """The receipt of a case already written, whose clocks it stops. Inside the action that sends or prints it."""
    clocks_of_case = {clock.kind: clock for clock in case.clocks.all()}
    receipt = receipts.receipt_of(case, clocks_of_case)
    for clock in _satisfy(clocks_of_case, receipt, now):
        clock.save(update_fields=["stopped_at", "stopped_why"])
    clocks.refresh_due(case)
    Case.objects.filter(pk=case.pk).update(due_at=case.due_at)
    return receipt


def copy_receipt(case: Case, address: str, *, by: User) -> Interaction:
    """The receipt sent again to an address of the requester, who asks for it: word for word as it left.

    When none had left (he gave no address then), it is made now and answers what was owed. Inside an action.
    """
    now = timezone.now()
    sent = case.interactions.filter(direction=Interaction.Direction.OUT, kind__in=RECEIPTS, automatic="receipt")
    # Of this number, not of a case joined to it; the full one first: it says what silence means.
    last = sent.filter(subject__contains=case.spoken_reference).order_by("kind", "-at", "-id").first()
    if last is not None:
        subject, text, kind = last.subject, last.text, last.kind
    else:
        receipt = made_now(case, now)
        subject, text, kind = receipts.mail_subject(case, receipt), receipts.mail_text(case, receipt), kind_of(receipt)
    name = case.person.full_name if case.person else ""
    letter = letter_for(case, text=text, subject=subject, to=[(address, name)], automatic=True)
    return write_out(written(case, letter, by=by, kind=kind, at=now, automatic="receipt"))
