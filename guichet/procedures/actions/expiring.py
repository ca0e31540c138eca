"""Documents that lose their validity before the decision: said each night, asked for again like a missing one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from guichet.core.calendar import say_day
from guichet.procedures.actions.moving import locked, save, tell
from guichet.procedures.models import Opinion, Piece
from guichet.procedures.models.dossier import Phase

if TYPE_CHECKING:
    from guichet.accounts.models import User

# Where a document still counts: once two agents agreed on the file, it was valid when it was examined.
COUNTS = (Phase.ADMISSIBILITY, Phase.DOCUMENTS, Phase.APPRAISAL)
VALID = (Piece.State.RECEIVED, Piece.State.ACCEPTED)


def expire_pieces(*, by: User, limit: int = 500) -> int:
    """Those whose last day is past: of the definition (`valid_months` from their reception), or of the document of the
    account that was reused. Returns how many; call again while it is `limit`."""
    agreed = Opinion.objects.filter(dossier=OuterRef("dossier"), dropped_at__isnull=True, checked_at__isnull=False)
    over = Piece.objects.filter(
        ~Exists(agreed), state__in=VALID, valid_until__lt=timezone.localdate(), dossier__phase__in=COUNTS
    )
    found = list(over.select_related("dossier").order_by("valid_until", "pk")[:limit])
    for piece in found:
        _expire(piece, by=by)
    return len(found)


@transaction.atomic
def _expire(piece: Piece, *, by: User) -> None:
    """The person sees it on his page at once; the letter is the agent's, with all that is missing (CRPA L114-5)."""
    row = locked(piece.dossier, by=by)
    piece = row.pieces.select_for_update().get(pk=piece.pk)
    if piece.state not in VALID or piece.valid_until is None or piece.valid_until >= timezone.localdate():
        return
    piece.reason = f"Ce document n'est plus valable depuis le {say_day(piece.valid_until)} : envoyez-en un récent."
    piece.state, piece.request, piece.due_on = Piece.State.EXPIRED, None, None
    piece.save()
    save(row, by=by)
    tell("dossier.piece_expired", row, by=by, piece=piece.code)
