"""The search of the portal and its suggestions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from guichet.accounts.machines import PORTAL, machine
from guichet.core.limits import client_address, spend
from guichet.core.text import one_line
from guichet.knowledge.actions import note_asked
from guichet.knowledge.models import Asked, Kind
from guichet.portal import searching
from guichet.portal.sheets import WITH_A_PAGE, read_asked, sign_asked

LONGEST = 300
ASKED_PER_HOUR, SUGGESTED_PER_HOUR = 400, 4000  # a whole office may stand behind one address
TOO_MANY = "Beaucoup de recherches viennent de votre connexion. Patientez quelques minutes, ou appelez-nous."


@never_cache
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    text = one_line(request.GET.get("q", ""))[:LONGEST]
    if not text:
        return render(request, "portal/search.html", {"query": "", "most_asked": searching.most_asked(6)})
    spend("search", client_address(request), at_most=ASKED_PER_HOUR, per=timedelta(hours=1), message=TOO_MANY)
    kind = request.GET.get("nature", "") if request.GET.get("nature") in {k.value for k in WITH_A_PAGE} else ""
    domain = request.GET.get("sujet", "")[:60]
    found = searching.look_for(text, kind=kind, domain=domain)
    page = Paginator(found.results, searching.PER_PAGE).get_page(request.GET.get("page", "1"))
    words = f"{text} {found.understood}"
    context: dict[str, Any] = {
        "query": text,
        "found": found,
        "is_first": page.number == 1 and not kind and not domain,
        "page": page,
        "results": searching.results_of(page, words),
        "from": _token(request, text, found),
        "kept": _kept(request),
        "most_asked": [] if found.results or found.direct else searching.most_asked(6),
        "kind": Kind(kind).label if kind else "",
    }
    return render(request, "portal/search.html", context)


def _token(request: HttpRequest, text: str, found: searching.Found) -> str:
    """Facets and pages of one question are one question: the links of its first page carry it."""
    if (asked := read_asked(request.GET.get("de", ""))) is not None:
        return sign_asked(asked)
    outcome = found.answer.outcome.value
    if not found.results and not found.direct:
        outcome = Asked.Outcome.NONE.value
    row = note_asked(text, place=Asked.Place.SEARCH, outcome=outcome, article=found.direct, by=machine(PORTAL))
    return sign_asked(row.pk)


def _kept(request: HttpRequest) -> str:
    query = request.GET.copy()
    for name in ("page", "de"):
        query.pop(name, None)
    return query.urlencode()


@never_cache
@require_safe
def suggestions(request: HttpRequest) -> HttpResponse:
    """Links, as a list; nothing is noted of what is being typed."""
    text = one_line(request.GET.get("q", ""))[:LONGEST]
    spend("search-typed", client_address(request), at_most=SUGGESTED_PER_HOUR, per=timedelta(hours=1))
    return render(request, "portal/_suggestions.html", {"articles": searching.suggest(text), "query": text})
