"""Supporting documents: sent, reused, judged one by one, asked for all at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from guichet.cases import clocks
from guichet.cases.actions.writing import mail_to, reply
from guichet.cases.models import Attachment, Clock, Interaction, Suspension
from guichet.core import files
from guichet.core.calendar import end_of_day, say_day
from guichet.core.models import StoredFile
from guichet.core.refused import Refused
from guichet.core.text import one_line
from guichet.organisation.models import Channel, Topic
from guichet.people.models import Person
from guichet.procedures.actions.deadlines import clear, set_deadline
from guichet.procedures.actions.drafting import locked_by_agent
from guichet.procedures.actions.moving import keep_due, locked, locked_by_person, move, portal, save, tell
from guichet.procedures.actions.paying import on_piece
from guichet.procedures.computing import pieces_of
from guichet.procedures.definition import PieceSpec
from guichet.procedures.models import Deadline, Dossier, Entry, KeptDocument, Piece, PieceFile, PieceRequest
from guichet.procedures.models.dossier import Phase

if TYPE_CHECKING:
    from guichet.accounts.models import User

MOST_FILES = 12  # sendings of one piece


@transaction.atomic
def send_piece(
    dossier: Dossier, code: str, *, person: Person, content: bytes, name: str, warning: str = "", by: User | None = None
) -> Piece:
    """A document comes for one piece, in a draft or after: kept, to be checked. The last one sent is the one judged.

    The content was already judged acceptable by the face. `by`: the agent who scans it for the person.
    """
    row = _locked_for(dossier, person, by)
    piece = _piece(row, code)
    file = files.keep(content, name=name)
    _take(row, piece, file, name, by=by or portal(), warning=warning)
    return piece


@transaction.atomic
def reuse(dossier: Dossier, code: str, *, person: Person, kept: KeptDocument, by: User | None = None) -> Piece:
    """« Dites-le-nous une fois »: a document of the account serves again, if it is of the kind and still valid.

    `by`: the agent who types the application for the person.
    """
    row = _locked_for(dossier, person, by)
    piece = _piece(row, code)
    spec = row.definition.piece(code)
    if kept.person_id != row.applicant_id or kept.removed_at or spec is None or spec.reusable_as != kept.kind:
        raise Refused("Ce document ne convient pas ici.", status=400)
    if kept.is_expired:
        raise Refused("Ce document a expiré : envoyez-en un récent.", status=400)
    _take(row, piece, kept.file, kept.name, by=by or portal(), kept=kept)
    return piece


@transaction.atomic
def take_from_letter(dossier: Dossier, code: str, attachment: Attachment, *, by: User) -> Piece:
    """A document that came with the letter serves in the application that it brought: nobody scans it twice."""
    row = locked_by_agent(dossier, by)
    entry = Entry.objects.get(dossier=row)
    came = attachment.interaction
    matter = entry.matter
    if matter is None or came.case_id != matter.pk or came.direction != Interaction.Direction.IN:
        raise Refused("Ce document n'est pas arrivé avec cette demande.", status=404)
    if attachment.file.scan == StoredFile.Scan.INFECTED:
        raise Refused("Ce document contient un virus : demandez-en un autre.", status=409)
    piece = _piece(row, code)
    _take(row, piece, attachment.file, attachment.name, by=by)
    return piece


def _locked_for(dossier: Dossier, person: Person, by: User | None) -> Dossier:
    if by is None:
        return locked_by_person(dossier, person)
    return locked_by_agent(dossier, by) if dossier.is_draft else locked(dossier, by=by)


def _piece(row: Dossier, code: str) -> Piece:
    """The expected piece; in a draft it is listed when its first document comes."""
    if row.is_over:
        raise Refused("Ce dossier est terminé : écrivez-nous si ce document change quelque chose.", status=409)
    piece = row.pieces.select_for_update().filter(code=code).first()
    if piece is not None:
        return piece
    specs = pieces_of(row.definition, row.known())
    position, spec = next(((n, s) for n, s in enumerate(specs) if s.code == code), (0, None))
    if spec is None:
        raise Refused("Ce document n'est pas demandé dans ce dossier.", status=404)
    return Piece.objects.create(dossier=row, code=code, label=spec.label, required=spec.required, position=position)


def _take(
    row: Dossier, piece: Piece, file: StoredFile, name: str, *, by: User, warning: str = "",
    kept: KeptDocument | None = None,
) -> None:  # fmt: skip
    if piece.state in {Piece.State.ACCEPTED, Piece.State.WAIVED} and not row.is_draft:
        raise Refused("Ce document est déjà accepté.", status=409)
    live = piece.files.filter(replaced_at__isnull=True)
    if live.filter(file=file).exists():
        if piece.state == Piece.State.REFUSED:
            raise Refused("C'est le document que nous n'avons pas pu accepter\u00a0: envoyez-en un autre.", status=400)
        if piece.state == Piece.State.EXPIRED:
            raise Refused("C'est le document qui n'est plus valable\u00a0: envoyez-en un récent.", status=400)
        return  # the same bytes again: a double click
    if piece.files.count() >= MOST_FILES:
        raise Refused("Vous avez déjà envoyé ce document plusieurs fois. Écrivez-nous un message.", status=409)
    now = timezone.now()
    live.update(replaced_at=now)
    PieceFile.objects.create(
        piece=piece, file=file, name=one_line(name)[:200] or "document", warning=warning[:200],
        from_kept=kept is not None,
    )  # fmt: skip
    piece.state, piece.received_at, piece.reason = Piece.State.RECEIVED, now, ""
    piece.valid_until = kept.valid_until if kept else None
    piece.save()
    if row.is_draft:
        return
    clear(row, Deadline.Kind.PIECE, f"piece:{piece.pk}")
    _write_in_thread(row, piece, file, name)
    _end_request_if_complete(row, at=now)
    save(row, by=by)
    tell("dossier.piece_received", row, by=by, piece=piece.code)


def _write_in_thread(row: Dossier, piece: Piece, file: StoredFile, name: str) -> None:
    """A document that comes is an exchange like any other: it stands in the one history."""
    if row.case_id is None:
        return
    interaction = Interaction.objects.create(
        case_id=row.case_id, channel=Channel.PORTAL, direction=Interaction.Direction.IN, at=timezone.now(),
        external_id=f"piece:{piece.pk}:{file.sha256[:16]}:{piece.files.count()}", person=row.applicant,
        sender_name=row.applicant.full_name, text=f"Document envoyé : {piece.label}", automatic="piece",
    )  # fmt: skip
    Attachment.objects.create(interaction=interaction, file=file, name=one_line(name)[:200] or "document")


@transaction.atomic
def judge(piece: Piece, *, by: User, accepted: bool, reason: str = "", valid_until: date | None = None) -> Piece:
    """An agent accepts a document, or refuses it with a reason in plain words. Asking again is one letter for all:
    `ask_missing`."""
    row = locked(piece.dossier, by=by)
    piece = row.pieces.select_for_update().get(pk=piece.pk)
    if piece.state not in {Piece.State.RECEIVED, Piece.State.ACCEPTED, Piece.State.REFUSED}:
        raise Refused("Il n'y a pas de document à vérifier ici.")
    if not accepted and not reason.strip():
        raise Refused("Dites pourquoi, en mots simples : la personne lira cette phrase.", status=400)
    piece.state = Piece.State.ACCEPTED if accepted else Piece.State.REFUSED
    piece.reason = "" if accepted else one_line(reason)[:500]
    piece.judged_at, piece.judged_by = timezone.now(), by
    spec = row.definition.piece(piece.code)
    piece.valid_until = valid_until or piece.last_day
    piece.save()
    if accepted:
        _keep_for_next_time(row, piece, spec, by=by)
        on_piece(row, piece, by=by)
    save(row, by=by)
    tell("dossier.piece_accepted" if accepted else "dossier.piece_refused", row, by=by, piece=piece.code)
    return piece


def _keep_for_next_time(row: Dossier, piece: Piece, spec: PieceSpec | None, *, by: User) -> None:
    sent = piece.files.filter(replaced_at__isnull=True).first()
    if spec is None or spec.reusable_as is None or sent is None:
        return
    kept, _ = KeptDocument.objects.get_or_create(
        person=row.applicant, kind=spec.reusable_as, file=sent.file, removed_at=None,
        defaults={"label": spec.label, "name": sent.name},
    )  # fmt: skip
    kept.verified_at, kept.valid_until = timezone.now(), piece.valid_until
    kept.save(update_fields=["verified_at", "valid_until"])


@transaction.atomic
def waive(piece: Piece, *, by: User, reason: str) -> Piece:
    """The piece is not needed after all (fetched elsewhere, already held): said with a reason."""
    row = locked(piece.dossier, by=by)
    if not reason.strip():
        raise Refused("Dites pourquoi ce document n'est pas nécessaire.", status=400)
    piece = row.pieces.select_for_update().get(pk=piece.pk)
    piece.state, piece.reason = Piece.State.WAIVED, one_line(reason)[:500]
    piece.judged_at, piece.judged_by = timezone.now(), by
    piece.save()
    clear(row, Deadline.Kind.PIECE, f"piece:{piece.pk}")
    _end_request_if_complete(row, at=timezone.now())
    save(row, by=by)
    tell("dossier.piece_waived", row, by=by, piece=piece.code)
    return piece


@transaction.atomic
def ask_missing(dossier: Dossier, *, by: User, until: date, text: str = "") -> PieceRequest:
    """One letter for all the pieces that are missing or refused, with a delay (CRPA L114-5).

    The silence is suspended only when one of them is indispensable to the appraisal (L114-5-1); the appraisal goes on
    for the others, whose absence only delays the effect of a grant.
    """
    row = locked(dossier, by=by)
    if row.phase not in {Phase.ADMISSIBILITY, Phase.DOCUMENTS, Phase.APPRAISAL}:
        raise Refused("Les pièces se demandent avant la décision.")
    if until <= timezone.localdate():
        raise Refused("La date limite doit être à venir.", status=400)
    if row.piece_requests.filter(ended_at__isnull=True).exists():
        raise Refused("Des pièces sont déjà demandées : attendez-les, ou la fin du délai.")
    wanted = [piece for piece in row.pieces.all() if piece.is_wanted]
    if not wanted:
        raise Refused("Aucun document ne manque.")
    indispensable = [
        piece for piece in wanted if (spec := row.definition.piece(piece.code)) and spec.blocks_instruction
    ]
    request = PieceRequest.objects.create(dossier=row, until=until, suspends=bool(indispensable), asked_by=by)
    for piece in wanted:
        piece.request, piece.due_on = request, until
        piece.save(update_fields=["request", "due_on"])
        set_deadline(
            row, Deadline.Kind.PIECE, f"piece:{piece.pk}", day=until, by_person=True,
            label=f"Date limite d'envoi : {piece.label}",
        )  # fmt: skip
    _write_request(row, request, wanted, text, by=by)
    if indispensable:
        _suspend(row, until, [piece.label for piece in indispensable])
    if row.phase == Phase.ADMISSIBILITY or (row.phase == Phase.APPRAISAL and indispensable):
        move(row, Phase.DOCUMENTS)
    save(row, by=by)
    tell("dossier.pieces_asked", row, by=by, count=len(wanted), until=until.isoformat(), suspends=request.suspends)
    return request


def _write_request(row: Dossier, request: PieceRequest, wanted: Iterable[Piece], text: str, *, by: User) -> None:
    listed = "\n".join(f"– {piece.label}{f' : {piece.reason}' if piece.reason else ''}" for piece in wanted)
    effect = (
        "Le délai au terme duquel une décision naît sans réponse de notre part est suspendu jusqu'à cette date, ou "
        "jusqu'à leur réception si elle vient avant (articles L. 114-5 et L. 114-5-1 du code des relations entre le "
        "public et l'administration)."
        if request.suspends
        else "L'examen de votre dossier continue pendant ce temps (article L. 114-5-1 du code des relations entre le "
        "public et l'administration)."
    )
    assert row.case is not None
    letter = (
        f"{text.strip() or 'Bonjour,'}\n\nIl nous manque, pour votre dossier « {row.procedure.title} » :\n{listed}\n\n"
        f"Envoyez ces documents au plus tard le {say_day(request.until)}, dans votre espace Mes Démarches ou en "
        f"répondant à ce message.\n\n{effect}"
    )
    channel = Channel.EMAIL if mail_to(row.case) else Channel.PAPER
    reply(row.case, by=by, text=letter, kind=Interaction.Kind.PIECES, channel=channel)
    row.case.refresh_from_db()


def _suspend(row: Dossier, until: date, detail: list[str]) -> None:
    assert row.case is not None
    case = row.case
    silence = case.clocks.filter(kind=Clock.Kind.SILENCE, stopped_at__isnull=True).first()
    starts_with_pieces = silence is not None and silence.effect == Topic.Silence.ACCEPTANCE
    clocks.suspend(
        case, [Clock.Kind.SILENCE], reason=Suspension.Reason.MISSING_PIECES,
        until=None if starts_with_pieces else end_of_day(until), detail=detail,
    )  # fmt: skip
    keep_due(case)


def _end_request_if_complete(row: Dossier, *, at: datetime) -> None:
    """The last awaited piece came: the suspension ends that day (L114-5)."""
    request = row.piece_requests.filter(ended_at__isnull=True).first()
    if request is None or row.case is None:
        return
    awaited = request.pieces.filter(state__in=[*Piece.OPEN])
    if request.suspends and not _any_indispensable(row, awaited):
        clocks.end_suspensions(row.case, at=at, kinds=[Clock.Kind.SILENCE])
        keep_due(row.case)
    if not awaited.exists():
        request.ended_at = at
        request.save(update_fields=["ended_at"])


def _any_indispensable(row: Dossier, pieces: Iterable[Piece]) -> bool:
    return any((spec := row.definition.piece(piece.code)) and spec.blocks_instruction for piece in pieces)


@transaction.atomic
def _end_overdue(request: PieceRequest, *, by: User) -> None:
    row = locked(request.dossier, by=by)
    request = row.piece_requests.select_for_update().get(pk=request.pk)
    if request.ended_at is not None or row.case is None:
        return
    request.ended_at = timezone.now()
    request.save(update_fields=["ended_at"])
    clocks.end_suspensions(row.case, kinds=[Clock.Kind.SILENCE])
    keep_due(row.case)
    save(row, by=by)
    tell("dossier.pieces_overdue", row, by=by)


def end_overdue_requests(*, by: User, limit: int = 500) -> int:
    """The delay is over and pieces are missing: the legal clock runs again, an agent decides."""
    over = PieceRequest.objects.filter(ended_at__isnull=True, until__lt=timezone.localdate()).select_related("dossier")
    found = list(over.order_by("until")[:limit])
    for request in found:
        _end_overdue(request, by=by)
    return len(found)


@transaction.atomic
def keep_document(
    person: Person, *, kind: str, label: str, content: bytes, name: str, valid_until: date | None = None
) -> KeptDocument:
    """The person puts a document in his account for his next procedures."""
    file = files.keep(content, name=name)
    kept, _ = KeptDocument.objects.get_or_create(
        person=person, kind=kind, file=file, removed_at=None,
        defaults={"label": one_line(label)[:300], "name": one_line(name)[:200], "valid_until": valid_until},
    )  # fmt: skip
    return kept


@transaction.atomic
def remove_kept(kept: KeptDocument, *, person: Person) -> None:
    """Taken out of the account; the dossiers it served keep their copy."""
    if kept.person_id != person.pk:
        raise Refused("Ce document n'est pas le vôtre.", status=404)
    KeptDocument.objects.filter(pk=kept.pk, removed_at__isnull=True).update(removed_at=timezone.now())
