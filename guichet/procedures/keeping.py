"""Documents of the account: which kinds serve again in a procedure, and where each was used."""

from __future__ import annotations

from collections.abc import Collection

from guichet.people.models import Person
from guichet.procedures.models import Dossier, KeptDocument, PieceFile, Procedure
from guichet.procedures.models.dossier import Phase


def kinds() -> dict[str, str]:
    """What may be kept, by its label: the pieces of open procedures that say that they may be reused."""
    found: dict[str, str] = {}
    for procedure in Procedure.objects.filter(live__isnull=False, is_open=True).select_related("live"):
        assert procedure.live is not None
        for piece in procedure.live.definition.pieces:
            if piece.reusable_as:
                found.setdefault(piece.reusable_as, piece.label)
    return dict(sorted(found.items(), key=lambda pair: pair[1]))


def uses(person: Person, documents: Collection[KeptDocument]) -> dict[str, list[Dossier]]:
    """By file: his filed dossiers where it stands now."""
    sent = PieceFile.objects.filter(
        file__in={document.file_id for document in documents}, replaced_at__isnull=True,
        piece__dossier__in=Dossier.objects.of_person(person).exclude(phase=Phase.DRAFT),
    ).select_related("piece__dossier__procedure")  # fmt: skip
    found: dict[str, list[Dossier]] = {}
    for one in sent.order_by("pk"):
        used = found.setdefault(str(one.file_id), [])
        if one.piece.dossier not in used:
            used.append(one.piece.dossier)
    return found
