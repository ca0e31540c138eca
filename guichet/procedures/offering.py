"""The documents of one dossier as they are asked on a page: how each stands, what may serve again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from guichet.core.text import key_of
from guichet.procedures.computing import pieces_of
from guichet.procedures.definition import PieceSpec
from guichet.procedures.models import Dossier, KeptDocument, Piece, PieceFile
from guichet.procedures.showing import PIECE_STATES


@dataclass(frozen=True, slots=True)
class Offered:
    """One expected document: how it stands, what may serve again, what went wrong with the last try."""

    spec: PieceSpec
    piece: Piece | None
    file: PieceFile | None
    kept: list[KeptDocument]
    fault: str

    @property
    def state(self) -> str:
        return self.piece.get_state_display() if self.piece else "À envoyer"

    @property
    def tone(self) -> str:
        return PIECE_STATES[self.piece.state if self.piece else Piece.State.MISSING][0]

    @property
    def icon(self) -> str:
        return PIECE_STATES[self.piece.state if self.piece else Piece.State.MISSING][1]

    @property
    def may_be_sent(self) -> bool:
        return self.piece is None or self.piece.may_be_sent


def kept_document(dossier: Dossier, given: str) -> KeptDocument | None:
    """A document of the applicant's account, named by a page."""
    return dossier.applicant.documents.filter(pk=key_of(given), removed_at__isnull=True).first()


def offered(dossier: Dossier, faults: Mapping[str, str]) -> list[Offered]:
    """The documents of this dossier, in their order; in a draft those for later are left out."""
    there = {piece.code: piece for piece in dossier.pieces.prefetch_related("files__file")}
    kept: dict[str, list[KeptDocument]] = {}
    for document in dossier.applicant.documents.filter(removed_at__isnull=True):
        if not document.is_expired:
            kept.setdefault(document.kind, []).append(document)
    found = []
    for spec in pieces_of(dossier.definition, dossier.known()):
        piece = there.get(spec.code)
        if dossier.is_draft and spec.later:
            continue
        live = [f for f in piece.files.all() if f.replaced_at is None] if piece else []
        reusable = kept.get(spec.reusable_as or "", []) if not live or (piece and piece.state == "refused") else []
        found.append(Offered(spec, piece, live[-1] if live else None, reusable, faults.get(spec.code, "")))
    return found
