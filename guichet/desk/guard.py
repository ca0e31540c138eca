"""Who enters the desk, and what he sees when something is refused or not found."""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import copy
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers

from guichet.accounts.models import User
from guichet.accounts.own import be_seen
from guichet.accounts.policy import is_supervisor, may_read_routing
from guichet.core.refused import NotAllowed, Refused
from guichet.core.typed import keep_typed


class AgentRequest(HttpRequest):
    """A request whose author is known to be an agent."""

    user: User


CASE_PAGE = re.compile(r"/bureau/demandes/[^/]+/")
View = Callable[..., HttpResponseBase]


def is_agent(user: Any) -> bool:
    return isinstance(user, User) and user.is_active and user.kind == User.Kind.HUMAN


def agent_required(view: View) -> View:
    """Logged in, active, human; else the login page. Refusals and unknown pages are shown inside the desk."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_agent(request.user):
            again = urlencode({"suite": request.get_full_path() if request.method == "GET" else _behind(request.path)})
            return HttpResponseRedirect(f"{settings.LOGIN_URL}?{again}")
        # The agent himself, not the middleware's stand-in: a page asks him some eight hundred things.
        request.user = user = cast(User, copy(request.user))
        if user.password_is_provisional and not _is_first_step(request):
            return HttpResponseRedirect(reverse("desk:account"))
        be_seen(user)
        try:
            response: HttpResponseBase = view(request, *args, **kwargs)
        except Refused as refusal:
            response = render(request, "desk/refused.html", {"refusal": refusal}, status=refusal.status)
        except Http404:
            response = render(request, "desk/not_found.html", status=404)
        add_never_cache_headers(response)
        return response

    return guarded


def keeping_typed(view: View) -> View:
    """Like `agent_required`; a form sent after the end of the session is kept until its author is back on its page."""
    guarded = agent_required(view)

    @wraps(view)
    def kept(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST" and not is_agent(request.user):
            keep_typed(request)
            return HttpResponseRedirect(f"{settings.LOGIN_URL}?{urlencode({'suite': request.path})}")
        return guarded(request, *args, **kwargs)

    return kept


def _behind(path: str) -> str:
    """The page of what was being sent when the session ended: its text waits there."""
    found = CASE_PAGE.match(path)
    return found.group() if found else "/bureau/"


def _is_first_step(request: HttpRequest) -> bool:
    """Where a password given by an administrator is changed."""
    return request.resolver_match is not None and request.resolver_match.url_name in {"account", "password"}


def sorts_mail(user: User) -> bool:
    return user.is_administrator or user.is_mailroom


def only(allowed: Callable[[User], bool]) -> Callable[[View], View]:
    """A view for agents of whom `allowed` is true; the others get a refusal."""

    def required(view: View) -> View:
        @wraps(view)
        def guarded(request: AgentRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not allowed(request.user):
                raise NotAllowed
            return view(request, *args, **kwargs)

        return agent_required(guarded)

    return required


mailroom_required = only(sorts_mail)
# Administrators and editors, who set the routing; supervisors, who read it.
routing_required = only(may_read_routing)
# Who leads a team, and administrators.
supervisor_required = only(is_supervisor)
administrator_required = only(lambda user: user.is_administrator)
