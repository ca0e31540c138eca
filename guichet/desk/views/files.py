"""Giving files and foreign HTML out, never inside the desk's own page."""

from __future__ import annotations

from django.http import FileResponse, Http404, HttpResponse
from django.views.decorators.http import require_GET

from guichet.cases.models import Attachment, Case, Interaction
from guichet.core.downloads import given
from guichet.core.refused import Refused
from guichet.desk.guard import AgentRequest, agent_required

SANDBOX = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"


@agent_required
@require_GET
def attachment(request: AgentRequest, pk: int) -> FileResponse:
    found = (
        Attachment.objects.select_related("file")
        .filter(pk=pk, interaction__case__in=Case.objects.visible_to(request.user))
        .first()
    )
    if found is None:
        raise Http404
    if not found.file.may_be_opened:
        raise Refused(f"Ce fichier ne peut pas être ouvert : {found.file.get_scan_display()}.", status=403)
    return given(found.file_id, found.name, found.file.media_type)


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
