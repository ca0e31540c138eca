"""The committee: sittings, their order of the day, what was voted."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from guichet.core.refused import Refused
from guichet.core.spreadsheets import table
from guichet.core.text import key_of, keys_in
from guichet.desk.guard import AgentRequest, agent_required
from guichet.desk.posted import cents_of, day_of
from guichet.procedures import actions as do
from guichet.procedures import recap
from guichet.procedures.models import Dossier, Opinion, Seat, Sitting
from guichet.procedures.models.dossier import Phase

MOST = 500


@agent_required
@require_http_methods(["GET", "HEAD", "POST"])
def sittings(request: AgentRequest) -> HttpResponse:
    fault, status = "", 200
    if request.method == "POST":
        try:
            freezes = request.POST.get("arret", "")
            sitting = do.open_sitting(
                by=request.user, day=day_of(request, "jour"), name=request.POST.get("nom", "")[:160],
                freezes_on=date.fromisoformat(freezes) if freezes else None,
            )  # fmt: skip
            return redirect("desk:sitting", pk=sitting.pk)
        except ValueError:
            fault, status = "Donnez une date.", 400
        except Refused as refusal:
            fault, status = refusal.message, refusal.status
    rows = Sitting.objects.annotate(n=Count("seats")).order_by("-day", "-pk")[:60]
    return render(
        request, "desk/sittings.html",
        {"nav": "dossiers", "rows": list(rows), "fault": fault, "has_errors": bool(fault)},
        status=status,
    )  # fmt: skip


def _sitting(pk: int) -> Sitting:
    found = Sitting.objects.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@agent_required
@require_http_methods(["GET", "HEAD"])
def sitting(request: AgentRequest, pk: int) -> HttpResponse:
    return _show(request, _sitting(pk))


def _show(request: AgentRequest, found: Sitting, *, fault: str = "", status: int = 200) -> HttpResponse:
    mine = Dossier.objects.visible_to(request.user)
    seats = found.seats.filter(dossier__in=mine).select_related("dossier__procedure", "dossier__applicant")
    opinions = {
        opinion.dossier_id: opinion
        for opinion in Opinion.objects.filter(dossier__seats__sitting=found, dropped_at__isnull=True)
    }
    rows = [
        {
            "seat": seat, "opinion": opinions.get(seat.dossier_id),
            "proposed": _euros(opinions[seat.dossier_id].amount_cents) if seat.dossier_id in opinions else "",
            "voted": _euros(seat.amount_cents),
        }
        for seat in seats[:MOST]
    ]  # fmt: skip
    waiting = mine.filter(phase=Phase.COMMITTEE).exclude(seats__sitting__state__in=["open", "frozen"])
    context = {
        "nav": "dossiers", "sitting": found, "rows": rows, "fault": fault, "has_errors": bool(fault),
        "waiting": list(waiting.select_related("procedure", "applicant").order_by("received_at")[:MOST])
        if found.state == Sitting.State.OPEN else [],
        "left": found.seats.filter(result="").count(),
    }  # fmt: skip
    return render(request, "desk/sitting.html", context, status=status)


def _euros(cents: int | None) -> str:
    return recap.euros(cents) if cents is not None else ""


@agent_required
@require_POST
def act(request: AgentRequest, pk: int, verb: str) -> HttpResponse:
    found = _sitting(pk)
    try:
        said = _done(request, found, verb)
    except Refused as refusal:
        return _show(request, _sitting(pk), fault=refusal.message, status=refusal.status)
    messages.success(request, said)
    return redirect("desk:sitting", pk=pk)


def _done(request: AgentRequest, found: Sitting, verb: str) -> str:
    user = request.user
    if verb == "inscrire":
        wanted = keys_in(request.POST.getlist("dossier"))[:MOST]
        rows = list(Dossier.objects.visible_to(user).filter(pk__in=wanted).order_by("received_at", "pk"))
        if not rows:
            raise Refused("Cochez au moins un dossier.", status=400)
        return f"{do.enrol(found, rows, by=user)} dossier(s) inscrit(s)."
    if verb == "retirer":
        do.strike(_seat(request, found), by=user)
        return "Dossier retiré de la liste."
    if verb == "arreter":
        do.freeze(found, by=user)
        return "La liste est arrêtée."
    if verb == "rouvrir":
        do.adjourn_list(found, by=user)
        return "La liste est rouverte."
    if verb == "voter":
        return _vote(request, found)
    if verb == "tenir":
        do.hold(found, by=user, deliberation=request.POST.get("deliberation", "")[:60])
        return "La séance est tenue\u00a0: les décisions sont prises et notifiées."
    if verb == "annuler":
        do.cancel_sitting(found, by=user)
        return "La séance est annulée."
    raise Http404


def _seat(request: AgentRequest, found: Sitting) -> Seat:
    mine = Dossier.objects.visible_to(request.user)
    seat = found.seats.select_related("sitting", "dossier").filter(
        pk=key_of(request.POST.get("ligne", "")), dossier__in=mine
    ).first()  # fmt: skip
    if seat is None:
        raise Http404
    return seat


def _vote(request: AgentRequest, found: Sitting) -> str:
    """One result for one line, or the same for all those that are not voted yet."""
    result = request.POST.get("resultat", "")
    if request.POST.get("toutes"):
        mine = Dossier.objects.visible_to(request.user)
        seats = list(found.seats.filter(result="", dossier__in=mine).select_related("sitting", "dossier"))
        for seat in seats:
            do.vote(seat, by=request.user, result=result)
        return f"{len(seats)} résultat(s) enregistré(s)."
    do.vote(
        _seat(request, found), by=request.user, result=result, amount_cents=cents_of(request, "montant"),
        reasons=request.POST.get("motifs", "")[:4000],
    )  # fmt: skip
    return "Résultat enregistré."


@agent_required
@require_http_methods(["GET", "HEAD"])
def order_of_day(request: AgentRequest, pk: int) -> HttpResponse:
    """The list as a spreadsheet, for the elected members."""
    found = _sitting(pk)
    mine = Dossier.objects.visible_to(request.user)
    seats = found.seats.filter(dossier__in=mine).select_related("dossier__procedure", "dossier__applicant")
    opinions = {o.dossier_id: o for o in Opinion.objects.filter(dossier__seats__sitting=found, dropped_at__isnull=True)}
    lines = []
    for seat in seats:
        opinion = opinions.get(seat.dossier_id)
        cents = opinion.amount_cents if opinion else None
        lines.append(
            (
                seat.position, seat.dossier.reference, seat.dossier.procedure.title, seat.dossier.applicant.full_name,
                seat.dossier.applicant.town, opinion.get_way_display() if opinion else "",
                f"{(cents or 0) / 100:.2f}".replace(".", ","), seat.get_result_display(),
            )
        )  # fmt: skip
    head = ("Ordre", "Dossier", "Démarche", "Demandeur", "Commune", "Avis", "Montant proposé", "Résultat")
    response = HttpResponse(table(head, lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="ordre-du-jour-{found.day:%Y-%m-%d}.csv"'
    return response
