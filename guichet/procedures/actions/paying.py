"""Payments: planned with the decision, ready when their condition holds, reduced or asked back. How they leave:
`ordering`."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from stdnum import iban as _iban

from guichet.core.refused import Refused
from guichet.core.text import one_line
from guichet.procedures.actions.deadlines import clear, set_deadline
from guichet.procedures.actions.ending import end_thread
from guichet.procedures.actions.moving import locked, locked_by_person, move, portal, save, tell
from guichet.procedures.computing import reduced, shared_out
from guichet.procedures.definition import Kind
from guichet.procedures.models import Deadline, Decision, Dossier, Outcome, Payment, Piece, TakenOut
from guichet.procedures.models.dossier import Phase

if TYPE_CHECKING:
    from guichet.accounts.models import User
    from guichet.people.models import Person

OPEN = frozenset({Payment.State.PLANNED, Payment.State.READY, Payment.State.REJECTED})


def plan_payments(row: Dossier, decision: Decision, *, by: User) -> int:
    """The instalments of a grant, in exact cents. Inside the action that decides. Returns how many."""
    instalments = row.definition.instalments
    if not decision.amount_cents or not instalments:
        return 0
    today = timezone.localdate()
    payee, iban = _account(row)
    # What was paid under a decision that was withdrawn since keeps its rank.
    last = max((p.rank for p in row.payments.exclude(state=Payment.State.CANCELLED)), default=0)
    for rank, (instalment, cents) in enumerate(
        zip(instalments, shared_out(decision.amount_cents, instalments), strict=True), start=last + 1
    ):
        payment = Payment.objects.create(
            dossier=row, rank=rank, kind=instalment.kind, label=instalment.label, amount_cents=cents,
            condition=instalment.after, due_on=today + timedelta(days=instalment.days), payee=payee, iban=iban,
        )  # fmt: skip
        _expect_piece(row, instalment.after)
        _announce(row, payment)
        _ready_if_met(row, payment, by=by)
    return len(instalments)


def _account(row: Dossier) -> tuple[str, str]:
    """The account declared in the form. A minor's is his legal representative's (CGCT D1617-19)."""
    iban = next((row.answers.get(code) for code, f in row.definition.fields.items() if f.kind == Kind.IBAN), None)
    holder = row.answers.get("titulaire_compte") or row.applicant.full_name
    return one_line(str(holder))[:140], str(iban or "")


def _expect_piece(row: Dossier, condition: str) -> None:
    """The document a payment waits for is asked now, with its own date."""
    kind, _, code = condition.partition(":")
    if kind != "piece":
        return
    piece, spec = row.pieces.filter(code=code).first(), row.definition.piece(code)
    if piece is None or spec is None or piece.state != Piece.State.LATER:
        return
    start = row.answers.get(spec.due_from) if spec.due_from else None
    day = date.fromisoformat(start) if start else timezone.localdate()
    piece.due_on = day + timedelta(days=spec.due_days or 30)
    if piece.due_on <= timezone.localdate():
        piece.due_on = timezone.localdate() + timedelta(days=30)
    piece.save(update_fields=["due_on"])
    set_deadline(
        row, Deadline.Kind.PIECE, f"piece:{piece.pk}", day=piece.due_on, by_person=True,
        label=f"Date limite d'envoi : {piece.label}",
    )  # fmt: skip


def _announce(row: Dossier, payment: Payment) -> None:
    if payment.due_on:
        set_deadline(
            row, Deadline.Kind.PAYMENT, f"payment:{payment.pk}", day=payment.due_on,
            label=f"{payment.label} : {row.procedure.title}",
        )  # fmt: skip


def _ready_if_met(row: Dossier, payment: Payment, *, by: User) -> None:
    kind, _, code = payment.condition.partition(":")
    met = payment.condition == "decision" or (
        kind == "piece" and row.pieces.filter(code=code, state__in=[*Piece.SETTLED]).exists()
    )
    if not met or payment.state != Payment.State.PLANNED:
        return
    # A piece that only blocks the effect: the grant takes effect at its reception (L114-5-1).
    lacking = [
        piece for piece in row.pieces.exclude(state__in=[*Piece.SETTLED, Piece.State.LATER]).filter(required=True)
        if (spec := row.definition.piece(piece.code)) and spec.blocks_effect
    ]  # fmt: skip
    if lacking:
        return
    payment.state = Payment.State.READY
    payment.save(update_fields=["state"])
    tell("dossier.payment_ready", row, by=by, rank=payment.rank)


def on_piece(row: Dossier, piece: Piece, *, by: User) -> None:
    """A piece was accepted: the payments that waited for it are ready. Inside the action that judged it."""
    for payment in row.payments.filter(state=Payment.State.PLANNED):
        if payment.condition == f"piece:{piece.code}":
            days = next((i.days for i in row.definition.instalments if i.after == payment.condition), 15)
            payment.due_on = timezone.localdate() + timedelta(days=days)
            payment.save(update_fields=["due_on"])
            _announce(row, payment)
        _ready_if_met(row, payment, by=by)


@transaction.atomic
def make_ready(payment: Payment, *, by: User) -> Payment:
    """A rejected payment goes again once the account was corrected."""
    row = locked(payment.dossier, by=by)
    payment = row.payments.select_for_update().get(pk=payment.pk)
    _moved(payment, Payment.State.READY)
    if not _iban.is_valid(payment.iban):
        raise Refused("Il manque un IBAN valable.", status=400)
    if payment.order is not None:  # the order that carried it keeps a trace of it
        TakenOut.objects.create(
            order=payment.order, payment=payment, amount_cents=payment.amount_cents, by=by,
            reason=f"Rejeté par la banque : {payment.reject_reason}"[:300],
        )  # fmt: skip
    payment.order, payment.reject_reason = None, ""
    payment.save()
    tell("dossier.payment_ready", row, by=by, rank=payment.rank)
    return payment


def _moved(payment: Payment, state: str) -> None:
    if state not in Payment.MOVES[payment.state]:
        raise Refused(f"Un versement « {payment.get_state_display().lower()} » ne peut pas changer ainsi.")
    payment.state = state


def close_if_paid(row: Dossier, *, by: User) -> None:
    if (
        row.phase == Phase.PAYMENT
        and not row.payments.exclude(state__in=[Payment.State.PAID, Payment.State.CANCELLED]).exists()
    ):
        move(row, Phase.CLOSED)
        end_thread(row, result="granted", by=by)
    save(row, by=by)


@transaction.atomic
def shorten(dossier: Dossier, *, by: User, done: Decimal) -> int:
    """The stay was shorter than granted: what is due is in proportion. The balance absorbs it; what was paid beyond
    it is to be given back (a recovery). Returns the new total, in cents."""
    row = locked(dossier, by=by)
    spec = row.definition.amount
    planned = row.known().get(spec.prorata_planned) if spec and spec.prorata_planned else None
    if row.outcome != Outcome.GRANTED or row.amount_cents is None or not isinstance(planned, Decimal):
        raise Refused("Le montant de ce dossier ne dépend pas d'une durée.")
    decision = row.decisions.filter(outcome=Outcome.GRANTED, withdrawn_at__isnull=True).first()
    granted = decision.amount_cents if decision and decision.amount_cents else row.amount_cents
    total = reduced(granted, done=done, planned=planned)
    gone = sum(p.amount_cents for p in row.payments.filter(state__in=[Payment.State.ORDERED, Payment.State.PAID])
               if p.kind != Payment.Kind.RECOVERY)  # fmt: skip
    left = total - gone
    waiting = list(row.payments.select_for_update().filter(state__in=[*OPEN]).order_by("rank"))
    for payment in waiting:
        kept = max(0, min(payment.amount_cents if payment is not waiting[-1] else left, left))
        payment.amount_cents = kept
        if kept == 0:
            payment.state, payment.order = Payment.State.CANCELLED, None
            clear(row, Deadline.Kind.PAYMENT, f"payment:{payment.pk}")
        payment.save()
        left -= kept
    if left < 0:
        _recovery(row, -left, label="Reversement : séjour écourté")
    row.amount_cents = total
    close_if_paid(row, by=by)
    tell("dossier.shortened", row, by=by, total=total)
    return total


def cancel_unsent(row: Dossier) -> int:
    """The decision falls: nothing more leaves. What was paid under it is to be given back. Inside the action that
    withdraws it. Returns the cents asked back."""
    waiting = row.payments.select_for_update().filter(state__in=[*OPEN]).exclude(kind=Payment.Kind.RECOVERY)
    for payment in waiting:
        clear(row, Deadline.Kind.PAYMENT, f"payment:{payment.pk}")
    waiting.update(state=Payment.State.CANCELLED, order=None)
    asked = sum(p.amount_cents for p in row.payments.filter(kind=Payment.Kind.RECOVERY))
    paid = row.payments.filter(state=Payment.State.PAID).exclude(kind=Payment.Kind.RECOVERY)
    back = sum(p.amount_cents for p in paid) - asked
    if back > 0:
        _recovery(row, back, label="Reversement : décision retirée")
    return max(0, back)


def _recovery(row: Dossier, cents: int, *, label: str) -> Payment:
    rank = max((p.rank for p in row.payments.all()), default=0) + 1
    return Payment.objects.create(
        dossier=row, rank=rank, kind=Payment.Kind.RECOVERY, label=label[:160], amount_cents=cents,
        state=Payment.State.PLANNED, due_on=timezone.localdate() + timedelta(days=30),
    )  # fmt: skip


@transaction.atomic
def recover(dossier: Dossier, *, by: User, cents: int, reason: str) -> Payment:
    """An overpayment: a recovery order for the accountant, told to the person with its reason."""
    row = locked(dossier, by=by)
    if cents <= 0 or not reason.strip():
        raise Refused("Un reversement a un montant et un motif.", status=400)
    payment = _recovery(row, cents, label=f"Reversement : {one_line(reason)}")
    save(row, by=by)
    tell("dossier.recovery", row, by=by, amount=cents)
    return payment


@transaction.atomic
def change_account(dossier: Dossier, *, person: Person, iban: str, holder: str) -> int:
    """The person gives another account for what is not ordered yet. Returns how many payments it concerns."""
    row = locked_by_person(dossier, person)
    if not _iban.is_valid(iban):
        raise Refused("Cet IBAN n'est pas valable : recopiez-le depuis votre relevé d'identité bancaire.", status=400)
    if not holder.strip():
        raise Refused("Dites au nom de qui est ce compte.", status=400)
    changed = row.payments.filter(state__in=[*OPEN]).exclude(kind=Payment.Kind.RECOVERY).update(
        iban=str(_iban.compact(iban)), payee=one_line(holder)[:140], account_changed_at=timezone.now()
    )  # fmt: skip
    for code, field in row.definition.fields.items():
        if field.kind == Kind.IBAN:
            row.answers[code] = str(_iban.compact(iban))
    row.answers["titulaire_compte"] = one_line(holder)[:140]
    save(row, by=portal())
    tell("dossier.account_changed", row, by=portal())
    return changed
