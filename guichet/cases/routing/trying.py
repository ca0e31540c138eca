"""A rule tried on past cases before it is saved: how many would go elsewhere, and which. Nothing is written."""

from __future__ import annotations

from dataclasses import dataclass, field

from guichet.accounts.models import User
from guichet.cases.models import Case, Interaction
from guichet.cases.models.routing import RoutingRule
from guichet.cases.routing.deciding import Decision, decide
from guichet.cases.routing.rules import CompiledRule, Message, first_match
from guichet.organisation.directory import directory
from guichet.organisation.models import Team, Topic

LAST = 500
SHOWN = 100


@dataclass(frozen=True, slots=True)
class Outcome:
    topic: Topic | None
    team: Team | None
    urgent: bool


@dataclass(frozen=True, slots=True)
class Change:
    case: Case
    before: Outcome
    after: Outcome


@dataclass(frozen=True, slots=True)
class Trial:
    tried: int  # past cases read
    matched: int  # of those, how many the rule would decide
    changed: int  # of those, how many would go elsewhere, or be said something else
    changes: list[Change] = field(default_factory=list)  # the newest, among what `user` may see


def try_rule(rule: RoutingRule, *, user: User) -> Trial:
    """`rule` as it would be saved, at its place among the others, against the last cases by their first message."""
    others = list(RoutingRule.objects.filter(is_active=True).select_related("topic", "team"))
    present = [CompiledRule(other) for other in others]
    wanted = [CompiledRule(other) for other in _with(others, rule)]
    cases = {case.pk: case for case in Case.objects.select_related("person").order_by("-id")[:LAST]}
    first = (
        Interaction.objects.filter(
            case_id__in=cases, direction=Interaction.Direction.IN, kind=Interaction.Kind.MESSAGE
        )
        .order_by("case_id", "at", "id").distinct("case_id")
    )  # fmt: skip
    tried, matched, found = 0, 0, list[Change]()
    for interaction in first:
        case = cases[interaction.case_id]
        message = _message(case, interaction)
        tried += 1
        old, new = first_match(message, present), first_match(message, wanted)
        ours = new is rule
        matched += ours
        if not ours and (old is None or old.pk != rule.pk):
            continue  # the rule plays no part
        change = Change(case, _outcome(message, present), _outcome(message, wanted))
        if _differs(change):
            found.append(change)
    visible = set(Case.objects.visible_to(user).filter(pk__in=[c.case.pk for c in found]).values_list("pk", flat=True))
    shown = sorted((c for c in found if c.case.pk in visible), key=lambda change: -change.case.pk)
    return Trial(tried, matched, len(found), shown[:SHOWN])


def _with(others: list[RoutingRule], rule: RoutingRule) -> list[RoutingRule]:
    """The active rules with this one at its place; a new one comes last."""
    if rule.pk is None:
        return [*others, rule] if rule.is_active else others
    rest = [other for other in others if other.pk != rule.pk]
    return sorted([*rest, rule] if rule.is_active else rest, key=lambda r: (r.position, r.pk))


def _message(case: Case, interaction: Interaction) -> Message:
    return Message(
        text=interaction.text, subject=interaction.subject, channel=case.channel, department=case.department,
        sender=interaction.sender_address, at=case.received_at,
    )  # fmt: skip


def _outcome(message: Message, rules: list[CompiledRule]) -> Outcome:
    decision: Decision = decide(message, rules)
    team = directory().team_for(decision.topic, message.department) or decision.team or directory().unrouted_team
    return Outcome(decision.topic, team, decision.urgent)


def _differs(change: Change) -> bool:
    def said(outcome: Outcome) -> tuple[object, ...]:
        topic, team = outcome.topic, outcome.team
        return (topic.pk if topic else None, team.pk if team else None, outcome.urgent)

    return said(change.before) != said(change.after)
