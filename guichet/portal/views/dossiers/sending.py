"""Documents that a citizen sends: photographs made into a PDF, files judged by what they hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest

from guichet.core.filetypes import judge
from guichet.core.photographs import is_photograph, prepare
from guichet.core.refused import Refused
from guichet.core.uploading import NotRead
from guichet.portal.citizen import CitizenRequest
from guichet.procedures.actions import send_piece
from guichet.procedures.computing import pieces_of
from guichet.procedures.definition import PieceSpec
from guichet.procedures.models import Dossier, KeptDocument, Piece, PieceFile
from guichet.procedures.showing import PIECE_STATES

PHOTO_BYTES = 25 * 1024 * 1024  # as a telephone takes it; it is shrunk here


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


def take_document(request: CitizenRequest, dossier: Dossier, code: str) -> Piece:
    """What the form sent for one piece. Raises `Refused` with a sentence that says what to do."""
    name, content, warning = read_document(request)
    return send_piece(
        dossier, code, person=request.citizen.person, content=content, name=name, warning=warning
    )  # fmt: skip


def read_document(request: HttpRequest) -> tuple[str, bytes, str]:
    """(name, content, doubt) of the file or of the photographs that were sent, one page each."""
    uploads = request.FILES.getlist("fichier")
    if not uploads or any(isinstance(upload, NotRead) for upload in uploads):
        raise Refused("Choisissez un fichier, ou prenez une photo." if not uploads else "Envoyez moins de fichiers.",
                      status=400)  # fmt: skip
    read = []
    for upload in uploads:
        content = upload.read(PHOTO_BYTES + 1)
        verdict = judge(content, upload.name or "document", max_bytes=PHOTO_BYTES)
        if not verdict.accepted:
            raise Refused(f"« {verdict.name} » : {verdict.reason}", status=400)
        read.append((verdict.name, content, verdict.kind.media_type))
    if all(is_photograph(media_type) for _, _, media_type in read):
        prepared = prepare([(name, content) for name, content, _ in read])
        return prepared.name, prepared.content, prepared.warning
    if len(read) > 1:
        raise Refused("Envoyez un seul fichier, ou seulement des photos : elles seront réunies.", status=400)
    name, content, _ = read[0]
    if len(content) > settings.UPLOAD_MAX_BYTES:
        limit = settings.UPLOAD_MAX_BYTES // (1024 * 1024)
        raise Refused(f"Ce fichier dépasse {limit} Mo. Réduisez-le, ou envoyez des photos.", status=400)
    return name, content, ""
