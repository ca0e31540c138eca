"""Settings: the keys of programs, the programs that are told what happens, and what became of each call."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_POST

from guichet.core.refused import Refused
from guichet.desk.forms.interfaces import HookForm, KeyForm
from guichet.desk.guard import AgentRequest, administrator_required
from guichet.gateway.actions import create_hook, create_key, replay, resume_hook, revoke_key, stop_hook
from guichet.gateway.models import ApiKey, Webhook, WebhookCall
from guichet.gateway.telling import TOLD, kind_said

MOST = 200
CALLS = 50


def _page(request: AgentRequest, status: int = 200, **more: Any) -> HttpResponse:
    context = {
        "nav": "settings", "open": "", "key_form": KeyForm(auto_id="cle-%s"), "hook_form": HookForm(auto_id="appel-%s"),
        "keys": ApiKey.objects.select_related("team")[:MOST], "hooks": Webhook.objects.select_related("team")[:MOST],
        **more,
    }  # fmt: skip
    return render(request, "desk/interfaces.html", context, status=status)


@administrator_required
@sensitive_variables("secret")
def interfaces(request: AgentRequest) -> HttpResponse:
    if request.method != "POST":
        return _page(request)
    made: list[Any] = []
    if request.POST.get("action") == "appel":
        hooks = HookForm(request.POST, auto_id="appel-%s")
        status = hooks.carry_out(lambda data: made.extend(create_hook(by=request.user, **data)))
        if status:
            return _page(request, status, hook_form=hooks, open="hook")
    else:
        keys = KeyForm(request.POST, auto_id="cle-%s")
        status = keys.carry_out(
            lambda data: made.extend(
                create_key(data["name"], by=request.user, scopes=data["scopes"], team=data["team"],
                           expires_at=data["last_day"])
            )
        )  # fmt: skip
        if status:
            return _page(request, status, key_form=keys, open="key")
    row, secret = made
    return render(request, "desk/interface_secret.html", {
        "nav": "settings", "row": row, "secret": secret, "is_key": isinstance(row, ApiKey),
    })  # fmt: skip


@administrator_required
@require_POST
def key_revoke(request: AgentRequest, pk: int) -> HttpResponse:
    key = ApiKey.objects.filter(pk=pk).first()
    if key is None:
        raise Http404
    revoke_key(key, by=request.user)
    messages.success(request, f"La clé de « {key.name} » n'ouvre plus rien.")
    return redirect("desk:interfaces")


def _hook(pk: int) -> Webhook:
    found = Webhook.objects.select_related("team").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@administrator_required
@require_GET
def hook(request: AgentRequest, pk: int) -> HttpResponse:
    """Its last calls; those that were given up first when asked."""
    found, state = _hook(pk), request.GET.get("etat", "")
    calls = WebhookCall.objects.filter(hook=found).order_by("-id")
    if state in WebhookCall.State.values:
        calls = calls.filter(state=state)
    before = request.GET.get("avant", "")
    if before.isascii() and before.isdecimal() and len(before) < 19:
        calls = calls.filter(pk__lt=int(before))
    rows = list(calls[: CALLS + 1])
    return render(request, "desk/interface_hook.html", {
        "nav": "settings", "hook": found, "calls": rows[:CALLS], "state": state, "states": WebhookCall.State.choices,
        "following": rows[CALLS - 1].pk if len(rows) > CALLS else 0,
        "events": [kind_said(verb) for verb in found.events if verb in TOLD],
    })  # fmt: skip


@administrator_required
@require_POST
def hook_act(request: AgentRequest, pk: int) -> HttpResponse:
    found, wanted = _hook(pk), request.POST.get("action", "")
    number = request.POST.get("appel", "")
    call = (
        WebhookCall.objects.filter(hook=found, pk=number).first() if number.isdecimal() and len(number) < 19 else None
    )
    try:
        if wanted == "arreter":
            stop_hook(found, by=request.user)
            messages.success(request, "Ce logiciel n'est plus averti.")
        elif wanted == "reprendre":
            resume_hook(found, by=request.user)
            messages.success(request, "Ce logiciel est de nouveau averti.")
        elif wanted == "rejouer" and call is not None:
            replay(call, by=request.user)
            messages.success(request, "L'appel repart dans quelques secondes.")
        else:
            raise Http404
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect("desk:interface_hook", pk)
