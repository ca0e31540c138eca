"""Documents that a citizen sends."""

from __future__ import annotations

from guichet.core.sent import read_document
from guichet.portal.citizen import CitizenRequest
from guichet.procedures.actions import send_piece
from guichet.procedures.models import Dossier, Piece


def take_document(request: CitizenRequest, dossier: Dossier, code: str) -> Piece:
    """What the form sent for one piece. Raises `Refused` with a sentence that says what to do."""
    name, content, warning = read_document(request)
    return send_piece(
        dossier, code, person=request.citizen.person, content=content, name=name, warning=warning
    )  # fmt: skip
