"""How well the routing does, from what agents said of it: right, corrected, left to them, confused with what."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from django.db.models import Count

from guichet.cases.models.routing import RoutingDecision
from guichet.organisation.directory import directory
from guichet.organisation.models import Topic

LAST = 10_000
CONFUSIONS = 20
Source = RoutingDecision.Source


@dataclass(slots=True)
class Line:
    """One topic. `left`: sent to « À orienter », then given this topic by an agent."""

    topic: Topic
    right: int = 0
    corrected: int = 0
    waiting: int = 0
    left: int = 0

    @property
    def share(self) -> int | None:
        """Percent of right among those a person looked at."""
        looked = self.right + self.corrected
        return round(100 * self.right / looked) if looked else None


@dataclass(frozen=True, slots=True)
class Measure:
    decisions: int = 0
    lines: list[Line] = field(default_factory=list)
    confusions: list[tuple[Topic, Topic, int]] = field(default_factory=list)  # proposed, said by the agent, how often


def measured() -> Measure:
    """Over the last decisions of rules and of what was learnt; a more precise topic of the same domain is right."""
    last = RoutingDecision.objects.order_by("-at").values("pk")[:LAST]
    rows = (
        RoutingDecision.objects.filter(pk__in=last, source__in=[Source.RULE, Source.MODEL, Source.NONE])
        .values("source", "topic_id", "corrected_to_id", "case__topic_id", "case__topic_guessed")
        .annotate(n=Count("pk")).order_by()
    )  # fmt: skip
    known = directory().topics
    lines: dict[int, Line] = {}
    confused: Counter[tuple[int, int]] = Counter()
    total = 0
    for row in rows:
        n, said = row["n"], row["corrected_to_id"] or (None if row["case__topic_guessed"] else row["case__topic_id"])
        total += n
        if row["source"] == Source.NONE:
            if said in known:
                lines.setdefault(said, Line(known[said])).left += n
            continue
        topic = known.get(row["topic_id"])
        if topic is None:
            continue
        line = lines.setdefault(topic.pk, Line(topic))
        if row["corrected_to_id"] in known and not _within(known[row["corrected_to_id"]], topic):
            line.corrected += n
            confused[topic.pk, row["corrected_to_id"]] += n
        elif said is None:
            line.waiting += n
        else:
            line.right += n
    ordered = sorted(lines.values(), key=lambda line: -(line.right + line.corrected + line.left + line.waiting))
    pairs = [(known[a], known[b], n) for (a, b), n in confused.most_common(CONFUSIONS)]
    return Measure(total, ordered, pairs)


def _within(topic: Topic, domain: Topic) -> bool:
    return any(step.pk == domain.pk for step in directory().topic_lineage(topic))
