"""Payments: those that are ready, orders prepared by one agent and validated by another, their files, their returns."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guichet.core.downloads import given
from guichet.core.refused import Refused
from guichet.core.text import key_of
from guichet.desk.guard import AgentRequest, agent_required
from guichet.desk.posted import day_of
from guichet.procedures import actions as do
from guichet.procedures import recap
from guichet.procedures.anomalies import anomalies
from guichet.procedures.models import Dossier, Payment, PaymentOrder, TakenOut
from guichet.procedures.orders import fingerprint

MOST = 1000
State = PaymentOrder.State


def _ready(request: AgentRequest) -> QuerySet[Payment]:
    """What waits, and is in no order: with why it was left out of one, if it was."""
    mine = Dossier.objects.visible_to(request.user)
    found = Payment.objects.filter(state=Payment.State.READY, order__isnull=True, dossier__in=mine)
    found = found.exclude(kind=Payment.Kind.RECOVERY).select_related("dossier__procedure", "dossier__applicant")
    aside = Prefetch("taken_out", TakenOut.objects.select_related("by"))
    return found.prefetch_related(aside).order_by("due_on", "pk")


@agent_required
@require_http_methods(["GET", "HEAD", "POST"])
def payments(request: AgentRequest) -> HttpResponse:
    fault, status = "", 200
    if request.method == "POST":
        wanted = [key_of(pk) for pk in request.POST.getlist("versement")][:MOST]
        try:
            chosen = list(_ready(request).filter(pk__in=wanted))
            order = do.prepare_order(chosen, by=request.user, execution_day=day_of(request, "jour"))
        except Refused as refusal:
            fault, status = refusal.message, refusal.status
        else:
            said = f"{order.count} versement(s), {recap.euros(order.total_cents)} : un autre agent valide l'ordre."
            messages.success(request, said)
            return redirect("desk:payment_order", pk=order.pk)
    mine = Dossier.objects.visible_to(request.user)
    rows = list(_ready(request)[:MOST])
    orders = _orders(request, mine)
    context = {
        "nav": "dossiers", "total": recap.euros(sum(p.amount_cents for p in rows)), "fault": fault,
        "rows": [
            {"it": p, "amount": recap.euros(p.amount_cents), "aside": next(iter(p.taken_out.all()), None)} for p in rows
        ],
        "has_errors": bool(fault), "day": (timezone.localdate() + timedelta(days=3)).isoformat(),
        "rejected": list(
            Payment.objects.filter(state=Payment.State.REJECTED, dossier__in=mine)
            .select_related("dossier__procedure")[:100]
        ),
        "to_check": [line for line in orders if line["it"].state == State.PREPARED],
        "orders": [line for line in orders if line["it"].state != State.PREPARED],
    }  # fmt: skip
    return render(request, "desk/payments.html", context, status=status)


def _orders(request: AgentRequest, mine: QuerySet[Dossier]) -> list[dict[str, Any]]:
    """Those of the dossiers he sees; a refused one has no line left."""
    of_lines = PaymentOrder.objects.filter(payments__dossier__in=mine).values("pk")
    of_aside = PaymentOrder.objects.filter(taken_out__payment__dossier__in=mine).values("pk")
    found = (PaymentOrder.objects.filter(pk__in=of_lines) | PaymentOrder.objects.filter(pk__in=of_aside))[:60]
    return [
        {"it": o, "amount": recap.euros(o.total_cents), "is_mine": o.made_by_id == request.user.pk}
        for o in found.select_related("made_by", "checked_by")
    ]


def _order(request: AgentRequest, pk: int) -> PaymentOrder:
    """An order is seen by who sees all that is in it, or was."""
    found = PaymentOrder.objects.select_related("made_by", "checked_by", "csv", "xml").filter(pk=pk).first()
    mine = Dossier.objects.visible_to(request.user)
    if (
        found is None
        or found.payments.exclude(dossier__in=mine).exists()
        or found.taken_out.exclude(payment__dossier__in=mine).exists()
    ):
        raise Http404
    return found


@agent_required
@require_http_methods(["GET", "HEAD", "POST"])
def order(request: AgentRequest, pk: int) -> HttpResponse:
    found = _order(request, pk)
    if request.method != "POST":
        return _show(request, found)
    upload = request.FILES.get("retour")
    try:
        if upload is None:
            raise Refused("Choisissez le fichier de retour.", status=400)
        paid, rejected = do.read_return(found, upload.read(21 * 1024 * 1024), by=request.user)
    except Refused as refusal:
        return _show(request, found, fault=refusal.message, status=refusal.status)
    messages.success(request, f"Retour lu : {paid} versé(s), {rejected} rejeté(s).")
    return redirect("desk:payment_order", pk=pk)


def _show(request: AgentRequest, found: PaymentOrder, *, fault: str = "", status: int = 200) -> HttpResponse:
    rows = list(found.payments.select_related("dossier__procedure", "dossier__applicant"))
    to_check = found.state == State.PREPARED
    live = [p for p in rows if p.state == Payment.State.READY] if to_check else rows
    odd = anomalies(live) if to_check else {}
    # What is odd comes first: it is what the second agent is there for.
    live.sort(key=lambda p: (not odd.get(p.pk), p.dossier_id, p.rank))
    total = sum(p.amount_cents for p in live) if to_check else found.total_cents
    context = {
        "nav": "dossiers", "order": found, "fault": fault, "has_errors": bool(fault), "to_check": to_check,
        "count": len(live) if to_check else found.count, "total": recap.euros(total),
        "rows": [
            {"it": p, "amount": recap.euros(p.amount_cents), "odd": odd.get(p.pk, [])} for p in live[:MOST]
        ],
        "odd_count": sum(bool(said) for said in odd.values()),
        "aside": [
            {"it": line, "amount": recap.euros(line.amount_cents)}
            for line in found.taken_out.select_related("payment__dossier", "by")[:MOST]
        ],
        "is_mine": found.made_by_id == request.user.pk, "seen": fingerprint(live) if to_check else "",
        "typed": request.POST.get("motif", "")[:300] if fault else "", "typed_line": request.POST.get("versement", ""),
    }  # fmt: skip
    return render(request, "desk/payment_order.html", context, status=status)


@agent_required
@require_POST
def order_act(request: AgentRequest, pk: int, verb: str) -> HttpResponse:
    """Before anything leaves: validated, refused, or relieved of a line."""
    found = _order(request, pk)
    reason = request.POST.get("motif", "")[:300]
    try:
        if verb == "valider":
            do.validate_order(found, by=request.user, seen=request.POST.get("vu", "")[:64])
            said = "L'ordre est validé : ses fichiers peuvent être remis à la paierie."
        elif verb == "refuser":
            do.refuse_order(found, by=request.user, reason=reason)
            said = "L'ordre est refusé : ses versements sont de nouveau à payer."
        elif verb == "ecarter":
            line = found.payments.filter(pk=key_of(request.POST.get("versement", ""))).first()
            if line is None:
                raise Refused("Ce versement n'est plus dans cet ordre.")
            do.take_out(found, line, by=request.user, reason=reason)
            said = "Le versement est écarté : il attend de nouveau."
        else:
            raise Http404
    except Refused as refusal:
        return _show(request, _order(request, pk), fault=refusal.message, status=refusal.status)
    messages.success(request, said)
    return redirect("desk:payment_order", pk=pk)


@agent_required
@require_safe
def order_file(request: AgentRequest, pk: int, kind: str) -> HttpResponseBase:
    """The files of a validated order: before that there is none."""
    found = _order(request, pk)
    kept = {"csv": (found.csv_id, "text/csv"), "xml": (found.xml_id, "application/xml")}.get(kind)
    if kept is None or not found.is_exported or kept[0] is None:
        raise Http404
    return given(kept[0], f"{found.message_id}.{kind}", kept[1])


@agent_required
@require_POST
def again(request: AgentRequest, pk: int) -> HttpResponse:
    """A rejected payment goes again, once its account was corrected."""
    mine = Dossier.objects.visible_to(request.user)
    payment = Payment.objects.filter(pk=pk, dossier__in=mine).select_related("dossier").first()
    if payment is None:
        raise Http404
    do.make_ready(payment, by=request.user)
    messages.success(request, "Le versement est de nouveau à payer.")
    return redirect("desk:payments")
