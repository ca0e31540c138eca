"""A version tried on past dossiers before it is published: what its rules and amounts would have said."""

from __future__ import annotations

from dataclasses import dataclass

from guichet.procedures.answers import known
from guichet.procedures.computing import Met, computation, eligibility
from guichet.procedures.definition import Definition
from guichet.procedures.formulas import BadFormula, Unknown
from guichet.procedures.models import Dossier, Procedure
from guichet.procedures.models.dossier import Phase

AT_MOST = 200


@dataclass(frozen=True, slots=True)
class Tried:
    """One past dossier under two definitions."""

    dossier: Dossier
    before_cents: int | None
    after_cents: int | None
    unmet_before: tuple[str, ...]
    unmet_after: tuple[str, ...]

    @property
    def differs(self) -> bool:
        return self.before_cents != self.after_cents or self.unmet_before != self.unmet_after


def dry_run(procedure: Procedure, definition: Definition, *, at_most: int = AT_MOST) -> list[Tried]:
    """The latest filed dossiers, computed by the version they were filed under and by this one. Nothing is written."""
    rows = Dossier.objects.filter(procedure=procedure).exclude(phase=Phase.DRAFT).select_related("version", "applicant")
    return [_tried(row, definition) for row in rows.order_by("-received_at", "-pk")[:at_most]]


def _tried(row: Dossier, definition: Definition) -> Tried:
    before, unmet_before = _said(row, row.definition)
    after, unmet_after = _said(row, definition)
    return Tried(row, before, after, unmet_before, unmet_after)


def _said(row: Dossier, definition: Definition) -> tuple[int | None, tuple[str, ...]]:
    values = known(definition, row.answers, day=row.counted_from)
    unmet = tuple(v.rule.label for v in eligibility(definition, values) if v.met == Met.NO)
    try:
        found = computation(definition, values)
    except (Unknown, BadFormula):
        return None, unmet
    return (found.cents if found else None), unmet
