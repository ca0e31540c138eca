"""What the appraisal pages show: the worklist, one dossier with its documents, what may be done now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.models import Clock
from guichet.procedures import recap
from guichet.procedures.computing import computation, eligibility
from guichet.procedures.formulas import BadFormula, Unknown
from guichet.procedures.models import Decision, Dossier, Opinion, Piece, Procedure, Seat
from guichet.procedures.models.dossier import Phase
from guichet.procedures.stepping import holding_back
from guichet.procedures.withdrawing import GIVES, MAY_FALL, delay, grounds

ON_A_PAGE = 40
SOON = timedelta(days=15)
MANY = 100
WORK = (Phase.ADMISSIBILITY, Phase.DOCUMENTS, Phase.APPRAISAL, Phase.COMMITTEE, Phase.NOTIFICATION, Phase.PAYMENT)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the worklist is asked for, as the address says it."""

    procedure: str = ""
    phase: str = ""
    whose: str = ""  # "moi", "personne"
    after: str = ""  # "2026-06-01T10:00:00+02:00,1234"

    def address(self, **changes: str) -> str:
        given = {"demarche": self.procedure, "phase": self.phase, "a": self.whose, **changes}
        return urlencode({name: value for name, value in given.items() if value})


def worklist(wanted: Wanted, user: User) -> tuple[list[Dossier], str]:
    """The oldest first, and where the next page begins; one question, whatever the number of dossiers."""
    rows = filtered(wanted, user).select_related("procedure", "applicant", "officer", "case")
    if mark := _mark(wanted.after):
        rows = rows.filter(Q(received_at__gt=mark[0]) | Q(received_at=mark[0], pk__gt=mark[1]))
    found = list(rows.defer("answers", "computation").order_by("received_at", "pk")[: ON_A_PAGE + 1])
    following = ""
    if len(found) > ON_A_PAGE:
        last = found[ON_A_PAGE - 1]
        assert last.received_at is not None
        following = f"{last.received_at.isoformat()},{last.pk}"
    return found[:ON_A_PAGE], following


def filtered(wanted: Wanted, user: User) -> QuerySet[Dossier]:
    rows = Dossier.objects.visible_to(user).running()
    if wanted.procedure:
        rows = rows.filter(procedure__code=wanted.procedure)
    if wanted.phase in {phase.value for phase in WORK}:
        rows = rows.filter(phase=wanted.phase)
    if wanted.whose == "moi":
        rows = rows.filter(officer=user)
    elif wanted.whose == "personne":
        rows = rows.filter(officer=None)
    return rows


def wanted_of(given: Mapping[str, str]) -> Wanted:
    return Wanted(
        procedure=given.get("demarche", "")[:60], phase=given.get("phase", "")[:14], whose=given.get("a", "")[:8],
        after=given.get("apres", "")[:60],
    )  # fmt: skip


def numbers_of(wanted: Wanted, user: User, *, at_most: int) -> list[int]:
    """All those of the list, the oldest first, whatever the page."""
    return list(filtered(wanted, user).order_by("received_at", "pk").values_list("pk", flat=True)[:at_most])


def count_of(wanted: Wanted, user: User, *, at_most: int) -> int:
    """How many there are in the list; counted no further than `at_most`."""
    return filtered(wanted, user).order_by()[:at_most].count()


def _mark(text: str) -> tuple[datetime, int] | None:
    moment, _, pk = text.rpartition(",")
    try:
        return datetime.fromisoformat(moment), int(pk)
    except ValueError:
        return None


def counts(user: User) -> list[dict[str, Any]]:
    """Running dossiers by procedure and phase, for the tabs: one question."""
    rows = (
        Dossier.objects.visible_to(user).running().order_by().values("procedure__code", "procedure__title", "phase")
        .annotate(n=Count("pk"))
    )  # fmt: skip
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        line = found.setdefault(
            row["procedure__code"],
            {"code": row["procedure__code"], "title": row["procedure__title"], "phases": {}, "n": 0},
        )
        line["phases"][row["phase"]] = row["n"]
        line["n"] += row["n"]
    return sorted(found.values(), key=lambda line: str(line["title"]))


def silences(user: User, *, at_most: int = 500) -> list[Clock]:
    """The implicit decisions of the next fifteen days, and those that are born already: the nearest first."""
    return list(
        _silences(user)
        .select_related("case__dossier__procedure", "case__dossier__applicant", "case__dossier__officer")
        .prefetch_related("suspensions")
        .order_by("due_at")[:at_most]
    )


def silences_counted(user: User) -> int:
    """How many they are, and no more than `MANY`."""
    return len(_silences(user).values_list("pk")[:MANY])


def _silences(user: User) -> QuerySet[Clock]:
    return Clock.objects.filter(
        kind=Clock.Kind.SILENCE, stopped_at__isnull=True, due_at__lte=timezone.now() + SOON,
        case__dossier__in=Dossier.objects.visible_to(user).running(),
    )  # fmt: skip


# -- one dossier ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PieceLine:
    piece: Piece
    file: Any  # the last sending
    older: Sequence[Any]
    indispensable: bool

    @property
    def is_to_judge(self) -> bool:
        return self.piece.state in {Piece.State.RECEIVED, Piece.State.ACCEPTED, Piece.State.REFUSED} and bool(self.file)


def pieces(dossier: Dossier) -> list[PieceLine]:
    specs = {spec.code: spec for spec in dossier.definition.pieces}
    found = []
    for piece in dossier.pieces.prefetch_related("files__file"):
        sent = list(piece.files.all())
        live = [file for file in sent if file.replaced_at is None]
        spec = specs.get(piece.code)
        found.append(
            PieceLine(
                piece,
                live[-1] if live else None,
                [f for f in sent if f.replaced_at],
                bool(spec and spec.blocks_instruction),
            )
        )
    return found


def shown(dossier: Dossier, user: User) -> dict[str, Any]:
    """Everything of the page but the document that is looked at."""
    lines = pieces(dossier)
    values = dossier.known()
    opinion = dossier.opinions.filter(dropped_at__isnull=True).select_related("by", "checked_by").first()
    clock = dossier.case.clock(Clock.Kind.SILENCE) if dossier.case else None
    decisions = list(dossier.decisions.select_related("by", "sitting", "withdrawn_by"))
    request = dossier.piece_requests.filter(ended_at__isnull=True).first()
    return {
        "dossier": dossier,
        "procedure": dossier.procedure,
        "sections": recap.sections(dossier),
        "pieces": lines,
        "to_judge": sum(line.piece.state == Piece.State.RECEIVED for line in lines),
        "missing": [line.piece for line in lines if line.piece.is_wanted],
        "blocking": holding_back(dossier),
        "asked": request,
        "verdicts": eligibility(dossier.definition, values),
        "computed": _computed(dossier, values),
        "opinion": opinion,
        "opinion_amount": recap.euros(opinion.amount_cents) if opinion and opinion.amount_cents is not None else "",
        "may_confirm": bool(opinion and not opinion.checked_at and opinion.by_id != user.pk),
        "older_opinions": list(dossier.opinions.exclude(dropped_at=None).select_related("by")[:5]),
        "clock": clock,
        "suspensions": list(clock.suspensions.order_by("started_at")) if clock else [],
        "decisions": [
            {"it": d, "amount": recap.euros(d.amount_cents) if d.amount_cents is not None else ""} for d in decisions
        ],
        "falling": _falling(dossier, decisions),
        "payments": [{"it": p, "amount": recap.euros(p.amount_cents)} for p in dossier.payments.all()],
        "seat": dossier.seats.select_related("sitting").order_by("-pk").first(),
        "steps": dossier.progress,
        "verbs": verbs(dossier, opinion, user),
        "is_mine": dossier.officer_id == user.pk,
        "prorata": dossier.definition.amount.prorata_planned if dossier.definition.amount else None,
    }  # fmt: skip


def _falling(dossier: Dossier, decisions: Sequence[Decision]) -> dict[str, Any] | None:
    """The decision that may still be taken back, with the delay and the grounds that are left."""
    today = timezone.localdate()
    standing = next((d for d in decisions if d.withdrawn_at is None and d.outcome in MAY_FALL), None)
    if standing is None or dossier.outcome not in {standing.outcome, ""}:
        return None
    return {
        "it": standing, "delay": delay(standing, today=today),
        "grounds": [(ground.value, ground.label) for ground in grounds(standing, today=today)],
        "gives": standing.outcome in GIVES, "in_transit": dossier.payments.filter(state="ordered").exists(),
        "paid": dossier.payments.filter(state="paid").exclude(kind="recovery").exists(),
    }  # fmt: skip


def _computed(dossier: Dossier, values: Any) -> dict[str, Any] | None:
    """The amount line by line; what lacks, when it cannot be computed."""
    if dossier.definition.amount is None:
        return None
    kept = dossier.computation.get("lines")
    if kept:
        lines = [(line["label"], line["value"], line.get("unit", ""), line["formula"]) for line in kept]
        return {"lacking": "",
                "lines": [_line(*line) for line in lines], "amount": recap.euros(dossier.computation["cents"]),
                "version": dossier.computation["version"], "cents": dossier.computation["cents"]}  # fmt: skip
    try:
        found = computation(dossier.definition, values)
    except (Unknown, BadFormula) as fault:
        return {"lacking": dossier.definition.lacking(fault) or str(fault)}
    if found is None:
        return None
    return {
        "lacking": "", "lines": [_line(line.label, line.value, line.unit, line.formula) for line in found.lines],
        "amount": recap.euros(found.cents), "version": dossier.version.number, "cents": found.cents,
    }  # fmt: skip


def _line(label: str, value: str, unit: str, formula: str) -> dict[str, str]:
    said = recap.number_said(Decimal(value).quantize(Decimal("0.01")))
    return {"label": label, "value": f"{said} {unit}".strip(), "formula": formula}


def verbs(dossier: Dossier, opinion: Opinion | None, user: User) -> set[str]:
    """What the page offers now; each action asks again."""
    found: set[str] = set()
    if dossier.is_over:
        return found
    phase = dossier.phase
    if phase == Phase.ADMISSIBILITY:
        found |= {"admissible", "refuse"}
    if phase in {Phase.ADMISSIBILITY, Phase.DOCUMENTS}:
        found.add("complete")
    if phase in {Phase.ADMISSIBILITY, Phase.DOCUMENTS, Phase.APPRAISAL}:
        found.add("pieces")
    if phase == Phase.APPRAISAL:
        found |= {"propose", "recompute"}
        own = opinion is not None and opinion.by_id == user.pk  # four eyes: who proposed does not decide
        if opinion and opinion.is_confirmed and not own and not dossier.definition.by_committee:
            found.add("decide")
    if phase == Phase.PAYMENT:
        found |= {"shorten", "recover"}
    if (
        phase == Phase.COMMITTEE
        and not Seat.objects.filter(dossier=dossier, sitting__state__in=["open", "frozen"]).exists()
    ):
        found.add("enrol")
    return found


def procedures_of(user: User) -> QuerySet[Procedure]:
    """Those whose dossiers this agent may appraise."""
    return Procedure.objects.filter(pk__in=Dossier.objects.visible_to(user).values("procedure"))
