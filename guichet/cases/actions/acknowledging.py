"""The receipt the law asks for, queued in the transaction that registered the case (CRPA L112-3, L112-11)."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases import clocks, receipts
from guichet.cases.models import Case, Clock, Interaction
from guichet.cases.sending import letter_for, write_out
from guichet.journal.actions import record
from guichet.organisation.directory import directory

# However clean its headers, one sender gets at most so many receipts in the window (behaviours 10).
RECEIPTS_AT_MOST, RECEIPTS_WINDOW = 5, timedelta(hours=1)


def acknowledge(case: Case, started: dict[str, Clock], *, answering: Interaction, by: User) -> None:
    """Queue the receipt the law asks for, in the transaction that registered the case (CRPA L112-11).

    With a known team the full receipt goes at once and stops both clocks; else the registration receipt only.
    """
    address = answering.sender_address
    why_not = _receipt_withheld(case, address)
    if why_not:
        record("case.receipt_withheld", by=by, case_id=case.pk, why=why_not)
        return
    receipt = receipts.receipt_of(case, started)
    text = receipts.mail_text(case, receipt)
    subject = receipts.mail_subject(case, receipt)
    letter = letter_for(case, text=text, subject=subject, to=[(address, answering.sender_name)], automatic=True,
                        answering=answering)  # fmt: skip
    kind = Interaction.Kind.RECEIPT if receipt.is_full else Interaction.Kind.REGISTRATION
    now = timezone.now()
    write_out(case, letter, by=by, kind=kind, at=now, automatic="receipt")
    satisfied = [Clock.Kind.REGISTRATION, Clock.Kind.RECEIPT] if receipt.is_full else [Clock.Kind.REGISTRATION]
    case.clocks.filter(kind__in=satisfied, stopped_at__isnull=True).update(stopped_at=now, stopped_why=kind.value)
    clocks.refresh_due(case)
    Case.objects.filter(pk=case.pk).update(due_at=case.due_at)
    record("case.receipt" if receipt.is_full else "case.registration", by=by, case_id=case.pk)


def _receipt_withheld(case: Case, address: str) -> str:
    """Why nothing is sent automatically; empty when it is (CRPA L112-3, behaviours 10, 11, 56)."""
    if not address:
        return "aucune adresse"
    if case.person is not None and case.person.is_left_alone:
        return "personne protégée"
    recent = Interaction.objects.filter(
        sender_address=address, direction=Interaction.Direction.IN, at__gte=timezone.now() - RECEIPTS_WINDOW
    ).count()
    return "trop d'envois" if recent > RECEIPTS_AT_MOST else ""


def acknowledge_once_routed(case: Case, *, by: User) -> None:
    """The team is known at last: the full receipt that was still owed goes now (R112-11-2: within ten days)."""
    owed = case.clocks.filter(kind=Clock.Kind.RECEIPT, stopped_at__isnull=True).exists()
    first = case.interactions.filter(direction=Interaction.Direction.IN).order_by("at", "id").first()
    if owed and first is not None and first.sender_address and case.channel in clocks.ELECTRONIC:
        team = directory().team(case.team_id)
        if team is not None and not team.takes_unrouted and directory().contact_block(team).is_complete:
            acknowledge(case, {c.kind: c for c in case.clocks.all()}, answering=first, by=by)
