"""Answers of the base beside a case: loaded after the page, which does not wait for them."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from guichet.desk import answers as base
from guichet.desk.guard import AgentRequest, agent_required
from guichet.desk.views.case import visible_case


@agent_required
@require_GET
def answers(request: AgentRequest, reference: str) -> HttpResponse:
    """A fragment for the script of the case page; a page of its own without it."""
    case = visible_case(request, reference)
    words = request.GET.get("q", "").strip()[:200]
    offers = base.searched(words, request.user) if words else base.offers(case, request.user)
    name = "_answers" if request.GET.get("fragment") else "case_answers"
    context = {"nav": "inbox", "case": case, "offers": offers, "words_typed": words, "may_reply": not case.is_over}
    return render(request, f"desk/{name}.html", context)
