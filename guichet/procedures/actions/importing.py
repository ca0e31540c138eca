"""Taking over dossiers of another tool: all of a file or nothing, without mail, clock nor receipt (behaviours 111)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from guichet.cases.models import Case
from guichet.core.refused import Refused
from guichet.organisation.models import Channel
from guichet.people.actions import welcome
from guichet.procedures.actions.ending import end_thread
from guichet.procedures.actions.filing import list_pieces, open_thread
from guichet.procedures.actions.moving import tell
from guichet.procedures.history import Fault, Past, judge, lines_of
from guichet.procedures.models import Dossier, Outcome, Piece, Procedure
from guichet.procedures.models.dossier import Phase
from guichet.procedures.policy import require_edit
from guichet.procedures.stepping import set_step

if TYPE_CHECKING:
    from guichet.accounts.models import User

ENDED = {
    Outcome.GRANTED: "granted", Outcome.IMPLICIT_ACCEPTANCE: "granted", Outcome.REFUSED: "refused",
    Outcome.IMPLICIT_REJECTION: "refused", Outcome.WITHDRAWN: "withdrawn", Outcome.LAPSED: "no_reaction",
}  # fmt: skip
ASKED = frozenset({Phase.ADMISSIBILITY, Phase.DOCUMENTS})
TAKEN_OVER = "Vu dans le logiciel d'origine"


@dataclass(slots=True)
class Imported:
    created: int = 0
    known: int = 0
    faults: list[Fault] = field(default_factory=list)


@transaction.atomic
def import_dossiers(procedure: Procedure, text: str, form: str, *, by: User, dry_run: bool = False) -> Imported:
    """Those of the file that were not taken over yet; nothing at all when a line is wrong. Raises `Refused`."""
    require_edit(by)
    row = Procedure.objects.select_for_update(of=("self",)).select_related("live").get(pk=procedure.pk)
    if row.live is None:
        raise Refused("Cette démarche n'a pas de version publiée : publiez-la d'abord.")
    past, faults = judge(lines_of(text, form), row.live.definition)
    if not past and not faults:
        faults = [Fault(1, "", "Ce fichier ne contient aucun dossier.")]
    there = set(
        Dossier.objects.filter(procedure=row, external_id__in=[one.external_id for one in past]).values_list(
            "external_id", flat=True
        )
    )
    new = [one for one in past if one.external_id not in there]
    if faults or dry_run:
        return Imported(0 if faults else len(new), len(past) - len(new), faults)
    for one in new:
        _take_over(row, one, by=by)
    return Imported(len(new), len(past) - len(new))


def _take_over(procedure: Procedure, past: Past, *, by: User) -> None:
    assert procedure.live is not None
    definition = procedure.live.definition
    at = _noon(past.filed_on)
    person = welcome(past.claim, by=by, source="import")
    dossier = Dossier(
        procedure=procedure, version=procedure.live, applicant=person, entered_by=by, answers=past.answers,
        channel=Channel.PAPER, phase=past.phase, outcome=past.outcome, external_id=past.external_id,
        received_at=at, filed_at=at, started_at=at, amount_cents=past.amount_cents,
        decided_at=_noon(past.decided_on) if past.decided_on else None,
        closed_at=_noon(past.closed_on) if past.closed_on else None,
        beneficiary_name=person.full_name,
    )  # fmt: skip
    dossier.moved_at = dossier.closed_at or dossier.decided_at or at
    open_thread(dossier, definition, person, by=by, channel=Channel.PAPER, address="", quiet=True)
    dossier.save()
    if dossier.phase != Phase.CLOSED:
        list_pieces(dossier, definition)
        if dossier.phase not in ASKED:  # the other tool saw them
            dossier.pieces.filter(state=Piece.State.MISSING).update(state=Piece.State.WAIVED, reason=TAKEN_OVER)
    set_step(dossier, day=past.closed_on or past.decided_on or past.filed_on)
    dossier.save()
    tell("dossier.imported", dossier, by=by, procedure=procedure.code, version=procedure.live.number)
    if dossier.phase == Phase.CLOSED:
        end_thread(dossier, result=ENDED[Outcome(past.outcome)], by=by)
        Case.objects.filter(dossier=dossier).update(closed_at=dossier.closed_at)


def _noon(day: date) -> datetime:
    """Of a day only the date is known: a moment that is the same day everywhere in France."""
    found = timezone.make_aware(datetime.combine(day, time(12)))
    return min(found, timezone.now())
