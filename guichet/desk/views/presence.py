"""Beats of the screens that have a case open."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from guichet.cases.actions.presence import be_present, leave
from guichet.desk.editor import presence_context
from guichet.desk.guard import AgentRequest, agent_required
from guichet.desk.views.case import visible_case


@agent_required
@require_POST
def beat(request: AgentRequest, reference: str) -> HttpResponse:
    """« I am here, and this is what I do »: answers who else is, as the page shows it."""
    case = visible_case(request, reference)
    state = request.POST.get("etat", "")
    if state == "parti":
        leave(case, by=request.user)
        return HttpResponse(status=204)
    be_present(case, by=request.user, state=state)
    return render(request, "desk/_presence.html", {"case": case, **presence_context(case, request.user)})
