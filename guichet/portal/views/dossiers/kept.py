"""« Mes documents »: sent once, reused in every procedure."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guichet.core.downloads import given
from guichet.core.refused import Refused
from guichet.core.sent import read_document
from guichet.portal.citizen import CitizenRequest, citizen_required
from guichet.procedures import keeping
from guichet.procedures.actions import keep_document, remove_kept
from guichet.procedures.models import KeptDocument

AT_MOST = 60


@citizen_required
@require_http_methods(["GET", "HEAD", "POST"])
def documents(request: CitizenRequest) -> HttpResponse:
    person = request.citizen.person
    kinds = keeping.kinds()
    fault, status = "", 200
    mine = list(person.documents.filter(removed_at__isnull=True).select_related("file")[:AT_MOST])
    if request.method == "POST":
        try:
            kept, warning = _add(request, kinds, len(mine))
        except Refused as refusal:
            fault, status = refusal.message, refusal.status
        else:
            text = f"«\u00a0{kept.label}\u00a0» est dans vos documents."
            (messages.warning if warning else messages.success)(request, f"{text} {warning}".strip())
            return redirect("portal:my_documents")
    used = keeping.uses(person, mine)
    context = {
        "documents": [{"it": document, "used": used.get(document.file_id, [])} for document in mine],
        "kinds": kinds.items(), "fault": fault, "has_errors": bool(fault),
        "chosen": request.POST.get("nature", ""), "until": request.POST.get("valable", "")[:10],
    }  # fmt: skip
    return render(request, "portal/dossiers/my_documents.html", context, status=status)


def _add(request: CitizenRequest, kinds: dict[str, str], there: int) -> tuple[KeptDocument, str]:
    kind = request.POST.get("nature", "")
    if kind not in kinds:
        raise Refused("Choisissez de quel document il s’agit.", status=400)
    if there >= AT_MOST:
        raise Refused("Vous gardez déjà beaucoup de documents\u00a0: retirez-en un d’abord.")
    until = None
    if said := request.POST.get("valable", ""):
        try:
            until = date.fromisoformat(said)
        except ValueError:
            raise Refused("La date de validité n’est pas juste\u00a0: jour, mois et année.", status=400) from None
        if until < timezone.localdate():
            raise Refused("Ce document a expiré\u00a0: envoyez-en un récent.", status=400)
    name, content, warning = read_document(request)
    kept = keep_document(
        request.citizen.person, kind=kind, label=kinds[kind], content=content, name=name, valid_until=until
    )  # fmt: skip
    return kept, warning


def _own(request: CitizenRequest, pk: int) -> KeptDocument:
    """Another's is « not found »."""
    found = request.citizen.person.documents.filter(pk=pk, removed_at__isnull=True).select_related("file").first()
    if found is None:
        raise Http404
    return found


@citizen_required
@require_safe
def document(request: CitizenRequest, pk: int) -> HttpResponseBase:
    found = _own(request, pk)
    if not found.file.may_be_opened:
        raise Refused(
            "Ce document ne peut pas être ouvert\u00a0: son analyse n’est pas finie, ou elle a trouvé un virus."
        )
    return given(found.file_id, found.name, found.file.media_type)


@citizen_required
@require_POST
def remove(request: CitizenRequest, pk: int) -> HttpResponse:
    found = _own(request, pk)
    remove_kept(found, person=request.citizen.person)
    messages.success(request, f"«\u00a0{found.label}\u00a0» est retiré de vos documents.")
    return redirect("portal:my_documents")
