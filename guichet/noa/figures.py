"""What came of the conversations, by day and topic, against the goal of the Region: 80 % settled without a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Count, F, Q
from django.db.models.functions import TruncDate

from guichet.noa.models import Chat, Outcome
from guichet.organisation.directory import directory

GOAL = 80  # per cent (the Region's deck); an ambition: what is settled is counted, not what is answered


@dataclass(slots=True)
class Line:
    label: str
    total: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def settled(self) -> int:
        return self.counts.get(Outcome.SETTLED, 0)

    @property
    def share(self) -> int | None:
        """Per cent settled."""
        return round(100 * self.settled / self.total) if self.total else None

    @property
    def cells(self) -> list[int]:
        return [self.counts.get(outcome, 0) for outcome in Outcome.values]


@dataclass(slots=True)
class Figures:
    whole: Line
    days: list[Line]
    topics: list[Line]
    running: int  # not over, or too early to say
    labels: list[str]
    goal: int = GOAL


def figures(since: datetime) -> Figures:
    """Conversations begun since then in which something was asked."""
    rows = Chat.objects.filter(started_at__gte=since)
    judged = rows.exclude(outcome="")
    days: dict[date, Line] = {}
    for row in judged.values(day=TruncDate("started_at"), what=F("outcome")).annotate(n=Count("pk")).order_by("-day"):
        line = days.setdefault(row["day"], Line(f"{row['day']:%d/%m/%Y}"))
        line.total += row["n"]
        line.counts[row["what"]] = row["n"]
    topics: dict[str, Line] = {}
    known = directory().topics_by_code
    for each in judged.values("topic", what=F("outcome")).annotate(n=Count("pk")):
        topic = known.get(each["topic"])
        line = topics.setdefault(each["topic"], Line(topic.label if topic else "Sujet inconnu"))
        line.total += each["n"]
        line.counts[each["what"]] = line.counts.get(each["what"], 0) + each["n"]
    whole = Line("Ensemble")
    for line in days.values():
        whole.total += line.total
        for what, n in line.counts.items():
            whole.counts[what] = whole.counts.get(what, 0) + n
    ordered = sorted(topics.values(), key=lambda line: -line.total)
    running = rows.filter(Q(outcome="")).count()
    return Figures(whole, list(days.values()), ordered, running, [str(label) for label in Outcome.labels])
