"""The routing as administrators and editors set it: rules in order, tried before they are saved; what was decided."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from guichet.accounts.policy import may_tune_routing
from guichet.cases.actions import routing as actions
from guichet.cases.models import Case, RoutingDecision, RoutingRule
from guichet.cases.routing.trying import LAST, try_rule
from guichet.core.refused import NotAllowed
from guichet.core.text import key_of
from guichet.desk.forms.routing import topic_names
from guichet.desk.forms.rules import RuleForm
from guichet.desk.guard import AgentRequest, routing_required
from guichet.desk.orientation import conditions
from guichet.organisation.models import Sensitivity

PAGE = 50


def tuning_page(request: AgentRequest, name: str, tab: str, *, status: int = 200, **more: Any) -> HttpResponse:
    context = {"nav": "tuning", "tab": tab, "may_tune": may_tune_routing(request.user), **more}
    return render(request, f"desk/{name}.html", context, status=status)


def must_tune(request: AgentRequest) -> None:
    if not may_tune_routing(request.user):
        raise NotAllowed("Seuls les administrateurs et les rédacteurs règlent l'orientation.")


@routing_required
@require_GET
def rules(request: AgentRequest) -> HttpResponse:
    found = RoutingRule.objects.select_related("topic", "team")
    lines = [(rule, conditions(rule)) for rule in found]
    return tuning_page(request, "rules", "rules", lines=lines)


@routing_required
def rule(request: AgentRequest, pk: int = 0) -> HttpResponse:
    """A rule, or a new one: « Essayer » shows what it would change, « Enregistrer » saves it."""
    found = RoutingRule.objects.filter(pk=pk).select_related("topic", "team").first() if pk else RoutingRule()
    if found is None:
        raise Http404
    form, trial, status = RuleForm(request.POST or None, rule=found), None, 200
    if request.method == "POST":
        must_tune(request)
        if request.POST.get("action") == "essayer":
            status = 200 if form.is_valid() else 400
            trial = try_rule(form.made(), user=request.user) if form.is_valid() else None
        else:
            status = form.carry_out(lambda data: actions.save_rule(form.made(), by=request.user))
            if not status:
                messages.success(request, "La règle est enregistrée : elle vaut pour les prochains messages.")
                return redirect("desk:rules")
    return tuning_page(
        request, "rule", "rules", status=status, form=form, trial=trial, last=LAST, is_new=not pk,
        rule_name=RoutingRule.objects.filter(pk=pk).values_list("name", flat=True).first() or "",
        topic_names=topic_names(Sensitivity.RESERVED), pk=pk,
    )  # fmt: skip


@routing_required
@require_POST
def rule_act(request: AgentRequest, pk: int) -> HttpResponse:
    must_tune(request)
    found = RoutingRule.objects.filter(pk=pk).first()
    if found is None:
        raise Http404
    by, wanted = request.user, request.POST.get("action")
    if wanted in {"monter", "descendre"}:
        actions.move_rule(found, -1 if wanted == "monter" else 1, by=by)
        messages.success(request, f"« {found.name} » a changé de place.")
    elif wanted in {"activer", "reposer"}:
        actions.switch_rule(found, active=wanted == "activer", by=by)
        messages.success(request, f"« {found.name} » est {'active' if wanted == 'activer' else 'au repos'}.")
    elif wanted == "supprimer" and request.POST.get("sure"):
        actions.delete_rule(found, by=by)
        messages.success(request, f"« {found.name} » est supprimée.")
    elif wanted == "supprimer":
        messages.error(request, "Cochez « Je confirme » pour supprimer la règle.")
    else:
        raise Http404
    return redirect("desk:rules")


@routing_required
@require_GET
def decisions(request: AgentRequest) -> HttpResponse:
    """Which rule or version did what, newest first, among the cases one may see."""
    found = RoutingDecision.objects.filter(case__in=Case.objects.visible_to(request.user)).exclude(
        source=RoutingDecision.Source.AGENT
    )
    if before := key_of(request.GET.get("avant", "")):
        found = found.filter(pk__lt=before)
    page = list(found.select_related("case__team", "rule", "topic", "corrected_to").order_by("-pk")[: PAGE + 1])
    following = page[PAGE - 1].pk if len(page) > PAGE else ""
    lines = [(decision, _first_percent(decision)) for decision in page[:PAGE]]
    return tuning_page(request, "decisions", "decisions", lines=lines, following=following, is_first=not before)


def _first_percent(decision: RoutingDecision) -> int | None:
    return round(decision.proposals[0][1] * 100) if decision.proposals else None
