"""The way through a form: the pages asked of this person, then his documents and the summary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guichet.procedures import recap
from guichet.procedures.answers import faults, pages_of
from guichet.procedures.computing import computation, eligibility, pieces_of
from guichet.procedures.definition import Definition
from guichet.procedures.formulas import BadFormula, Unknown, Value
from guichet.procedures.models import Dossier
from guichet.procedures.offering import offered

DOCUMENTS, SUMMARY = "documents", "recapitulatif"


def tour(found: Dossier, current: str) -> dict[str, Any]:
    """Where one is in the form: the pages asked of this person, then documents and summary."""
    values = found.known()
    pages = pages_of(found.definition, values)
    wrong = faults(found.definition, found.answers, day=found.counted_from)
    stops = [(page.code, page.title, page.code in wrong) for page in pages]
    if pieces_of(found.definition, values):
        stops.append((DOCUMENTS, "Vos documents", False))
    stops.append((SUMMARY, "Vérification et dépôt", False))
    codes = [code for code, _, _ in stops]
    at = codes.index(current)
    return {
        "draft": found, "procedure": found.procedure, "number": at + 1, "count": len(stops),
        "stops": [{"code": c, "title": t, "wrong": w, "current": c == current, "done": n < at}
                  for n, (c, t, w) in enumerate(stops)],
        "before": codes[at - 1] if at else "", "after": codes[at + 1] if at + 1 < len(codes) else "",
        "title": stops[at][1],
    }  # fmt: skip


def summary(found: Dossier) -> dict[str, Any]:
    """All that is to be read again before it is filed. `day`: the one that says whether it comes in time."""
    definition, values, day = found.definition, found.known(), found.postmark or found.counted_from
    return {
        "sections": recap.sections(found), "wrong": faults(definition, found.answers, day=found.counted_from),
        "verdicts": eligibility(definition, values), "estimate": _estimate(definition, values),
        "pieces": offered(found, {}), "day": day, "window": definition.window(day),
    }  # fmt: skip


def _estimate(definition: Definition, values: Mapping[str, Value]) -> str:
    """The amount that the answers give now, as it is said; empty when it cannot be computed."""
    try:
        computed = computation(definition, values)
    except (Unknown, BadFormula):
        return ""
    return recap.euros(computed.cents) if computed and computed.cents else ""
