"""Noa: a full page that works without JavaScript, the same page in a frame, and what its script asks for.

No cookie opens a conversation: its key does, which the page holds. A request from another site has no key to send.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from csp.decorators import csp_replace
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guichet.core.kept import Kept
from guichet.core.limits import client_address, spend
from guichet.core.refused import Refused
from guichet.noa import actions, phrases
from guichet.noa.models import Chat, ChatState, Turn
from guichet.noa.queue import anybody_there, position
from guichet.noa.showing import Shown, is_typing, shown, turns_of

_CHAT = Kept(lambda key: Chat.objects.select_related("agent").filter(key=key))  # asked by each page every few seconds
CHATS_PER_HOUR, SAID_PER_HOUR, HOUR = 60, 600, timedelta(hours=1)


@csrf_exempt  # no cookie is read: the key of the conversation is the only right
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def noa(request: HttpRequest) -> HttpResponse:
    """The conversation; a POST says something (`q`), chooses (`vers`), starts a dialogue, sends a file or votes."""
    if "cadre" in request.GET or "cadre" in request.POST:
        origins = ["'self'", *settings.EMBED_ORIGINS]
        framed = csp_replace({"frame-ancestors": origins})(_noa)
        return xframe_options_exempt(framed)(request)  # type: ignore[return-value]
    return _noa(request)


def _noa(request: HttpRequest) -> HttpResponse:
    chat = _chat(request)
    if request.method != "POST":
        first = "" if chat else request.GET.get("q", "")[:500]
        return _page(request, chat, draft=first)
    fault, status = "", 200
    try:
        spend("noa", client_address(request), at_most=SAID_PER_HOUR, per=HOUR)
        if chat is None:
            spend("noa-new", client_address(request), at_most=CHATS_PER_HOUR, per=HOUR)
            chat = actions.open_chat(site=urlsplit(request.headers.get("Referer", "")).hostname or "")
        said = _do(request, chat)
    except Refused as refusal:
        fault, status, said = refusal.message, refusal.status, []
        if chat is None:
            return _page(request, None, draft=request.POST.get("q", ""), fault=fault, status=status)
    if request.headers.get("X-Requested-With") == "noa":
        if said:  # as it was just written, under its lock
            return _news(request, said[0].chat, [shown(turn) for turn in said])
        chat.refresh_from_db()
        after = 0 if fault else chat.turns.count()
        return _news(request, chat, turns_of(chat, after), after=after, fault=fault, status=status)
    if fault:
        return _page(request, chat, draft=request.POST.get("q", ""), fault=fault, status=status)
    framed = "&cadre=1" if "cadre" in request.POST else ""
    return redirect(f"{reverse('portal:noa')}?fil={chat.key}{framed}#dernier")


def _do(request: HttpRequest, chat: Chat) -> list[Turn]:
    """What was asked, done; what was said by that."""
    posted = request.POST
    if "avis" in posted:
        number = posted.get("tour", "")
        actions.rate(chat, int(number) if number.isdecimal() and len(number) < 6 else 0, posted["avis"])
    elif posted.get("vers"):
        return actions.choose(chat, posted["vers"], posted.get("libelle", ""))
    elif posted.get("dialogue"):
        return actions.start_dialogue(chat, posted["dialogue"])
    elif (file := request.FILES.get("fichier")) is not None:
        if (file.size or 0) > 10_000_000:
            raise Refused("Le document dépasse 10 Mo.", status=400)
        return actions.send_file(chat, file.name or "document", file.read())
    elif posted.get("adresse"):
        return actions.leave_address(chat, posted["adresse"], summary="resume" in posted)
    elif "terminer" in posted:
        actions.leave(chat)
    else:
        return actions.hear(chat, posted.get("q", ""))
    return []


@never_cache
@require_safe
def news(request: HttpRequest) -> HttpResponse:
    """What was said after a number, for the script: HTML of the turns, who writes, the place in the queue."""
    chat = _chat(request)
    if chat is None:
        raise Http404
    after = request.GET.get("apres", "0")
    actions.seen(chat)
    number = int(after) if after.isdecimal() and len(after) < 6 else 0
    return _news(request, chat, turns_of(chat, number), after=number)


@csrf_exempt
@never_cache
@require_POST
def typing(request: HttpRequest) -> HttpResponse:
    chat = _chat(request)
    if chat is not None and chat.state == ChatState.WITH_AGENT:
        spend("noa-typing", chat.key, at_most=1200, per=HOUR)
        actions.typing(chat, agent=False)
    return HttpResponse(status=204)


@cache_control(public=True, max_age=3600)
@require_safe
def embed_script(request: HttpRequest) -> HttpResponse:
    content = render_to_string("portal/noa.js", {"name": settings.ASSISTANT_NAME})
    return HttpResponse(content, content_type="text/javascript; charset=utf-8")


def _chat(request: HttpRequest) -> Chat | None:
    key = (request.POST.get("fil") or request.GET.get("fil") or "")[:32]
    return _CHAT.first(key) if key else None


def _context(request: HttpRequest, chat: Chat | None) -> dict[str, Any]:
    """What the turns are shown with."""
    return {
        "chat": chat,
        "name": settings.ASSISTANT_NAME,
        "framed": "cadre" in request.GET or "cadre" in request.POST,
        "is_over": chat is not None and chat.is_over,
    }


def _page(
    request: HttpRequest, chat: Chat | None, *, draft: str = "", fault: str = "", status: int = 200
) -> HttpResponse:
    state = chat.state if chat else ChatState.BOT
    context = {
        **_context(request, chat),
        "hello": phrases.HELLO.format(name=settings.ASSISTANT_NAME),
        "careful": phrases.CAREFUL,
        "live_url": settings.LIVE_URL,
        "with_person": state in {ChatState.QUEUED, ChatState.WITH_AGENT},
        "person_there": state == ChatState.BOT and anybody_there(),
        "agent": chat.agent if chat and state == ChatState.WITH_AGENT else None,
        "turns": turns_of(chat) if chat else [],
        "draft": draft,
        "fault": fault,
        "has_errors": bool(fault),
    }
    context["layout"] = "portal/noa_frame.html" if context["framed"] else "portal/base.html"
    return render(request, "portal/noa.html", context, status=status)


def _news(
    request: HttpRequest, chat: Chat, turns: list[Shown], *, after: int = 0, fault: str = "", status: int = 200
) -> HttpResponse:
    said = {
        "fil": chat.key,
        # Most of the time a page asks, nothing was said: nothing is made.
        "html": render_to_string("portal/_tours.html", {**_context(request, chat), "turns": turns}) if turns else "",
        "dernier": turns[-1].turn.number if turns else after,
        "ecrit": is_typing(chat.agent_typing_at),
        "etat": chat.state,
        "rang": position(chat) if chat.state == ChatState.QUEUED and anybody_there() else 0,  # no queue at night
        "erreur": fault,
    }
    return JsonResponse(said, status=status)
