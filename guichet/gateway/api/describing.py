"""From rows to what is said of them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import timezone

from guichet.gateway.reach import masked
from guichet.gateway.telling import Told, details, link_to
from guichet.procedures.definition import Asked, Definition, Kind
from guichet.procedures.models import Dossier, PieceFile, Procedure

TYPES: dict[Kind, dict[str, Any]] = {
    Kind.YES_NO: {"type": "boolean"},
    Kind.NUMBER: {"type": ["number", "string"]},
    Kind.AMOUNT: {"type": ["number", "string"]},
    Kind.DATE: {"type": "string", "format": "date"},
    Kind.EMAIL: {"type": "string", "format": "email"},
}


def procedure_line(procedure: Procedure) -> dict[str, Any]:
    assert procedure.live is not None
    definition = procedure.live.definition
    return {
        "code": procedure.code, "title": procedure.title, "version": procedure.live.number,
        "audience": definition.audience,
        "is_open": procedure.is_open and definition.window(timezone.localdate()) is not None,
    }  # fmt: skip


def procedure_whole(procedure: Procedure) -> dict[str, Any]:
    assert procedure.live is not None
    definition = procedure.live.definition
    return {
        **procedure_line(procedure), "definition": definition.model_dump(mode="json"),
        "answers_schema": answers_schema(definition),
    }  # fmt: skip


def answers_schema(definition: Definition) -> dict[str, Any]:
    """JSON Schema of the answers. What is asked under a condition is not required here; the filing checks it."""
    fields = [(page, field) for page in definition.pages for field in page.fields if field.kind != Kind.NOTE]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": False,
        "required": [field.code for page, field in fields if field.required and not (page.when or field.when)],
        "properties": {field.code: _schema(field) for _, field in fields},
    }


def _schema(field: Asked) -> dict[str, Any]:
    codes = [choice.code for choice in field.choices]
    if field.kind == Kind.ONE:
        shape: dict[str, Any] = {"type": "string", "enum": codes}
    elif field.kind == Kind.SEVERAL:
        shape = {"type": "array", "items": {"type": "string", "enum": codes}}
    else:
        shape = dict(TYPES.get(field.kind, {"type": "string", "maxLength": field.longest}))
    shape["title"] = field.label
    if field.minimum is not None:
        shape["minimum"] = float(field.minimum)
    if field.maximum is not None:
        shape["maximum"] = float(field.maximum)
    if field.unit:
        shape["description"] = field.unit
    return shape


def dossier_line(dossier: Dossier) -> dict[str, Any]:
    names = (
        "phase", "step", "steps", "step_label", "outcome", "external_id", "filed_at", "received_at", "moved_at",
        "decided_at", "closed_at", "reference",
    )  # fmt: skip
    return {
        **{name: getattr(dossier, name) for name in names}, "procedure": dossier.procedure.code,
        "link": link_to(dossier.reference or ""),
    }  # fmt: skip


def dossier_whole(dossier: Dossier) -> dict[str, Any]:
    person, names = dossier.applicant, ("kind", "civility", "first_name", "family_name", "used_name")
    pieces = ("code", "label", "state", "required", "reason", "due_on")
    return {
        **dossier_line(dossier), "version": dossier.version.number, "beneficiary_name": dossier.beneficiary_name,
        "applicant": {name: getattr(person, name) for name in (*names, "organisation_name")},
        "answers": masked(dossier),
        "pieces": [{name: getattr(piece, name) for name in pieces} for piece in dossier.pieces.all()],
    }  # fmt: skip


def document(sent: PieceFile, reference: str) -> dict[str, Any]:
    return {
        "id": sent.pk, "piece": sent.piece.code, "name": sent.name, "media_type": sent.file.media_type,
        "size": sent.file.size, "sha256": sent.file.sha256, "sent_at": sent.sent_at,
        "may_be_opened": sent.file.may_be_opened,
        "link": f"{settings.PUBLIC_URL}/api/v1/dossiers/{reference}/documents/{sent.pk}",
    }  # fmt: skip


def event(told: Told) -> dict[str, Any]:
    return {
        "id": str(told.event.pk), "at": told.event.at, "verb": told.event.verb, "dossier": told.reference,
        "procedure": told.procedure, "details": details(told.event), "link": link_to(told.reference),
    }  # fmt: skip
