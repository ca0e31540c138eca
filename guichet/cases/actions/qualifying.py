"""Saying what a case is about: it goes to the right team and teaches the routing; taken back while nothing followed."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from guichet.accounts.models import User
from guichet.cases import clocks
from guichet.cases.actions.handling import change_topic
from guichet.cases.actions.moving import locked, save
from guichet.cases.actions.routing import first_message
from guichet.cases.models import Case, RoutingDecision, TopicExample
from guichet.cases.policy import require_handle
from guichet.core.refused import Refused
from guichet.journal.actions import record
from guichet.organisation.directory import directory
from guichet.organisation.models import Topic

KEPT = (
    "topic_id",
    "topic_guessed",
    "team_id",
    "assignee_id",
    "status",
    "nature",
    "sensitivity",
    "department",
    "unread",
)


@transaction.atomic
def qualify(
    case: Case, topic: Topic, *, by: User, department: str | None = None, version: int | None = None
) -> RoutingDecision:
    """Topic said, case sent to the team of topic × department, decision marked right or corrected.

    Returns the decision, from which it can be taken back.
    """
    case = locked(case, by=by, version=version)
    if case.is_over:
        raise Refused("Cette demande est terminée. Rouvrez-la avant d'en changer le sujet.")
    decision = RoutingDecision.objects.filter(case=case).order_by("-id").first()
    if decision is None:
        decision = RoutingDecision.objects.create(case=case, source=RoutingDecision.Source.AGENT)
    before: dict[str, Any] = {name: getattr(case, name) for name in KEPT}
    before["example"] = _taught(case)
    before["corrected"] = decision.corrected_to_id
    case = change_topic(case, topic, by=by, department=department, to_its_team=True)
    decision.refresh_from_db()
    decision.before = {**before, "by": by.pk, "version": case.version}
    decision.save(update_fields=["before"])
    return decision


def _taught(case: Case) -> int | None:
    """The topic that the first message of the case already teaches."""
    first = first_message(case)
    example = TopicExample.objects.filter(interaction=first).first() if first is not None else None
    return example.topic_id if example else None


@transaction.atomic
def take_back_topic(decision: RoutingDecision, *, by: User) -> Case:
    """The case is again as it was before `qualify`, and what it taught is forgotten. A receipt that left stays true.

    By its author, who may not see the case any more, or by who handles it; refused once something followed.
    """
    decision = RoutingDecision.objects.select_for_update().select_related("case").get(pk=decision.pk)
    before = decision.before
    if before is None:
        raise Refused("Ce choix a déjà été annulé.")
    if before["by"] != by.pk:
        require_handle(by, decision.case)
    case = Case.objects.select_for_update(of=("self",)).get(pk=decision.case_id)
    if case.version != before["version"]:
        raise Refused("La demande a changé depuis : ouvrez-la et changez son sujet.")
    for name in KEPT:
        setattr(case, name, before[name])
    case.topic, case.team = directory().topic(case.topic_id), directory().team(case.team_id)
    clocks.on_topic_change(case)
    save(case)
    _unteach(case, before["example"])
    decision.corrected_to_id, decision.before = before["corrected"], None
    if decision.corrected_to_id is None:
        decision.corrected_at = None
    decision.save(update_fields=["corrected_to", "corrected_at", "before"])
    record("case.topic_taken_back", by=by, case_id=case.pk)
    return case


def _unteach(case: Case, topic_id: int | None) -> None:
    first = first_message(case)
    if first is None:
        return
    if topic_id is None:
        TopicExample.objects.filter(interaction=first).delete()
    else:
        TopicExample.objects.filter(interaction=first).update(topic_id=topic_id)
