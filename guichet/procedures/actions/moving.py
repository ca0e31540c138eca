"""Locking a dossier, moving it, keeping what is told of it true: the first and last lines of every action."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from guichet.accounts.machines import PORTAL, machine
from guichet.cases import clocks
from guichet.cases.models import Case
from guichet.core.refused import Refused
from guichet.journal.actions import record
from guichet.people.models import Person
from guichet.procedures.models import MOVES, Dossier, Piece
from guichet.procedures.models.dossier import Phase
from guichet.procedures.policy import require_appraise, require_own
from guichet.procedures.stepping import set_step

if TYPE_CHECKING:
    from guichet.accounts.models import User


def locked(dossier: Dossier, *, by: User) -> Dossier:
    """The row, locked, for an agent or a rule."""
    require_appraise(by, dossier)
    return _locked(dossier)


def locked_by_person(dossier: Dossier, person: Person) -> Dossier:
    """The row, locked, for the citizen himself or who acts for him."""
    require_own(person, dossier)
    return _locked(dossier)


def _locked(dossier: Dossier) -> Dossier:
    return (
        Dossier.objects.select_for_update(of=("self",))
        .select_related("procedure", "version", "applicant", "case", "officer")
        .get(pk=dossier.pk)
    )


def portal() -> User:
    return machine(PORTAL)


def move(dossier: Dossier, phase: Phase) -> None:
    """Raises `Refused` when MOVES does not know it. The caller saves."""
    if dossier.phase == phase:
        return
    if phase not in MOVES[Phase(dossier.phase)]:
        raise Refused(
            f"Un dossier « {dossier.get_phase_display()} » ne peut pas passer à « {phase.label} ».", code="move"
        )
    dossier.phase = phase
    now = timezone.now()
    dossier.moved_at = now
    dossier.closed_at = now if phase == Phase.CLOSED else None


def save(dossier: Dossier, *, by: User) -> None:
    """Write the dossier with its step and what is expected from the person; a new step is said in the journal."""
    now = timezone.now()
    changed = set_step(dossier, day=timezone.localdate(now))
    if changed:
        dossier.moved_at = now
    _expect(dossier)
    dossier.changes += 1
    dossier.save()
    if changed:
        tell("dossier.step", dossier, by=by, step=dossier.step, steps=dossier.steps)


def _expect(dossier: Dossier) -> None:
    """In a line, what the person has to do first; nothing when the next move is ours."""
    open_ones = [
        piece for piece in dossier.pieces.all() if piece.is_wanted
    ] if dossier.pk and not dossier.is_over and not dossier.is_draft else []  # fmt: skip
    if not open_ones:
        dossier.expected, dossier.expected_what, dossier.expected_by = "", "", None
        return
    dates = [piece.due_on for piece in open_ones if piece.due_on]
    again = any(piece.state == Piece.State.REFUSED for piece in open_ones)
    if len(open_ones) == 1:
        dossier.expected = "Document à renvoyer" if again else "Document à envoyer"
    else:
        dossier.expected = f"{len(open_ones)} documents à envoyer"
    dossier.expected_what = ", ".join(piece.label for piece in open_ones)[:300]
    dossier.expected_by = min(dates) if dates else None


def keep_due(case: Case) -> None:
    """A clock of the case was held, let go or stopped: write what is due first."""
    clocks.refresh_due(case)
    case.save(update_fields=["due_at"])


def tell(verb: str, dossier: Dossier, *, by: User, **data: object) -> None:
    """Write in the journal, under the person and the case: what happened to the dossier is part of both histories."""
    record(
        verb, by=by, case_id=dossier.case_id, person_id=dossier.applicant_id,
        on_behalf_of=dossier.applicant_id if by.is_machine else None, subject=f"dossier:{dossier.pk}", **data,
    )  # fmt: skip
