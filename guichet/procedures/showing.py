"""What a citizen is shown of his dossiers: one place for the dashboard, the page, the assistant and the interface."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from guichet.cases.models import Interaction
from guichet.core.calendar import say_day
from guichet.people.models import Person
from guichet.procedures.acting import principals_of
from guichet.procedures.definition import Phase
from guichet.procedures.models import Deadline, Dossier, Outcome, Piece, ThreadSeen

AT_MOST = 30
SHOWN_DEADLINES, SHOWN_MESSAGES = 8, 5

# What is said of a dossier when nothing is expected from the person: (tone, icon, words).
STATES: dict[str, tuple[str, str, str]] = {
    Phase.DRAFT: ("attente", "file-text", "Brouillon à terminer"),
    Phase.ADMISSIBILITY: ("info", "hourglass", "Nous nous en occupons"),
    Phase.DOCUMENTS: ("info", "hourglass", "Nous vérifions vos documents"),
    Phase.APPRAISAL: ("info", "hourglass", "Nous nous en occupons"),
    Phase.COMMITTEE: ("info", "calendar", "En attente de la commission"),
    Phase.NOTIFICATION: ("info", "mail", "Décision prise"),
    Phase.PAYMENT: ("ok", "check", "Aide accordée"),
}
ENDS: dict[str, tuple[str, str, str]] = {
    Outcome.GRANTED: ("ok", "check", "Accordée"),
    Outcome.REFUSED: ("erreur", "x", "Refusée"),
    Outcome.WITHDRAWN: ("info", "x", "Retirée"),
    Outcome.LAPSED: ("erreur", "x", "Caduque"),
    Outcome.IMPLICIT_REJECTION: ("erreur", "x", "Rejet implicite"),
    Outcome.IMPLICIT_ACCEPTANCE: ("ok", "check", "Acceptée"),
    Outcome.NONE: ("info", "check", "Terminée"),
}


@dataclass(frozen=True, slots=True)
class State:
    tone: str
    icon: str
    words: str


def state_of(dossier: Dossier) -> State:
    if dossier.is_over:
        return State(*ENDS[Outcome(dossier.outcome)])
    if dossier.expected:
        return State("attente", "file-warning", dossier.expected)
    return State(*STATES[dossier.phase])


def for_whom(dossier: Dossier, person: Person) -> str:
    """Whose it is when it is not the person's own: who mandated him, or the child named in the form; else empty."""
    own = dossier.beneficiary_name or dossier.applicant.full_name
    return "" if dossier.applicant_id == person.pk and own == person.full_name else own


def running(person: Person) -> list[Dossier]:
    """His dossiers that run, drafts too, the latest moved first; those he follows by a mandate with them."""
    found = Dossier.objects.of_person(person).running().select_related("procedure", "applicant")
    return list(found.defer("answers", "computation").order_by("-moved_at", "-id")[:AT_MOST])


def over(person: Person) -> QuerySet[Dossier]:
    found = Dossier.objects.of_person(person).filter(closed_at__isnull=False).select_related("procedure", "applicant")
    return found.defer("answers", "computation").order_by("-closed_at", "-id")


def deadlines(person: Person, *, at_most: int = SHOWN_DEADLINES) -> list[Deadline]:
    """The next dates, and those that have just passed without being met."""
    since = timezone.localdate() - timedelta(days=30)
    found = Deadline.objects.filter(person__in=principals_of(person), done_at__isnull=True, day__gte=since)
    return list(found.select_related("dossier__procedure").order_by("day", "id")[:at_most])


def to_do(dossiers: Iterable[Dossier]) -> list[Dossier]:
    """What the person has to do first: what has the nearest date, then drafts."""
    waiting = [d for d in dossiers if d.expected]
    return sorted(waiting, key=lambda d: (d.expected_by or date.max, -d.pk))


def when(day: date) -> str:
    """« dans 6 jours », « demain », « il y a 2 jours »."""
    days = (day - timezone.localdate()).days
    if days == 0:
        return "aujourd'hui"
    if days == 1:
        return "demain"
    if days < 0:
        return "hier" if days == -1 else f"il y a {-days} jours"
    if days < 14:
        return f"dans {days} jours"
    if days < 60:
        return f"dans {days // 7} semaines"
    return f"dans {days // 30} mois"


def messages(person: Person, *, at_most: int = SHOWN_MESSAGES) -> list[dict[str, Any]]:
    """The last exchanges of every channel, in every matter of this person: letters, calls and mails too."""
    settled = timezone.now() - timedelta(seconds=settings.UNDO_SECONDS)
    found = (
        Interaction.objects.filter(case__person=person, withdrawn_at__isnull=True)
        .filter(Q(direction="out") & (Q(at__lte=settled) | ~Q(automatic="")) | Q(direction="in", channel="phone"))
        .exclude(kind=Interaction.Kind.MACHINE)
        .select_related("case", "author")
        .order_by("-at", "-id")[:at_most]
    )
    rows = list(found)
    seen = dict(
        ThreadSeen.objects.filter(person=person, case__in=[row.case_id for row in rows]).values_list("case_id", "at")
    )
    return [{"it": row, "is_new": _is_new(row, seen.get(row.case_id))} for row in rows]


def _is_new(row: Interaction, seen: datetime | None) -> bool:
    return row.direction == "out" and not row.automatic and (seen is None or row.at > seen)


@dataclass(frozen=True, slots=True)
class StepShown:
    label: str
    state: str  # "done", "current", "next"
    note: str


def steps(dossier: Dossier) -> list[StepShown]:
    """The steps of a dossier with their dates: done, current, next ones foreseen."""
    found = []
    ahead = _foreseen(dossier)
    states = dossier.progress
    for number, step in enumerate(dossier.definition.steps, start=1):
        state = states[number - 1] if number <= len(states) else "next"
        if state == "done":
            passed = dossier.passed.get(step.code)
            note = say_day(date.fromisoformat(passed)) if passed else ""
        elif state == "current":
            note = _current(dossier)
        else:
            note = ahead.get(step.phase, "")
        found.append(StepShown(step.label, state, note))
    return found


def _current(dossier: Dossier) -> str:
    if dossier.phase == Phase.DOCUMENTS:
        pieces = [piece for piece in dossier.pieces.all() if piece.state != Piece.State.LATER]
        ready = [p for p in pieces if p.state in {*Piece.SETTLED, Piece.State.RECEIVED}]
        return f"{len(ready)} sur {len(pieces)} acceptées ou en vérification" if pieces else ""
    return ""


def _foreseen(dossier: Dossier) -> dict[str, str]:
    """What is known of the next phases: the day of the committee, of the first payment."""
    found: dict[str, str] = {}
    for deadline in dossier.deadlines.all():
        if deadline.done_at is not None:
            continue
        if deadline.kind == Deadline.Kind.COMMITTEE:
            found[Phase.COMMITTEE] = f"le {say_day(deadline.day)}"
        elif deadline.kind == Deadline.Kind.PAYMENT:
            found.setdefault(Phase.PAYMENT, f"vers le {say_day(deadline.day)}")
    return found


PIECE_STATES: dict[str, tuple[str, str]] = {
    Piece.State.MISSING: ("attente", "file-warning"),
    Piece.State.RECEIVED: ("info", "hourglass"),
    Piece.State.ACCEPTED: ("ok", "check"),
    Piece.State.REFUSED: ("erreur", "rotate-ccw"),
    Piece.State.EXPIRED: ("erreur", "clock"),
    Piece.State.LATER: ("", "file-clock"),
    Piece.State.WAIVED: ("ok", "check"),
}
