"""The whole history of a case, and its export."""

from __future__ import annotations

from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from guichet.cases import actions
from guichet.core.refused import Refused
from guichet.desk import trace as tracing
from guichet.desk.guard import AgentRequest, agent_required
from guichet.desk.views.case import visible_case


@agent_required
@require_GET
def trace(request: AgentRequest, reference: str) -> HttpResponse:
    case = visible_case(request, reference)
    lines, older = tracing.trace(case, request.GET.get("avant", ""))
    context = {"case": case, "lines": lines, "older": older, "is_latest": not request.GET.get("avant"), "nav": "inbox"}
    return render(request, "desk/trace.html", context)


@agent_required
@require_POST
def export(request: AgentRequest, reference: str) -> FileResponse:
    """Who takes a file away is written in its history first, and committed: making the file takes seconds, and an open
    transaction would hold back everybody who reads the journal."""
    case = visible_case(request, reference)
    actions.exported(case, by=request.user)
    try:
        kept = tracing.archive(case)
    except OSError as error:
        raise Refused(tracing.NOT_MADE) from error
    response = FileResponse(kept, as_attachment=True, filename=f"demande-{case.reference}.zip")
    response["Content-Type"] = "application/zip"
    response["X-Content-Type-Options"] = "nosniff"
    return response
