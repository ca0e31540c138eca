"""Payments: those that are ready, orders exported, their returns."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guichet.core.downloads import given
from guichet.core.refused import Refused
from guichet.desk.guard import AgentRequest, agent_required
from guichet.desk.posted import day_of
from guichet.procedures import actions as do
from guichet.procedures import recap
from guichet.procedures.models import Dossier, Payment, PaymentOrder

MOST = 1000


def _ready(request: AgentRequest) -> QuerySet[Payment]:
    mine = Dossier.objects.visible_to(request.user)
    found = Payment.objects.filter(state=Payment.State.READY, dossier__in=mine).exclude(kind=Payment.Kind.RECOVERY)
    return found.select_related("dossier__procedure", "dossier__applicant").order_by("due_on", "pk")


@agent_required
@require_http_methods(["GET", "HEAD", "POST"])
def payments(request: AgentRequest) -> HttpResponse:
    fault, status = "", 200
    if request.method == "POST":
        wanted = [int(pk) for pk in request.POST.getlist("versement") if pk.isdigit()][:MOST]
        try:
            chosen = list(_ready(request).filter(pk__in=wanted))
            order = do.order_payments(chosen, by=request.user, execution_day=day_of(request, "jour"))
        except Refused as refusal:
            fault, status = refusal.message, refusal.status
        else:
            messages.success(request, f"{order.count} versement(s) exporté(s), {recap.euros(order.total_cents)}.")
            return redirect("desk:payment_order", pk=order.pk)
    mine = Dossier.objects.visible_to(request.user)
    rows = list(_ready(request)[:MOST])
    context = {
        "nav": "dossiers", "rows": [{"it": p, "amount": recap.euros(p.amount_cents)} for p in rows],
        "total": recap.euros(sum(p.amount_cents for p in rows)), "fault": fault, "has_errors": bool(fault),
        "day": (timezone.localdate() + timedelta(days=3)).isoformat(),
        "rejected": list(
            Payment.objects.filter(state=Payment.State.REJECTED, dossier__in=mine)
            .select_related("dossier__procedure")[:100]
        ),
        "orders": [
            {"it": o, "amount": recap.euros(o.total_cents)}
            for o in PaymentOrder.objects.filter(payments__dossier__in=mine).distinct()[:50]
        ],
    }  # fmt: skip
    return render(request, "desk/payments.html", context, status=status)


def _order(request: AgentRequest, pk: int) -> PaymentOrder:
    """An order is seen by who sees all that is in it."""
    found = PaymentOrder.objects.select_related("made_by", "csv", "xml").filter(pk=pk).first()
    mine = Dossier.objects.visible_to(request.user)
    if found is None or found.payments.exclude(dossier__in=mine).exists():
        raise Http404
    return found


@agent_required
@require_http_methods(["GET", "HEAD", "POST"])
def order(request: AgentRequest, pk: int) -> HttpResponse:
    found = _order(request, pk)
    fault, status = "", 200
    if request.method == "POST":
        upload = request.FILES.get("retour")
        try:
            if upload is None:
                raise Refused("Choisissez le fichier de retour.", status=400)
            paid, rejected = do.read_return(found, upload.read(21 * 1024 * 1024), by=request.user)
        except Refused as refusal:
            fault, status = refusal.message, refusal.status
        else:
            messages.success(request, f"Retour lu : {paid} versé(s), {rejected} rejeté(s).")
            return redirect("desk:payment_order", pk=pk)
    rows = found.payments.select_related("dossier__procedure", "dossier__applicant")
    context = {
        "nav": "dossiers", "order": found, "total": recap.euros(found.total_cents), "fault": fault,
        "rows": [{"it": p, "amount": recap.euros(p.amount_cents)} for p in rows[:MOST]], "has_errors": bool(fault),
    }  # fmt: skip
    return render(request, "desk/payment_order.html", context, status=status)


@agent_required
@require_safe
def order_file(request: AgentRequest, pk: int, kind: str) -> HttpResponseBase:
    found = _order(request, pk)
    if kind == "csv":
        return given(found.csv_id, f"{found.message_id}.csv", "text/csv")
    if kind == "xml":
        return given(found.xml_id, f"{found.message_id}.xml", "application/xml")
    raise Http404


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
