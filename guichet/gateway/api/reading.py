"""What a key may read: procedures, dossiers, their documents, decisions, payments and events."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from ninja import Query

from guichet.core.downloads import given
from guichet.core.refused import Refused
from guichet.gateway.api import describing, shapes
from guichet.gateway.api.entrance import api, caller
from guichet.gateway.models import ApiKey, Scope
from guichet.gateway.reach import dossiers_of, procedures_of
from guichet.gateway.telling import events_after, place_of_now
from guichet.procedures.actions import note_read
from guichet.procedures.models import Dossier, PieceFile


@api.get("/procedures", response=shapes.Procedures, summary="Démarches", url_name="procedures")
def procedures(request: HttpRequest) -> Any:
    """Droit : procedures:read."""
    found = procedures_of(caller(request, Scope.PROCEDURES_READ)).select_related("live")
    return {"items": [describing.procedure_line(one) for one in found]}


@api.get("/procedures/{code}", response=shapes.ProcedureWhole, summary="Une démarche", url_name="procedure")
def procedure(request: HttpRequest, code: str) -> Any:
    """Sa définition publiée et le schéma de ses réponses. Droit : procedures:read."""
    found = procedures_of(caller(request, Scope.PROCEDURES_READ)).select_related("live").filter(code=code).first()
    if found is None:
        raise Http404
    return describing.procedure_whole(found)


@api.get("/dossiers", response=shapes.Dossiers, summary="Dossiers", url_name="dossiers")
def dossiers(request: HttpRequest, wanted: Query[shapes.DossierFilters]) -> Any:
    """Du moins récemment changé au plus récent : ce qui change pendant la lecture revient plus loin. Droit :
    dossiers:read."""
    found = dossiers_of(caller(request, Scope.DOSSIERS_READ)).select_related("procedure")
    limit = wanted.limit
    if wanted.procedure:
        found = found.filter(procedure__code=wanted.procedure)
    if wanted.phase:
        found = found.filter(phase=wanted.phase)
    if wanted.since:
        found = found.filter(moved_at__gte=wanted.since)
    if wanted.after:
        moment, pk = _place(wanted.after)
        found = found.filter(moved_at__gte=moment).filter(Q(moved_at__gt=moment) | Q(pk__gt=pk))
    rows = list(found.order_by("moved_at", "id")[: limit + 1])
    last = rows[limit - 1] if len(rows) > limit else None
    return {"items": [describing.dossier_line(one) for one in rows[:limit]], "next": _cursor(last) if last else None}


def _cursor(dossier: Dossier) -> str:
    return urlsafe_b64encode(f"{dossier.moved_at.isoformat()} {dossier.pk}".encode()).decode()


def _place(text: str) -> tuple[datetime, int]:
    try:
        moment, _, number = urlsafe_b64decode(text.encode()).decode().partition(" ")
        place, pk = datetime.fromisoformat(moment), int(number)
        if timezone.is_naive(place) or not 0 <= pk < 2**63:
            raise ValueError
    except ValueError:
        raise Refused("Ce curseur n'est pas l'un de ceux que nous donnons.", status=422, code="cursor") from None
    return place, pk


def opened(key: ApiKey, reference: str) -> Dossier:
    """The dossier, whose reading is recorded; one of another service looks like none."""
    found = dossiers_of(key).filter(reference=reference)
    row = found.select_related("procedure", "version", "applicant").first()
    if row is None:
        raise Http404
    note_read(row, by=key.user)
    return row


@api.get("/dossiers/{reference}", response=shapes.DossierWhole, summary="Un dossier", url_name="dossier")
def dossier(request: HttpRequest, reference: str) -> Any:
    """La consultation est inscrite au journal. Droit : dossiers:read."""
    return describing.dossier_whole(opened(caller(request, Scope.DOSSIERS_READ), reference))


@api.get("/dossiers/{reference}/decision", response=shapes.DecisionOut, summary="Sa décision", url_name="decision")
def decision(request: HttpRequest, reference: str) -> Any:
    """404 tant qu'aucune décision n'est prise. Droit : dossiers:read."""
    found = opened(caller(request, Scope.DOSSIERS_READ), reference)
    taken = found.decisions.filter(withdrawn_at__isnull=True).order_by("-decided_at").first()
    if taken is None:
        raise Http404
    names = shapes.DecisionOut.model_fields
    return {name: getattr(taken, name) for name in names}


@api.get("/dossiers/{reference}/payments", response=shapes.Payments, summary="Ses versements", url_name="payments")
def payments(request: HttpRequest, reference: str) -> Any:
    """Droit : dossiers:read."""
    found = opened(caller(request, Scope.DOSSIERS_READ), reference)
    names = shapes.PaymentOut.model_fields
    return {"items": [{name: getattr(one, name) for name in names} for one in found.payments.all()]}


@api.get("/dossiers/{reference}/documents", response=shapes.Documents, summary="Ses documents", url_name="documents")
def documents(request: HttpRequest, reference: str) -> Any:
    """Le dernier envoi de chaque pièce. Droit : documents:read."""
    row = opened(caller(request, Scope.DOCUMENTS_READ), reference)
    found = sent_for(row)
    return {"items": [describing.document(one, reference) for one in found]}


def sent_for(dossier: Dossier) -> list[PieceFile]:
    found = PieceFile.objects.filter(piece__dossier=dossier, replaced_at__isnull=True)
    return list(found.select_related("piece", "file").order_by("piece__position", "piece_id", "pk"))


@api.get(
    "/dossiers/{reference}/documents/{document_id}", summary="Un document, tel qu'envoyé", url_name="document",
    openapi_extra={"responses": {200: {"content": {"application/octet-stream": {"schema": {"type": "string"}}}}}},
)  # fmt: skip
def document(request: HttpRequest, reference: str, document_id: int) -> HttpResponseBase:
    """409 tant que l'antivirus n'a pas répondu, ou s'il a trouvé un virus. Droit : documents:read."""
    key = caller(request, Scope.DOCUMENTS_READ)
    row = opened(key, reference)
    found = next((one for one in sent_for(row) if one.pk == document_id), None)
    if found is None:
        raise Http404
    if not found.file.may_be_opened:
        raise Refused(f"Ce fichier ne peut pas être donné : {found.file.get_scan_display()}.", code="not_scanned")
    return given(found.file.sha256, found.name)


@api.get("/events", response=shapes.Events, summary="Événements", url_name="events")
def events(request: HttpRequest, wanted: Query[shapes.EventFilters]) -> Any:
    """Dans l'ordre où ils ont été inscrits pour de bon, sans en sauter. Droit : events:read."""
    key = caller(request, Scope.EVENTS_READ)
    if wanted.after == "now":
        return {"items": [], "next": place_of_now(), "more": False}
    found, following, more = events_after(key, wanted.after, most=wanted.limit)
    return {"items": [describing.event(one) for one in found], "next": following, "more": more}
