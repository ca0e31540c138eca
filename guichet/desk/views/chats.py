"""Conversations in the desk: who waits, one window, dialogues, what came of them all."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from guichet.cases.models import Case
from guichet.core.refused import Refused
from guichet.core.text import key_of
from guichet.desk.guard import AgentRequest, agent_required
from guichet.knowledge.effect import form_effect
from guichet.knowledge.policy import may_write
from guichet.noa import actions
from guichet.noa.figures import figures
from guichet.noa.models import Chat, ChatState, Dialogue
from guichet.noa.queue import visible_to, waiting_for
from guichet.noa.rehearsing import rehearse
from guichet.noa.showing import is_typing, turns_of

PERIODS = {"7": 7, "30": 30, "90": 90}


@agent_required
@require_GET
def chats(request: AgentRequest) -> HttpResponse:
    mine = visible_to(request.user)
    context = {
        "nav": "chats",
        "waiting": waiting_for(request.user)[:100],
        "running": mine.filter(state=ChatState.WITH_AGENT).order_by("-last_at")[:50],
        "over": mine.filter(state=ChatState.ENDED).order_by("-last_at")[:30],
    }
    return render(request, "desk/chats.html", context)


def _chat(request: AgentRequest, pk: int) -> Chat:
    return get_object_or_404(visible_to(request.user), pk=pk)


@agent_required
@require_GET
def chat(request: AgentRequest, pk: int) -> HttpResponse:
    found = _chat(request, pk)
    case = Case.objects.visible_to(request.user).filter(chats=found).first()
    context = {
        "nav": "chats", "chat": found, "turns": turns_of(found), "case": case, "live_url": settings.LIVE_URL,
        "mine": found.agent_id == request.user.pk and found.state == ChatState.WITH_AGENT,
        "away": _away(found),
    }  # fmt: skip
    return render(request, "desk/chat.html", context)


def _away(chat: Chat) -> bool:
    return timezone.now() - chat.seen_at > actions.GONE_AFTER


@agent_required
@require_GET
def chat_news(request: AgentRequest, pk: int) -> HttpResponse:
    found = _chat(request, pk)
    after = min(key_of(request.GET.get("apres", "")), 10_000)
    turns = turns_of(found, after)
    said = {
        "html": render_to_string("desk/_tours.html", {"turns": turns, "chat": found}, request),
        "ecrit": is_typing(found.typing_at), "etat": found.state, "absent": _away(found),
    }  # fmt: skip
    return JsonResponse(said)


@agent_required
@require_POST
def chat_act(request: AgentRequest, pk: int) -> HttpResponse:
    """Take, say, give back, end; « ecrit »: a sign that the agent types."""
    found = _chat(request, pk)
    what = request.POST.get("faire", "")
    if what == "ecrit":
        if found.agent_id == request.user.pk:
            actions.typing(found, agent=True)
        return HttpResponse(status=204)
    if what == "prendre":
        actions.take(found, by=request.user)
    elif what == "dire":
        actions.say_as_agent(found, request.POST.get("texte", ""), by=request.user)
    elif what == "rendre":
        actions.release(found, by=request.user)
    elif what == "finir":
        actions.end(found, by=request.user)
    else:
        raise Http404
    if request.headers.get("X-Requested-With") == "noa":
        return HttpResponse(status=204)
    return redirect("desk:chat", pk=found.pk)


@agent_required
@require_GET
def noa_quality(request: AgentRequest) -> HttpResponse:
    days = PERIODS.get(request.GET.get("jours", ""), 30)
    now = timezone.now()
    since = now - timedelta(days=days)
    context = {
        "nav": "chats", "figures": figures(since), "form": form_effect(since, now), "days": days,
        "periods": list(PERIODS.values()),
    }  # fmt: skip
    return render(request, "desk/noa_quality.html", context)


@agent_required
@require_GET
def dialogues(request: AgentRequest) -> HttpResponse:
    rows = Dialogue.objects.select_related("changed_by").order_by("title")
    return render(request, "desk/dialogues.html", {"nav": "chats", "rows": rows, "may_write": may_write(request.user)})


@agent_required
@require_http_methods(["GET", "POST"])
def dialogue(request: AgentRequest, pk: int = 0) -> HttpResponse:
    """Read one, change it, play its own tests."""
    row = get_object_or_404(Dialogue, pk=pk) if pk else Dialogue()
    fault, played = "", []
    if request.method == "POST":
        row.source = request.POST.get("texte", "")[:60_000]
        row.code = row.code or request.POST.get("code", "").strip()[:60]
        row.is_active = "actif" in request.POST
        try:
            if request.POST.get("faire") == "supprimer" and pk:
                actions.delete_dialogue(row, by=request.user)
                messages.success(request, "Dialogue supprimé.")
                return redirect("desk:dialogues")
            actions.save_dialogue(row, by=request.user)
            messages.success(request, f"Dialogue enregistré, version {row.version}.")
            return redirect("desk:dialogue", pk=row.pk)
        except Refused as refusal:
            fault = refusal.message
    elif pk and "tester" in request.GET:
        played = rehearse(row.code, row.source)
    context = {
        "nav": "chats", "row": row, "fault": fault, "played": played, "may_write": may_write(request.user),
    }  # fmt: skip
    return render(request, "desk/dialogue.html", context, status=400 if fault else 200)
