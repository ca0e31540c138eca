"""Settings in the desk, for administrators: a hub, a list and a form for each kind of row."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from guichet.accounts import actions as accounts
from guichet.accounts.models import User
from guichet.accounts.own import confirmed_device
from guichet.cases.actions.administering import retire_agent
from guichet.core.refused import Refused
from guichet.desk.forms.agents import AgentForm, RetireForm, TemplateForm
from guichet.desk.forms.settings import SettingForm
from guichet.desk.guard import AgentRequest, administrator_required
from guichet.desk.sections import SECTIONS, Section
from guichet.journal.models import Event

PAGE = 100
HISTORY = 20
SILENT = ("account.signed_in", "account.sessions_revoked", "account.joined")


def _section(key: str) -> Section:
    if key not in SECTIONS:
        raise Http404
    return SECTIONS[key]


@administrator_required
@require_GET
def hub(request: AgentRequest) -> HttpResponse:
    return render(request, "desk/settings.html", {"nav": "settings", "sections": SECTIONS.values()})


@administrator_required
@require_GET
def listing(request: AgentRequest, section: str) -> HttpResponse:
    chosen = _section(section)
    words = request.GET.get("q", "").strip()[:120]
    number = request.GET.get("page", "1")
    page = min(max(int(number), 1), 1000) if number.isdecimal() and len(number) < 5 else 1
    rows = chosen.rows(words)
    if chosen.depth is not None and not words:
        lines = chosen.depth(list(rows))
        following = False
    else:
        found = list(rows[(page - 1) * PAGE : page * PAGE + 1])
        lines, following = [(0, row) for row in found[:PAGE]], len(found) > PAGE
    return render(request, "desk/setting_list.html", {
        "nav": "settings", "section": chosen, "sections": SECTIONS.values(), "search": words, "page": page,
        "following": page + 1 if following else 0, "count": len(lines) if not following and page == 1 else rows.count(),
        "lines": [
            {
                "pk": row.pk, "depth": depth, "name": str(chosen.name(row)) or "(sans nom)",
                "cells": [cell(row) for _, cell in chosen.columns], "retired": chosen.retired(row),
            }
            for depth, row in lines
        ],
    })  # fmt: skip


def _row(chosen: Section, pk: int) -> Any:
    row = chosen.rows("").filter(pk=pk).first() if pk else chosen.model()
    if row is None:
        raise Http404
    return row


@administrator_required
def edit(request: AgentRequest, section: str, pk: int = 0) -> HttpResponse:
    """A row, or a new one, with what changed before at the bottom."""
    chosen = _section(section)
    row = _row(chosen, pk)
    form = chosen.form(request.POST or None, instance=row)
    status = 200
    if request.method == "POST" and request.POST.get("action") == "voir" and isinstance(form, TemplateForm):
        form.is_valid()
    elif request.method == "POST":
        status = form.carry_out(lambda data: form.apply(request.user))
        if not status and isinstance(form, AgentForm) and form.password:
            return _password(request, form.instance, form.password)
        if not status:
            messages.success(request, "C'est enregistré.")
            return redirect("desk:setting", section, form.instance.pk)
    return _form_page(request, chosen, form, pk, status=status)


def _form_page(
    request: AgentRequest, chosen: Section, form: SettingForm, pk: int, *, status: int = 200, **more: Any
) -> HttpResponse:
    events = Event.objects.none()
    if pk:
        events = (
            Event.objects.filter(subject=f"{chosen.subject}:{pk}", case_id=None, person_id=None)
            .exclude(verb__in=SILENT).select_related("actor").order_by("-id")
        )  # fmt: skip
    agent = User.objects.filter(pk=pk).first() if pk and chosen.key == "agents" else None
    known = str(chosen.name(_row(chosen, pk))) if pk else ""
    context = {
        "nav": "settings", "section": chosen, "form": form, "pk": pk, "title": known or chosen.new,
        "parts": form.sections(), "events": [(event, event.data.get("changes", [])) for event in events[:HISTORY]],
        "may_go": bool(pk) and chosen.remove is not None,
        "preview": form.preview() if isinstance(form, TemplateForm) else "",
        "agent": agent,
        "has_second_factor": agent is not None and confirmed_device(agent) is not None,
        "retire_form": RetireForm(agent=agent, auto_id="retrait-%s") if agent else None,
        "open_cases": agent.cases.filter(closed_at__isnull=True).count() if agent else 0,
        **more,
    }  # fmt: skip
    return render(request, "desk/setting.html", context, status=status)


@administrator_required
@require_POST
def remove(request: AgentRequest, section: str, pk: int) -> HttpResponse:
    """Only what nothing else refers to; the rest is put out of use."""
    chosen = _section(section)
    if chosen.remove is None:
        raise Http404
    row = _row(chosen, pk)
    if not request.POST.get("sure"):
        messages.error(request, "Cochez « Je confirme » pour supprimer.")
        return redirect("desk:setting", section, pk)
    try:
        chosen.remove(row, request.user)
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("desk:setting", section, pk)
    messages.success(request, "C'est supprimé.")
    return redirect("desk:setting_list", section)


# -- what is done with an account --------------------------------------------------------------------------------------


@sensitive_post_parameters()
@administrator_required
@require_POST
def agent_act(request: AgentRequest, pk: int) -> HttpResponse:
    agent = User.objects.filter(pk=pk, kind=User.Kind.HUMAN).first()
    if agent is None:
        raise Http404
    wanted, by = request.POST.get("action"), request.user
    try:
        if wanted == "desactiver":
            form = RetireForm(request.POST, agent=agent, auto_id="retrait-%s")
            if not form.is_valid():
                chosen = SECTIONS["agents"]
                page = chosen.form(instance=_row(chosen, pk))
                return _form_page(request, chosen, page, pk, status=400, retire_form=form)
            moved = retire_agent(agent, by=by, heir=form.cleaned_data["heir"])
            plural = "s" * (moved > 1)
            messages.success(request, f"Le compte est désactivé, {moved} demande{plural} réattribuée{plural}.")
        elif wanted == "reactiver":
            accounts.reactivate(agent, by=by)
            messages.success(request, "Le compte est de nouveau actif.")
        elif wanted == "mot-de-passe":
            return _password(request, agent, accounts.renew_password(agent, by=by))
        elif wanted == "second-facteur":
            accounts.reset_second_factor(agent, by=by)
            messages.success(request, "La vérification en deux étapes est retirée : l'agent pourra la remettre.")
        else:
            raise Http404
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect("desk:setting", "agents", pk)


def _password(request: AgentRequest, agent: User, password: str) -> HttpResponse:
    """Shown once, to be handed over: the first sign-in asks for another."""
    return render(request, "desk/provisional.html", {"nav": "settings", "agent": agent, "password": password})
