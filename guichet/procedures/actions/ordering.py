"""Orders of payment: listed by one agent, looked at and validated by another, then handed over in one frozen file,
confirmed by its return."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from stdnum import iban as _iban

from guichet.core import files
from guichet.core.refused import NotAllowed, Refused, Stale
from guichet.core.text import one_line
from guichet.journal.actions import record
from guichet.procedures import orders
from guichet.procedures.actions.deadlines import clear
from guichet.procedures.actions.moving import locked, tell
from guichet.procedures.actions.paying import close_if_paid
from guichet.procedures.models import Deadline, Dossier, Payment, PaymentOrder, TakenOut

if TYPE_CHECKING:
    from guichet.accounts.models import User

CHANGED = "Cet ordre a changé depuis que vous l'avez relu : relisez-le avant de le valider."


@transaction.atomic
def prepare_order(payments: Sequence[Payment], *, by: User, execution_day: date) -> PaymentOrder:
    """The list of what is to be paid, for another agent to validate. Nothing leaves; a payment is in one list at most.

    Raises `Refused` naming the first payment that cannot leave.
    """
    _require(by)
    ids = [payment.pk for payment in payments]
    rows = _locked_lines(ids)
    if not rows:
        raise Refused("Choisissez au moins un versement.", status=400)
    if execution_day < timezone.localdate():
        raise Refused("La date d'exécution doit être à venir.", status=400)
    _require_sight(rows, by)
    for payment in rows:
        _may_leave(payment)
        if payment.order_id is not None:
            raise Refused(f"{_about(payment)} : ce versement est déjà dans un autre ordre.")
    order = PaymentOrder.objects.create(
        message_id=f"GUICHET-{timezone.localdate():%Y%m%d}-{uuid.uuid4().hex[:10].upper()}",
        count=len(rows), total_cents=sum(p.amount_cents for p in rows), made_by=by, execution_day=execution_day,
    )  # fmt: skip
    Payment.objects.filter(pk__in=ids).update(order=order)
    record("payments.prepared", by=by, subject=_subject(order), count=len(rows), total=order.total_cents)
    return order


def _require(by: User) -> None:
    if not (by.is_active and not by.is_machine):
        raise NotAllowed


def _locked_lines(ids: Sequence[int]) -> list[Payment]:
    return list(
        Payment.objects.select_for_update(of=("self",)).select_related("dossier__procedure", "dossier__applicant")
        .filter(pk__in=ids).order_by("pk")
    )  # fmt: skip


def _require_sight(rows: Sequence[Payment], by: User) -> None:
    wanted = {row.dossier_id for row in rows}
    if Dossier.objects.visible_to(by).filter(pk__in=wanted).count() != len(wanted):
        raise NotAllowed


def _about(payment: Payment) -> str:
    return f"Dossier {payment.dossier.spoken_reference}, {payment.label.lower()}"


def _may_leave(payment: Payment) -> None:
    about = _about(payment)
    if payment.state != Payment.State.READY:
        raise Refused(f"{about} : ce versement n'est pas à payer.")
    if not _iban.is_valid(payment.iban) or not payment.payee:
        raise Refused(f"{about} : il manque un compte valable.", status=400)
    if payment.amount_cents <= 0:
        raise Refused(f"{about} : le montant est nul.", status=400)


def _subject(order: PaymentOrder) -> str:
    return f"payment_order:{order.pk}"


def _prepared(order: PaymentOrder, *, by: User) -> PaymentOrder:
    """The row, locked, while it may still change."""
    _require(by)
    row = PaymentOrder.objects.select_for_update(of=("self",)).select_related("made_by").get(pk=order.pk)
    if row.state != PaymentOrder.State.PREPARED:
        raise Refused(f"Cet ordre est « {row.get_state_display().lower()} » : il ne change plus.")
    return row


def _by_another(order: PaymentOrder, by: User) -> None:
    if order.made_by_id == by.pk:
        raise Refused("Vous avez préparé cet ordre : un autre agent que vous doit le valider.", status=403)


@transaction.atomic
def take_out(order: PaymentOrder, payment: Payment, *, by: User, reason: str) -> PaymentOrder:
    """One line is left out, with a reason: it waits again among what is to be paid. By either of the two agents."""
    row = _prepared(order, by=by)
    if not reason.strip():
        raise Refused("Dites pourquoi ce versement est écarté.", status=400)
    line = next(iter(_locked_lines([payment.pk])), None)
    if line is None or line.order_id != row.pk:
        raise Refused("Ce versement n'est plus dans cet ordre.")
    _require_sight([line], by)
    TakenOut.objects.create(
        order=row, payment=line, amount_cents=line.amount_cents, reason=one_line(reason)[:300], by=by
    )
    Payment.objects.filter(pk=line.pk).update(order=None)
    _count_again(row)
    tell("dossier.payment_set_aside", line.dossier, by=by, rank=line.rank, order=row.pk)
    return row


def _count_again(row: PaymentOrder) -> None:
    amounts = list(row.payments.filter(state=Payment.State.READY).values_list("amount_cents", flat=True))
    row.count, row.total_cents = len(amounts), sum(amounts)
    row.save(update_fields=["count", "total_cents"])


@transaction.atomic
def refuse_order(order: PaymentOrder, *, by: User, reason: str) -> PaymentOrder:
    """The whole list is refused with a reason; its payments wait again. Who prepared it may only take it back so."""
    row = _prepared(order, by=by)
    if not reason.strip():
        raise Refused("Dites pourquoi cet ordre est refusé.", status=400)
    lines = _locked_lines(list(row.payments.values_list("pk", flat=True)))
    _require_sight(lines, by)
    why = one_line(reason)[:300]
    TakenOut.objects.bulk_create(
        [TakenOut(order=row, payment=p, amount_cents=p.amount_cents, reason=why, by=by) for p in lines]
    )
    Payment.objects.filter(pk__in=[p.pk for p in lines]).update(order=None)
    row.state, row.refusal = PaymentOrder.State.REFUSED, why
    if row.made_by_id != by.pk:
        row.checked_by = by
    row.checked_at = timezone.now()
    row.save(update_fields=["state", "refusal", "checked_by", "checked_at"])
    record("payments.refused", by=by, subject=_subject(row), count=len(lines), reason=why)
    return row


@transaction.atomic
def validate_order(order: PaymentOrder, *, by: User, seen: str) -> PaymentOrder:
    """The second pair of eyes: another agent than who prepared it. The files (CSV and pain.001) are written, frozen.

    `seen`: `orders.fingerprint` of the lines that were shown; an account or an amount that changed since is read again.
    """
    row = _prepared(order, by=by)
    _by_another(row, by)
    lines = _locked_lines(list(row.payments.filter(state=Payment.State.READY).values_list("pk", flat=True)))
    if not lines:
        raise Refused("Il n'y a plus aucun versement dans cet ordre.")
    _require_sight(lines, by)
    for payment in lines:
        _may_leave(payment)
    if orders.fingerprint(lines) != seen:
        raise Stale(CHANGED)
    row.execution_day = max(row.execution_day, timezone.localdate())
    xml = orders.pain001(lines, message_id=row.message_id, day=row.execution_day)
    row.csv, row.xml = files.keep(orders.csv_of(lines), name="versements.csv"), files.keep(xml, name="versements.xml")
    row.count, row.total_cents = len(lines), sum(p.amount_cents for p in lines)
    row.state, row.checked_by, row.checked_at = PaymentOrder.State.MADE, by, timezone.now()
    row.save()
    Payment.objects.filter(pk__in=[p.pk for p in lines]).update(state=Payment.State.ORDERED)
    for payment in lines:
        tell("dossier.payment_ordered", payment.dossier, by=by, rank=payment.rank, order=row.pk)
    record("payments.ordered", by=by, subject=_subject(row), count=row.count, total=row.total_cents)
    return row


@transaction.atomic
def read_return(order: PaymentOrder, content: bytes, *, by: User) -> tuple[int, int]:
    """What the accountant answers (pain.002, or a CSV of references): (paid, rejected). Read twice changes nothing."""
    _require(by)
    order = PaymentOrder.objects.select_for_update(of=("self",)).get(pk=order.pk)
    if not order.is_exported:
        raise Refused("Cet ordre n'est pas encore validé : il n'est pas parti à la paierie.")
    said = orders.read_return(content, message_id=order.message_id)
    by_ref = {orders.reference(p): p for p in order.payments.select_for_update(of=("self",)).select_related("dossier")}
    unknown = [ref for ref in said if ref not in by_ref]
    if unknown:
        raise Refused(f"Ce retour parle d'un versement qui n'est pas dans cet ordre : {unknown[0]}.", status=400)
    paid = rejected = 0
    for ref, outcome in said.items():
        payment = by_ref[ref]
        if payment.state != Payment.State.ORDERED:
            continue
        _answered(payment, outcome, by=by)
        paid, rejected = paid + outcome.paid, rejected + (not outcome.paid)
    order.state = PaymentOrder.State.RETURNED
    order.save(update_fields=["state"])
    record("payments.returned", by=by, subject=_subject(order), paid=paid, rejected=rejected)
    return paid, rejected


def _answered(payment: Payment, outcome: orders.Answer, *, by: User) -> None:
    row = locked(payment.dossier, by=by)
    if outcome.paid:
        payment.state, payment.paid_on = Payment.State.PAID, outcome.day or timezone.localdate()
        payment.save()
        clear(row, Deadline.Kind.PAYMENT, f"payment:{payment.pk}")
        tell("dossier.paid", row, by=by, rank=payment.rank, amount=payment.amount_cents)
    else:
        payment.state, payment.reject_reason = Payment.State.REJECTED, one_line(outcome.reason)[:200]
        payment.save()
        tell("dossier.payment_rejected", row, by=by, rank=payment.rank)
    close_if_paid(row, by=by)
