"""The page of the search. The palette of the top bar reads the same page."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from guichet.desk import queues, searching
from guichet.desk.forms.search import SearchForm
from guichet.desk.guard import AgentRequest, agent_required


@agent_required
@require_GET
def search(request: AgentRequest) -> HttpResponse:
    words = request.GET.get("q", "").strip()
    form = SearchForm(request.GET, user=request.user, auto_id="recherche-%s")
    filters = form.filters()
    plain = words and filters == searching.Filters() and not request.GET.get("palette")
    if plain and (found := searching.case_numbered(words, request.user)):
        return redirect("desk:case", found.reference)
    result = searching.search(words, request.user, filters)
    rows = queues.rows_of([hit.case for hit in result.hits])
    context = {
        "nav": "inbox", "words": words, "form": form, "result": result, "asked": bool(words),
        "filtered": filters != searching.Filters(), "hits": list(zip(rows, result.hits, strict=True)),
    }  # fmt: skip
    return render(request, "desk/search.html", context)
