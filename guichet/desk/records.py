"""What the page of a person shows, among what the agent may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.models import Case, Interaction
from guichet.cases.policy import people_visible_to
from guichet.core.kept import Kept
from guichet.desk import queues
from guichet.desk.forms.people import LANGUAGES, PURPOSES
from guichet.journal.models import Event
from guichet.people.actions import family_of
from guichet.people.models import Consent, Duplicate, Mandate, Merge, Person

EXCHANGES, ACCESSES, CASES = 30, 40, 50
SAID_LANGUAGES, SAID_PURPOSES = dict(LANGUAGES), dict(PURPOSES)


@dataclass(frozen=True, slots=True)
class Pair:
    """A duplicate to decide, seen from one of its two records."""

    other: Person
    reason: str
    score: int


def pairs_to_decide(user: User) -> QuerySet[Duplicate]:
    """Proposed pairs of which this user may see both records, the most alike first."""
    seen = people_visible_to(user).values("pk")
    return (
        Duplicate.objects.filter(state=Duplicate.State.PROPOSED, first__in=seen, second__in=seen)
        .select_related("first", "second")
        .order_by("-score", "id")
    )


def pairs_of(person: Person, user: User) -> list[Pair]:
    found = pairs_to_decide(user).filter(Q(first=person) | Q(second=person))[:20]
    return [Pair(d.second if d.first_id == person.pk else d.first, d.reason, d.score) for d in found]


PROPOSED = Kept(
    lambda person: Duplicate.objects.filter(Q(first_id=person) | Q(second_id=person), state=Duplicate.State.PROPOSED)[
        :1
    ]
)


def duplicates_count(person: Person, user: User) -> int:
    """How many `pairs_of` would show; most persons have none, which is known without asking for rights."""
    return len(pairs_of(person, user)) if PROPOSED(person.pk) else 0


def exchanges_of(cases: QuerySet[Case], before: str) -> tuple[list[tuple[str, Interaction]], str]:
    """One keyset page of what was exchanged, all channels, the latest first; and the mark of the next page."""
    found = Interaction.objects.filter(case__in=cases).exclude(direction=Interaction.Direction.NOTE)
    if mark := queues.read_mark(before):
        moment, pk = mark
        found = found.filter(Q(at__lt=moment) | Q(at=moment, id__lt=pk))
    page = list(found.select_related("case", "author").order_by("-at", "-id")[: EXCHANGES + 1])
    following = ""
    if len(page) > EXCHANGES:
        last = page[EXCHANGES - 1]
        following = f"{(last.at - queues.EPOCH) // timedelta(microseconds=1)}-{last.pk}"
    return [(queues.CHANNEL_ICONS.get(i.channel, "inbox"), i) for i in page[:EXCHANGES]], following


def accesses_of(family: list[int], cases: QuerySet[Case]) -> list[Event]:
    """Who looked at the record or changed it; what happened on a case only if that case may be seen."""
    events = Event.objects.filter(person_id__in=family)
    allowed = Q(case_id__isnull=True) | Q(case_id__in=cases.values("pk"))
    return list(events.filter(allowed).select_related("actor").order_by("-at")[:ACCESSES])


def mandates_of(person: Person, user: User) -> list[tuple[Mandate, str]]:
    """Mandates with what each makes of the other person, and whether they run today."""
    found = Mandate.objects.filter(Q(principal=person) | Q(holder=person)).select_related("principal", "holder")
    today = timezone.localdate()
    lines = []
    for mandate in found.order_by("-first_day", "-pk"):
        if mandate.ended_at is not None:
            state = "retiré"
        elif mandate.first_day > today:
            state = "à venir"
        else:
            state = "terminé" if mandate.last_day is not None and mandate.last_day < today else "en cours"
        lines.append((mandate, state))
    return lines


def consents_of(person: Person) -> list[tuple[Consent, str]]:
    """Those that run first, each with its purpose as it is said."""
    found = person.consents.order_by(F("withdrawn_at").desc(nulls_first=True), "-given_at")
    return [(given, SAID_PURPOSES.get(given.purpose, given.purpose)) for given in found]


def record_context(person: Person, user: User, before: str) -> dict[str, Any]:
    family = family_of(person)
    cases = Case.objects.visible_to(user).of_people(family)
    exchanges, following = exchanges_of(cases, before)
    listed = list(cases.select_related("team", "assignee").order_by("closed_at", "-received_at")[: CASES + 1])
    running = [case for case in listed if not case.is_over]
    over = sorted((c for c in listed if c.is_over), key=lambda c: c.received_at, reverse=True)
    return {
        "person": person,
        "points": list(person.contact_points.order_by("kind", "pk")),
        "running": queues.rows_of(sorted(running, key=lambda case: (case.due_at, case.pk))),
        "over": over,
        "more_cases": len(listed) > CASES,
        "exchanges": exchanges,
        "following": following,
        "is_first_page": not before,
        "consents": consents_of(person),
        "language": SAID_LANGUAGES.get(person.language, person.language),
        "mandates": mandates_of(person, user),
        "pairs": pairs_of(person, user),
        "merges": Merge.objects.filter(survivor=person, undone_at__isnull=True).select_related("absorbed"),
        "accesses": accesses_of(family, cases),
    }
