"""What is the citizen's own: his dossiers by number or key, else 404; what he typed when his session had ended."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from guichet.core.reference import check
from guichet.portal.citizen import CitizenRequest, citizen_of, citizen_required, to_sign_in
from guichet.procedures.models import Dossier
from guichet.procedures.models.dossier import Phase

_TYPED = "typed_before"
_LONGEST = 60_000
_FOR = 6 * 3600.0


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


# -- a session that ended in mid-form ---------------------------------------------------------------------------------


def keeping_what_was_typed(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Like `citizen_required`; a form sent after the end of the session is kept until its author is back."""
    guarded = citizen_required(view)

    @wraps(view)
    def kept(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST" and citizen_of(request) is None:
            typed = {name: request.POST.getlist(name) for name in request.POST if name != "csrfmiddlewaretoken"}
            if sum(len(text) for texts in typed.values() for text in texts) <= _LONGEST:
                request.session[_TYPED] = [request.path, time.time(), typed]
            return to_sign_in(request.path)
        return guarded(request, *args, **kwargs)

    return kept


def typed_before(request: HttpRequest) -> dict[str, Sequence[str]] | None:
    """What was typed on this very page before signing in again; given once."""
    kept = request.session.get(_TYPED)
    if not kept or kept[0] != request.path:
        return None
    del request.session[_TYPED]
    return dict(kept[2]) if time.time() - float(kept[1]) <= _FOR else None
