"""One message in, one decision out; nothing is written here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from guichet.cases.models.routing import RoutingDecision, RoutingRule
from guichet.cases.routing.learnt import Learnt, current
from guichet.cases.routing.rules import CompiledRule, Message, first_match
from guichet.organisation.directory import directory
from guichet.organisation.models import Team, Topic
from guichet.understanding.classifier import Opinion, Proposal
from guichet.understanding.danger import Danger, Sign, signs_of_danger
from guichet.understanding.words import as_written

SHOWN = 8  # enough for three domains; an agent sees the first three
# Another topic in the same message: said in a sentence of its own, as surely as one that would decide alone.
MAX_ALSO = 3
URGENT = "urgence"  # the domain of persons in danger
URGENT_FROM = 0.6  # less sure, it is a figure of speech


@dataclass(frozen=True, slots=True)
class Decision:
    """What the routing would do with a message.

    `proposals` are there whoever decided; `topic` is None when nothing was sure enough: « À orienter ».
    """

    source: RoutingDecision.Source
    topic: Topic | None = None
    team: Team | None = None
    rule: RoutingRule | None = None
    model: int | None = None
    proposals: list[Proposal] = field(default_factory=list)
    also: list[str] = field(default_factory=list)
    dangers: list[Sign] = field(default_factory=list)
    urgent: bool = False


def decide(message: Message, candidates: list[CompiledRule] | None = None) -> Decision:
    """Rules (the active ones unless given), then what was learnt. Signs of danger are read whatever decides."""
    learnt = current()
    text = message.whole
    rule = first_match(message, candidates)
    opinion = learnt.classifier.propose(text, at_most=SHOWN) if learnt else None
    dangers = signs_of_danger(text) or _heard(opinion, text)
    decision = Decision(
        RoutingDecision.Source.NONE,
        rule=rule,
        model=learnt.version if learnt else None,
        proposals=[p for p in opinion.proposals if p.topic in directory().topics_by_code] if opinion else [],
        also=_also(opinion, learnt.threshold) if learnt and opinion else [],
        dangers=dangers,
        urgent=bool(dangers) or (rule is not None and rule.urgent),
    )
    if rule is not None and (rule.topic or rule.team):
        return replace(decision, source=RoutingDecision.Source.RULE, topic=rule.topic, team=rule.team)
    topic = _sure_topic(opinion, learnt) if learnt and opinion else None
    return replace(decision, source=RoutingDecision.Source.MODEL, topic=topic) if topic else decision


def _heard(opinion: Opinion | None, text: str) -> list[Sign]:
    """A danger that no expression names and that the examples recognise."""
    if opinion is None or opinion.domain != URGENT or opinion.domain_probability < URGENT_FROM:
        return []
    return [Sign(Danger.PERSON, " ".join(as_written(list(opinion.proposals[0].words), text)))]


def _sure_topic(opinion: Opinion, learnt: Learnt) -> Topic | None:
    """The first topic when it is sure; else its domain when that is: the team is right, the topic remains to say."""
    known = directory().topics_by_code
    if opinion.proposals[0].probability >= learnt.threshold:
        return known.get(opinion.proposals[0].topic)
    return known.get(opinion.domain) if opinion.domain_probability >= learnt.domain_threshold else None


def _also(opinion: Opinion, threshold: float) -> list[str]:
    """Codes of other topics, each sure of itself in one sentence and of another domain than the first."""
    domains, found = {opinion.domain}, list[str]()
    for best in opinion.by_sentence:
        if best.probability >= threshold and best.domain not in domains and best.topic in directory().topics_by_code:
            domains.add(best.domain)
            found.append(best.topic)
    return found[:MAX_ALSO]
