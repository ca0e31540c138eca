"""The teams one answers for: what each has to do, and who does it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from guichet.accounts.absences import absences_on, today
from guichet.accounts.models import Membership, User
from guichet.accounts.policy import teams_supervised
from guichet.cases.actions.reassigning import reassign
from guichet.cases.actions.sharing import set_share, set_sharing, share_out
from guichet.cases.load import KINDS, Load, condition_of, loads_of, total
from guichet.cases.models import Case, CaseQuerySet
from guichet.cases.sharing import candidates, forecast
from guichet.core.text import key_of, keys_in
from guichet.desk import queues
from guichet.desk.forms.absences import ShareForm
from guichet.desk.forms.teams import ReassignForm
from guichet.desk.guard import AgentRequest, supervisor_required
from guichet.organisation.actions import tree
from guichet.organisation.models import Team

PAGE = 50
AT_ONCE = 500
NOBODY = "personne"


def supervised_team(request: AgentRequest, pk: int) -> Team:
    """A team he answers for; another one and one that does not exist look the same."""
    team = teams_supervised(request.user).filter(pk=pk).first()
    if team is None:
        raise Http404
    return team


@supervisor_required
@require_GET
def teams(request: AgentRequest) -> HttpResponse:
    known = tree(list(teams_supervised(request.user).filter(is_active=True)))
    loads = loads_of(request.user, (team.pk for _, team in known))
    lines = [(depth, team, total(loads.get(team.pk, {}).values())) for depth, team in known]
    context = {"nav": "teams", "lines": lines, "all": total(load for _, _, load in lines), "columns": KINDS.values()}
    return render(request, "desk/teams.html", context)


@supervisor_required
@require_GET
def team(request: AgentRequest, pk: int) -> HttpResponse:
    found = supervised_team(request, pk)
    loads = loads_of(request.user, [found.pk]).get(found.pk, {})
    members = {m.user_id: m for m in Membership.objects.filter(team=found, user__is_active=True)}
    agents = User.objects.filter(pk__in={*members, *(agent for agent in loads if agent)}).order_by(
        "last_name", "first_name", "pk"
    )
    away = absences_on(today(), [agent.pk for agent in agents])
    lines = [(agent, members.get(agent.pk), loads.get(agent.pk, Load()), away.get(agent.pk)) for agent in agents]
    sharing = candidates(found)
    context = {
        "nav": "teams", "team": found, "lines": lines, "nobody": loads.get(None, Load()),
        "all": total(loads.values()), "columns": KINDS.values(), "sharing": sharing,
        "next": forecast(found, sharing, request.user) if found.shares_out else None,
    }  # fmt: skip
    return render(request, "desk/team.html", context)


def _chosen(request: AgentRequest, team: Team, data: Any) -> tuple[str, str, CaseQuerySet]:
    """The kind, the agent as written in the address, and the cases they name."""
    kind, agent = data.get("quoi", ""), data.get("agent", "")
    kind = kind if kind in KINDS else "a-traiter"
    cases = Case.objects.visible_to(request.user).running().filter(condition_of(kind, timezone.now()), team=team)
    if agent == NOBODY:
        return kind, agent, cases.filter(assignee__isnull=True)
    if key := key_of(agent):
        return kind, agent, cases.filter(assignee_id=key)
    return kind, "", cases


@supervisor_required
@require_GET
def team_cases(request: AgentRequest, pk: int) -> HttpResponse:
    return _cases_page(request, supervised_team(request, pk), request.GET)


def _cases_page(
    request: AgentRequest, team: Team, data: Any, *, status: int = 200, form: ReassignForm | None = None
) -> HttpResponse:
    """What a number of the pages of teams counts, to be read and given to others."""
    kind, agent, cases = _chosen(request, team, data)
    count = cases.count()
    after = data.get("apres", "")
    if mark := queues.read_mark(after):
        cases = cases.filter(Q(due_at__gt=mark[0]) | Q(due_at=mark[0], pk__gt=mark[1]))
    found = list(cases.select_related("person", "topic", "assignee").by_due()[: PAGE + 1])
    following = queues.make_mark(found[PAGE - 1].due_at, found[PAGE - 1].pk) if len(found) > PAGE else ""
    named = Q(memberships__team=team) | Q(pk__in=[case.assignee_id for case in found if case.assignee_id])
    who = User.objects.filter(named, pk=key_of(agent)).first()
    address = {"quoi": kind, **({"agent": agent} if agent else {})}
    context = {
        "nav": "teams", "team": team, "kind": kind, "kinds": KINDS.items(), "agent": agent, "who": who,
        "rows": queues.rows_of(found[:PAGE]), "count": count, "ticked": set(data.getlist("cas")),
        "following": urlencode({**address, "apres": following}) if following else "", "is_first": not after,
        "form": form or ReassignForm(team=team), "address": urlencode(address),
    }  # fmt: skip
    return render(request, "desk/team_cases.html", context, status=status)


@supervisor_required
@require_POST
def team_reassign(request: AgentRequest, pk: int) -> HttpResponse:
    """Asked once with the number of cases and whom they go to, then done."""
    team = supervised_team(request, pk)
    form = ReassignForm(request.POST, team=team)
    kind, agent, cases = _chosen(request, team, request.POST)
    numbers = keys_in(request.POST.getlist("cas"))
    if not request.POST.get("toutes"):
        cases = Case.objects.visible_to(request.user).running().filter(team=team, pk__in=numbers)
    if not form.is_valid():
        return _cases_page(request, team, request.POST, status=400, form=form)
    found = list(cases.select_related("team").by_due()[: AT_ONCE + 1])
    if not found:
        form.add_error(None, "Cochez au moins une demande.")
        return _cases_page(request, team, request.POST, status=400, form=form)
    context = {
        "nav": "teams", "team": team, "kind": kind, "agent": agent, "cases": found[:AT_ONCE], "to": form.chosen,
        "to_value": form.cleaned_data["to"], "count": min(len(found), AT_ONCE), "more": len(found) > AT_ONCE,
    }  # fmt: skip
    if not request.POST.get("sure"):
        return render(request, "desk/team_reassign.html", context)
    moved = reassign(found[:AT_ONCE], form.chosen, by=request.user)
    where = f"à {form.chosen.full_name}" if form.chosen else "dans la file"
    plural = "s" * (moved.done > 1)
    verb = f"attribuée{plural}" if form.chosen else f"remise{plural}"
    messages.success(request, f"{moved.done} demande{plural} {verb} {where}.")
    for case, why in moved.refused[:5]:
        messages.error(request, f"N° {case.spoken_reference} : {why}")
    return redirect("desk:team", team.pk)


@supervisor_required
@require_POST
def team_sharing(request: AgentRequest, pk: int) -> HttpResponse:
    team, on = supervised_team(request, pk), request.POST.get("partage") == "oui"
    set_sharing(team, on, by=request.user)
    if on:
        share_out(team.pk)
    messages.success(request, "Le partage automatique est activé." if on else "Le partage automatique est arrêté.")
    return redirect("desk:team", pk)


@supervisor_required
def team_agent(request: AgentRequest, pk: int, agent: int) -> HttpResponse:
    """What one agent takes from sharing."""
    team = supervised_team(request, pk)
    seat = Membership.objects.filter(team=team, user=agent).select_related("user", "team").first()
    if seat is None:
        raise Http404
    form = ShareForm(request.POST or None, seat=seat, user=request.user)
    status = 200
    if request.method == "POST":
        hidden = list(seat.topics.filter(sensitivity__gt=request.user.clearance))  # not shown: kept
        status = form.carry_out(lambda d: set_share(seat, d["at_most"], [*d["topics"], *hidden], by=request.user))
        if not status:
            messages.success(request, "C'est enregistré.")
            return redirect("desk:team", pk)
    context = {"nav": "teams", "team": team, "seat": seat, "form": form}
    return render(request, "desk/team_agent.html", context, status=status)
