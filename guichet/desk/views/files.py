"""Giving files and foreign HTML out, never inside the desk's own page."""

from __future__ import annotations

from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from guichet.cases.models import Attachment, Case, Interaction
from guichet.core.downloads import SHOWN_AS, given, shown
from guichet.core.refused import Refused
from guichet.desk.guard import AgentRequest, agent_required
from guichet.desk.previews import preview_of

SANDBOX = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def _piece(request: AgentRequest, pk: int) -> Attachment:
    found = (
        Attachment.objects.select_related("file", "interaction__case")
        .filter(pk=pk, interaction__case__in=Case.objects.visible_to(request.user))
        .first()
    )
    if found is None:
        raise Http404
    if not found.file.may_be_opened:
        raise Refused(f"Ce fichier ne peut pas être ouvert : {found.file.get_scan_display()}.", status=403)
    return found


@agent_required
@require_GET
def attachment(request: AgentRequest, pk: int) -> FileResponse:
    found = _piece(request, pk)
    return given(found.file_id, found.name, found.file.media_type)


@agent_required
@require_GET
def seen(request: AgentRequest, pk: int) -> FileResponse:
    """The picture or the PDF itself, for the preview."""
    found = _piece(request, pk)
    if found.file.media_type not in SHOWN_AS:
        raise Http404
    return shown(found.file_id, found.name, found.file.media_type)


@agent_required
@require_GET
def preview(request: AgentRequest, pk: int) -> HttpResponse:
    """A document beside its neighbours; `?fenetre=1`: the middle of the page only, for the window of the case."""
    piece = _piece(request, pk)
    case = piece.interaction.case
    pieces = list(
        Attachment.objects.filter(interaction__case=case, inline=False)
        .select_related("file")
        .order_by("interaction__at", "position", "id")
        .only("name", "file__scan", "file__media_type")[:200]
    )
    openable = [one for one in pieces if one.file.may_be_opened]
    place = next((n for n, one in enumerate(openable) if one.pk == piece.pk), None)
    context = {
        "piece": piece,
        "case": case,
        "preview": preview_of(piece),
        "before": openable[place - 1] if place else None,
        "after": openable[place + 1] if place is not None and place + 1 < len(openable) else None,
        "place": place + 1 if place is not None else 0,
        "total": len(openable),
        "nav": "inbox",
    }
    name = "desk/_preview.html" if request.GET.get("fenetre") else "desk/preview.html"
    return render(request, name, context)


@agent_required
@require_GET
def page_of_mail(request: AgentRequest, pk: int) -> HttpResponse:
    """The mail as its author laid it out: no script, no form, nothing fetched from outside."""
    found = Interaction.objects.filter(pk=pk, case__in=Case.objects.visible_to(request.user)).first()
    if found is None or not found.html:
        raise Http404
    response = HttpResponse(found.html, content_type="text/html; charset=utf-8")
    response["Content-Security-Policy"] = SANDBOX
    response["X-Content-Type-Options"] = "nosniff"
    response["Referrer-Policy"] = "no-referrer"
    return response
