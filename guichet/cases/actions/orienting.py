"""What the routing does to a new case: topic, team, urgency; kept as a decision that can be explained and corrected."""

from __future__ import annotations

from collections.abc import Iterable

from guichet.cases.models import Case, Interaction, RoutingDecision, Task
from guichet.cases.routing import Decision, Message, decide
from guichet.core.instances import fresh
from guichet.journal.actions import Fact
from guichet.understanding.danger import CARDS, Danger, Sign, signs_of_danger


def orient(case: Case, message: Interaction) -> tuple[RoutingDecision, list[Task]]:
    """Set what is known of `case` from its first message; returns what to write after it, in the same transaction.

    A topic the citizen chose, and a team he wrote to, win over what was learnt; a rule wins over the team written to.
    """
    decision = decide(
        Message(
            text=message.text, subject=message.subject, channel=case.channel, department=case.department,
            sender=message.sender_address, at=case.received_at,
        )
    )  # fmt: skip
    chosen = case.topic_id is not None
    written_to = case.team_id is not None
    if not chosen and decision.topic is not None:
        case.topic, case.topic_guessed = decision.topic, decision.source == RoutingDecision.Source.MODEL
    if not chosen and decision.team is not None:
        case.team = decision.team
    case.urgent = case.urgent or decision.urgent
    kept = fresh(
        RoutingDecision,
        case=case,
        source=_source(decision, chosen=chosen, written_to=written_to),
        rule=decision.rule,
        model_id=decision.model,
        topic=decision.topic,
        proposals=[[p.topic, round(p.probability, 3), list(p.words)] for p in decision.proposals],
        also=decision.also,
        dangers=[[sign.danger.value, sign.words] for sign in decision.dangers],
    )
    return kept, _tasks(case, decision)


def _source(decision: Decision, *, chosen: bool, written_to: bool) -> RoutingDecision.Source:
    if chosen:
        return RoutingDecision.Source.CITIZEN
    if decision.source == RoutingDecision.Source.NONE and written_to:
        return RoutingDecision.Source.ADDRESS
    return decision.source


def _tasks(case: Case, decision: Decision) -> list[Task]:
    return [_danger_task(case, decision.dangers)] if decision.dangers else []


def _danger_task(case: Case, signs: list[Sign]) -> Task:
    """A human at once: one task that names the danger and the numbers to give."""
    cards = [CARDS[sign.danger] for sign in signs]
    numbers = " · ".join(dict.fromkeys(f"{number} {who}" for card in cards for number, who in card.numbers))
    label = f"À lire tout de suite : {_said(sign.danger for sign in signs)} ({numbers})"
    return Task(case=case, kind=Task.Kind.DANGER, label=label[:200], about="danger")


def _said(dangers: Iterable[Danger]) -> str:
    return ", ".join(CARDS[danger].label.lower() for danger in dangers)


def urgent_fact(case: Case, dangers: Iterable[Danger]) -> Fact:
    """What the watchers tell the team of, at once; no danger when a rule says that it is urgent."""
    return Fact("case.urgent", case.pk, data={"what": _said(dangers) or "urgence"})


def read_again(case: Case, text: str) -> tuple[list[Fact], list[Task]]:
    """Signs of danger in what a person adds to a case: it becomes urgent; what to write, in the same transaction."""
    signs = signs_of_danger(text)
    if not signs:
        return [], []
    case.urgent = True
    facts = [urgent_fact(case, (sign.danger for sign in signs))]
    if Task.objects.filter(case=case, kind=Task.Kind.DANGER, done_at=None).exists():
        return facts, []
    return facts, [_danger_task(case, signs)]
