"""What is the citizen's own: his dossiers by number or key, else 404; what he typed when his session had ended."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from guichet.core.reference import check
from guichet.core.typed import keep_typed
from guichet.portal.citizen import CitizenRequest, citizen_of, citizen_required, to_sign_in
from guichet.procedures.models import Dossier
from guichet.procedures.models.dossier import Phase
from guichet.procedures.questions import identity_fields


def own_dossier(request: CitizenRequest, reference: str) -> Dossier:
    """A filed dossier of the person, or of who mandated him. Another's is « not found »."""
    found = _rows(request).filter(reference=check(reference) or "").exclude(phase=Phase.DRAFT).first()
    if found is None:
        raise Http404
    return found


def own_draft(request: CitizenRequest, key: uuid.UUID) -> Dossier:
    found = _rows(request).filter(key=key).first()
    if found is None:
        raise Http404
    return found


def _rows(request: CitizenRequest) -> QuerySet[Dossier]:
    rows = Dossier.objects.of_person(request.citizen.person)
    return rows.select_related("procedure", "version", "applicant", "case", "officer")


def proved_answers(request: CitizenRequest, found: Dossier) -> dict[str, list[str]]:
    """The answers that FranceConnect gave for the person himself: what is sent in their place is not read."""
    person = request.citizen.person
    if found.applicant_id != person.pk or not request.citizen.identities.exists():
        return {}
    known = {code: getattr(person, name) for code, name in identity_fields(found.definition).items()}
    return {code: [value] for code, value in known.items() if value}


# -- a session that ended in mid-form ---------------------------------------------------------------------------------


def keeping_what_was_typed(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Like `citizen_required`; a form sent after the end of the session is kept until its author is back."""
    guarded = citizen_required(view)

    @wraps(view)
    def kept(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST" and citizen_of(request) is None:
            keep_typed(request)
            return to_sign_in(request.path)
        return guarded(request, *args, **kwargs)

    return kept
