"""The guide des aides: its shelves and « trouver mes aides »."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from guichet.knowledge.models import Article, Profile, Theme
from guichet.portal import guide as shelves
from guichet.portal.forms import FinderForm
from guichet.portal.sheets import live_of

PER_PAGE = 40


@require_safe
def guide(request: HttpRequest) -> HttpResponse:
    found = shelves.aids()
    event = shelves.season()
    context = {
        "profiles": shelves.profiles(found),
        "themes": shelves.themes(found),
        "page": _page(request, found),
        "event": event,
        "event_article": shelves.season_article(event),
    }
    return render(request, "portal/guide.html", context)


@require_safe
def profile(request: HttpRequest, code: str) -> HttpResponse:
    """The aids of who one is; a theme narrows them."""
    if code not in Profile.values:
        raise Http404
    of_profile = [article for article in shelves.aids() if code in live_of(article).profiles]
    theme = request.GET.get("theme", "")
    found = [article for article in of_profile if theme in live_of(article).themes] if theme else of_profile
    here = reverse("portal:aids_of_profile", args=[code])
    context = {
        "title": f"Aides pour vous\u00a0: {Profile(code).label.lower()}",
        "narrowed_by": "Par thème",
        "choices": _choices(here, "theme", theme, shelves.themes(of_profile)),
        **_list(request, found, here),
    }
    return render(request, "portal/aids.html", context)


@require_safe
def theme(request: HttpRequest, code: str) -> HttpResponse:
    """The aids of a theme; a profile narrows them."""
    if code not in Theme.values:
        raise Http404
    of_theme = [article for article in shelves.aids() if code in live_of(article).themes]
    who = request.GET.get("profil", "")
    found = [article for article in of_theme if who in live_of(article).profiles] if who else of_theme
    here = reverse("portal:aids_of_theme", args=[code])
    context = {
        "title": Theme(code).label,
        "narrowed_by": "Pour qui",
        "choices": _choices(here, "profil", who, shelves.profiles(of_theme)),
        **_list(request, found, here),
    }
    return render(request, "portal/aids.html", context)


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """Four questions, none obligatory; nothing of it is kept."""
    asked = bool(request.GET)
    form = FinderForm(request.GET or None)
    context: dict[str, Any] = {
        "form": form,
        "asked": False,
        "silent": False,
        "has_errors": asked and not form.is_valid(),
    }
    if asked and form.is_valid():
        wanted = form.wanted()
        mine, not_mine = shelves.find(wanted, shelves.aids())
        context |= {"asked": wanted.says_something, "silent": not wanted.says_something, "mine": mine[:PER_PAGE],
                    "count": len(mine), "not_mine": not_mine[:PER_PAGE]}  # fmt: skip
    response = render(request, "portal/find.html", context)
    if asked:
        response["X-Robots-Tag"] = "noindex"
    return response


def _list(request: HttpRequest, found: list[Article], here: str) -> dict[str, Any]:
    return {"page": _page(request, found), "count": len(found), "here": here, "kept": _kept(request)}


def _page(request: HttpRequest, found: list[Article]) -> Any:
    return Paginator(found, PER_PAGE).get_page(request.GET.get("page", "1"))


def _kept(request: HttpRequest) -> str:
    """The rest of the address, for the links to other pages of the list."""
    query = request.GET.copy()
    query.pop("page", None)
    return query.urlencode()


def _choices(here: str, name: str, chosen: str, found: list[shelves.Shelf]) -> list[dict[str, Any]]:
    if len(found) < 2 and not chosen:
        return []
    every = {"label": "Toutes", "address": here, "chosen": not chosen, "count": None}
    return [every, *({"label": shelf.label, "address": f"{here}?{name}={shelf.code}", "chosen": shelf.code == chosen,
                      "count": shelf.count} for shelf in found)]  # fmt: skip
