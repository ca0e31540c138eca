"""The appraisal: admissible, complete, computed, proposed by one agent and confirmed by another."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from guichet.core.refused import Refused
from guichet.core.text import strip_controls
from guichet.journal.models import Event
from guichet.procedures.actions.moving import locked, move, save, tell
from guichet.procedures.computing import computation
from guichet.procedures.formulas import BadFormula, Unknown
from guichet.procedures.models import Dossier, Opinion, Piece
from guichet.procedures.models.dossier import Phase
from guichet.procedures.policy import require_appraise, require_enter
from guichet.procedures.stepping import holding_back

if TYPE_CHECKING:
    from guichet.accounts.models import User


@transaction.atomic
def note_read(dossier: Dossier, *, by: User) -> None:
    """Every reading of a person's file is recorded; the same agent's again within the hour is one reading."""
    (require_enter if dossier.is_draft else require_appraise)(by, dossier)
    since = timezone.now() - timedelta(hours=1)
    about = f"dossier:{dossier.pk}"
    known = Event.objects.filter(
        person_id=dossier.applicant_id, at__gte=since, verb="dossier.read", actor=by, subject=about
    )
    if not known.exists():
        tell("dossier.read", dossier, by=by)


@transaction.atomic
def assign(dossier: Dossier, officer: User | None, *, by: User) -> Dossier:
    row = locked(dossier, by=by)
    if officer is not None and not Dossier.objects.visible_to(officer).filter(pk=row.pk).exists():
        raise Refused(f"{officer} n'a pas accès à cette démarche.", status=400)
    row.officer = officer
    save(row, by=by)
    tell("dossier.assigned" if officer else "dossier.released", row, by=by, to=officer.pk if officer else None,
         to_name=officer.full_name if officer else "")  # fmt: skip
    return row


@transaction.atomic
def declare_admissible(dossier: Dossier, *, by: User) -> Dossier:
    """The scheme concerns this person: on to his documents, or to the appraisal when none is asked."""
    row = locked(dossier, by=by)
    if row.phase != Phase.ADMISSIBILITY:
        raise Refused("La recevabilité est déjà examinée.")
    waits = any(piece.required and piece.is_awaited for piece in row.pieces.all())
    move(row, Phase.DOCUMENTS if waits else Phase.APPRAISAL)
    row.officer = row.officer or (None if by.is_machine else by)
    save(row, by=by)
    tell("dossier.admissible", row, by=by)
    return row


@transaction.atomic
def complete(dossier: Dossier, *, by: User) -> Dossier:
    """The documents are examined: the file is appraised. Refused only while an indispensable one is missing."""
    row = locked(dossier, by=by)
    if row.phase not in {Phase.ADMISSIBILITY, Phase.DOCUMENTS}:
        raise Refused("Les pièces de ce dossier sont déjà examinées.")
    unread = row.pieces.filter(state=Piece.State.RECEIVED).count()
    if unread:
        raise Refused(f"Vérifiez d'abord les documents reçus : il en reste {unread}.")
    if blocking := holding_back(row):
        raise Refused(f"Sans « {blocking[0].label} », le dossier ne peut pas être instruit.")
    move(row, Phase.APPRAISAL)
    _compute(row)
    save(row, by=by)
    tell("dossier.complete", row, by=by)
    return row


@transaction.atomic
def recompute(dossier: Dossier, *, by: User) -> Dossier:
    """The amount by the rules of the dossier's own version, line by line. Raises `Refused` when an answer lacks."""
    row = locked(dossier, by=by)
    if row.decided_at is not None:
        raise Refused("Le montant est celui de la décision.")
    _compute(row, strict=True)
    save(row, by=by)
    tell("dossier.computed", row, by=by, amount=row.amount_cents, version=row.version.number)
    return row


def _compute(row: Dossier, *, strict: bool = False) -> None:
    try:
        found = computation(row.definition, row.known())
    except (Unknown, BadFormula) as fault:
        if strict:
            lacking = row.definition.lacking(fault)
            raise Refused(f"Il manque une réponse : {lacking}." if lacking else str(fault), status=400) from None
        return
    if found is None:
        return
    row.amount_cents = found.cents
    row.computation = worked(row, found)


def worked(row: Dossier, found: Any) -> dict[str, Any]:
    """The computation as it is kept: lines, day of the figures, version of the rules (L311-3-1)."""
    return {
        "lines": [asdict(line) for line in found.lines], "cents": found.cents, "version": row.version.number,
        "day": row.counted_from.isoformat(),
    }  # fmt: skip


@transaction.atomic
def propose(
    dossier: Dossier, *, by: User, way: str, reasons: str = "", amount_cents: int | None = None, why_other: str = ""
) -> Opinion:
    """The officer's opinion. An unfavourable one, or an amount that is not the computed one, wants its reasons."""
    row = locked(dossier, by=by)
    if row.phase != Phase.APPRAISAL:
        raise Refused("On propose un avis pendant l'instruction.")
    if way not in Opinion.Way.values:
        raise Refused("Choisissez un avis dans la liste.", status=400)
    favourable = way == Opinion.Way.FAVOURABLE
    if not favourable and not reasons.strip():
        raise Refused("Un avis défavorable dit ses motifs, en droit et en fait (CRPA L211-2, L211-5).", status=400)
    if favourable:
        _compute(row)
        amount_cents = row.amount_cents if amount_cents is None else amount_cents
        if row.definition.amount is not None and not amount_cents:
            raise Refused("Le montant n'est pas calculé : il manque une réponse, ou il vaut zéro.", status=400)
        if row.amount_cents is not None and amount_cents != row.amount_cents and not why_other.strip():
            raise Refused("Ce montant n'est pas celui du calcul : dites pourquoi.", status=400)
    row.opinions.filter(dropped_at__isnull=True).update(dropped_at=timezone.now())
    opinion = Opinion.objects.create(
        dossier=row, way=way, amount_cents=amount_cents if favourable else None, by=by,
        reasons=strip_controls("\n".join(part for part in (reasons, why_other) if part.strip())).strip(),
        computation=row.computation if favourable else {},
    )  # fmt: skip
    save(row, by=by)
    tell("dossier.proposed", row, by=by)
    return opinion


@transaction.atomic
def confirm(opinion: Opinion, *, by: User) -> Opinion:
    """The second pair of eyes: another agent than the one who proposed. Then to the committee, or to who decides."""
    row = locked(opinion.dossier, by=by)
    opinion = _standing(opinion, by=by)
    opinion.checked_by, opinion.checked_at = by, timezone.now()
    opinion.save(update_fields=["checked_by", "checked_at"])
    if row.definition.is_voted:
        move(row, Phase.COMMITTEE)
    save(row, by=by)
    tell("dossier.confirmed", row, by=by)
    return opinion


@transaction.atomic
def send_back(opinion: Opinion, *, by: User, reason: str) -> Opinion:
    row = locked(opinion.dossier, by=by)
    if not reason.strip():
        raise Refused("Dites ce qui est à revoir.", status=400)
    opinion = _standing(opinion, by=by)
    opinion.sent_back, opinion.dropped_at = reason.strip()[:500], timezone.now()
    opinion.save(update_fields=["sent_back", "dropped_at"])
    save(row, by=by)
    tell("dossier.sent_back", row, by=by)
    return opinion


def _standing(opinion: Opinion, *, by: User) -> Opinion:
    row = Opinion.objects.select_for_update().get(pk=opinion.pk)
    if row.dropped_at is not None or row.checked_at is not None:
        raise Refused("Cet avis a déjà été examiné, ou remplacé.")
    if row.by_id == by.pk:
        raise Refused("Un autre agent que vous doit vérifier cet avis.", status=403)
    return row
