"""Absences: one's own, and those of the agents one leads; what passed to others meanwhile."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from guichet.accounts.absences import today
from guichet.accounts.models import Absence
from guichet.accounts.own import be_available
from guichet.accounts.policy import is_supervisor, teams_supervised
from guichet.cases.actions.absences import end_absence, record_absence
from guichet.cases.models import Case, PassedOn
from guichet.desk.forms.absences import AbsenceForm
from guichet.desk.guard import AgentRequest, agent_required

OVER_SHOWN = 20
PASSED_SHOWN = 200


def _within_reach(request: AgentRequest) -> QuerySet[Absence]:
    """His own, and those of the agents of teams he leads."""
    user = request.user
    found = Absence.objects.select_related("user", "substitute")
    if user.is_administrator:
        return found
    theirs = teams_supervised(user).values("pk")
    return found.filter(Q(user=user) | Q(user__memberships__team__in=theirs)).distinct()


@agent_required
def absences(request: AgentRequest) -> HttpResponse:
    form = AbsenceForm(request.POST or None, user=request.user)
    status = 200
    if request.method == "POST":
        status = form.carry_out(lambda data: record_absence(form.made(), by=request.user))
        if not status:
            messages.success(request, "L'absence est enregistrée.")
            return redirect("desk:absences")
    known = _within_reach(request).annotate(number=Count("passed", distinct=True))
    context = {
        "nav": "absences", "form": form, "leads": is_supervisor(request.user), "today": today(),
        "coming": known.filter(last_day__gte=today()).order_by("first_day", "pk"),
        "over": known.filter(last_day__lt=today()).order_by("-last_day", "-pk")[:OVER_SHOWN],
    }  # fmt: skip
    return render(request, "desk/absences.html", context, status=status)


@agent_required
def absence(request: AgentRequest, pk: int) -> HttpResponse:
    """One absence: its dates while it is not over, and what passed, among what the reader may see."""
    found = _within_reach(request).filter(pk=pk).first()
    if found is None:
        raise Http404
    form = AbsenceForm(request.POST or None, user=request.user, absence=found)
    status = 200
    if request.method == "POST":
        if found.last_day < today():
            raise Http404
        status = form.carry_out(lambda data: record_absence(form.made(), by=request.user))
        if not status:
            messages.success(request, "L'absence est modifiée.")
            return redirect("desk:absence", pk)
        found.refresh_from_db()
    passed = PassedOn.objects.filter(absence=found)
    visible = Case.objects.visible_to(request.user).filter(pk__in=passed.values("case_id"))
    lines = passed.filter(case__in=visible).select_related("case__assignee", "to").order_by("-pk")[:PASSED_SHOWN]
    context = {
        "nav": "absences", "absence": found, "form": form, "lines": lines, "count": passed.count(),
        "is_over": found.last_day < today(), "has_begun": found.first_day <= today(), "now": timezone.now(),
    }  # fmt: skip
    return render(request, "desk/absence.html", context, status=status)


@agent_required
@require_POST
def absence_end(request: AgentRequest, pk: int) -> HttpResponse:
    found = _within_reach(request).filter(pk=pk).first()
    if found is None:
        raise Http404
    end_absence(found, by=request.user)
    messages.success(request, "C'est noté. Ce qui est passé à d'autres n'est pas repris.")
    return redirect("desk:absences")


@agent_required
@require_POST
def available(request: AgentRequest) -> HttpResponse:
    """The switch of the top bar: whether sharing gives him new cases."""
    wanted = request.POST.get("disponible") == "oui"
    be_available(request.user, wanted)
    said = "Vous recevez de nouvelles demandes." if wanted else "Vous ne recevez plus de nouvelles demandes."
    messages.success(request, said)
    return redirect("desk:inbox")
