"""What a key may do: file a dossier for a person, send a document of a dossier."""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest
from ninja import File, Form, Header, Status
from ninja.files import UploadedFile

from guichet.core import identifiers
from guichet.core.filetypes import judge
from guichet.core.phones import normalise
from guichet.core.refused import Refused
from guichet.core.uploading import NotRead
from guichet.gateway.actions import once
from guichet.gateway.api import describing, shapes
from guichet.gateway.api.entrance import api, caller
from guichet.gateway.api.reading import opened, sent_for
from guichet.gateway.models import ApiKey, Scope
from guichet.gateway.reach import procedures_of
from guichet.people.actions import welcome
from guichet.people.identity import Claim
from guichet.people.models import Person
from guichet.procedures.actions import WrongAnswers, file_from_outside, send_piece

IDEMPOTENCY: Any = Header(  # type: ignore[type-arg]
    alias="Idempotency-Key", min_length=1, max_length=200, pattern=r"^[!-~]+$",
    description="Choisie par vous, une par dépôt : la même demande envoyée deux fois n'est faite qu'une fois.",
)  # fmt: skip


@api.post("/dossiers", response={201: shapes.DossierLine}, summary="Déposer un dossier", url_name="file_dossier")
def file_dossier(request: HttpRequest, body: shapes.DossierIn, idempotency_key: str = IDEMPOTENCY) -> Any:
    """Le brouillon est créé, vérifié et déposé d'un coup ; la personne reçoit son accusé. Droit : dossiers:write."""
    key = caller(request, Scope.DOSSIERS_WRITE)
    digest = hashlib.sha256(body.model_dump_json().encode()).hexdigest()
    return Status(201, once(key, idempotency_key, digest, lambda: _filed(key, body)))


def _filed(key: ApiKey, body: shapes.DossierIn) -> dict[str, Any]:
    procedure = procedures_of(key).filter(code=body.procedure).first()
    if procedure is None:
        raise Http404
    person = welcome(_claim(body.person), by=key.user, source="form")
    dossier = file_from_outside(procedure, person, body.answers, by=key.user, external_id=body.external_id or None)
    return shapes.DossierLine.model_validate(describing.dossier_line(dossier)).model_dump(mode="json")


def _claim(said: shapes.PersonIn) -> Claim:
    errors, found = {}, said.model_dump()
    if not (said.family_name or said.organisation_name):
        errors["person.family_name"] = "Donnez le nom de la personne, ou celui de l'organisme."
    readers = {
        "email": (identifiers.email, "Cette adresse e-mail n'en est pas une."),
        "phone": (normalise, "Ce numéro de téléphone n'en est pas un."),
        "siret": (identifiers.siret, "Un SIRET a 14 chiffres."),
        "rna": (identifiers.rna, "Un numéro RNA commence par W et a neuf chiffres."),
    }
    for name, (read, complaint) in readers.items():
        if found[name]:
            found[name] = read(found[name]) or ""
            if not found[name]:
                errors[f"person.{name}"] = complaint
    if errors:
        raise WrongAnswers(errors)
    if said.kind == Person.Kind.CITIZEN.value:
        found["department"] = identifiers.department_of(said.postcode) if said.postcode else ""
    return Claim(**found)


@api.post(
    "/dossiers/{reference}/documents", response={201: shapes.DocumentOut}, summary="Envoyer un document",
    url_name="send_document",
)  # fmt: skip
def send_document(request: HttpRequest, reference: str, sent: Form[shapes.SentFor], file: File[UploadedFile]) -> Any:
    """Le même fichier envoyé deux fois n'est gardé qu'une fois. Droit : documents:write."""
    key = caller(request, Scope.DOCUMENTS_WRITE)
    row = opened(key, reference)
    if isinstance(file, NotRead):
        raise Refused("Envoyez un seul fichier à la fois.", status=400, code="unreadable")
    content = file.read(settings.UPLOAD_MAX_BYTES + 1)
    if len(content) > settings.UPLOAD_MAX_BYTES:
        limit = settings.UPLOAD_MAX_BYTES // (1024 * 1024)
        raise Refused(f"Ce fichier dépasse {limit} Mo.", status=413, code="too_large")
    verdict = judge(content, file.name or "document", max_bytes=settings.UPLOAD_MAX_BYTES)
    if not verdict.accepted:
        raise Refused(f"« {verdict.name} » : {verdict.reason}", status=422, code="file")
    piece = send_piece(row, sent.piece, person=row.applicant, content=content, name=verdict.name, by=key.user)
    return Status(201, describing.document(next(one for one in sent_for(row) if one.piece_id == piece.pk), reference))
