"""What stands in the way of an act on many cases, told before it is confirmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from guichet.accounts.models import User
from guichet.accounts.policy import teams_of
from guichet.cases.actions.writing import EMPTY_VARIABLE
from guichet.cases.models import Batch, BatchItem, Case, Draft, Interaction, Proposal, Status
from guichet.cases.policy import needs_approval
from guichet.cases.sending import refuses_electronic
from guichet.people.models import ContactPoint

HIDDEN = "Vous ne pouvez plus voir cette demande."
CHANGED = "Elle a changé depuis que vous l'avez choisie."
MERGED = "Elle est réunie à une autre demande."
OVER = "Elle est terminée."
NO_ADDRESS = "Cette personne n'a pas d'adresse e-mail utilisable."


def obstacles(
    items: Sequence[BatchItem], verb: str, params: dict[str, Any], by: User, texts: Mapping[int, str]
) -> dict[int, str]:
    """Why a case will be left aside, by its number; the others are not in it. A few queries, whatever the number."""
    visible = Case.objects.visible_to(by).select_related("person", "team")
    cases = visible.in_bulk([item.case_id for item in items])
    silent = _unanswerable(list(cases.values()), by) if verb == Batch.Verb.REPLY else {}
    allowed = _may_be_given(params["to"], list(cases.values())) if verb == Batch.Verb.ASSIGN else set()
    found = {}
    for item in items:
        case = cases.get(item.case_id)
        if case is None:
            found[item.case_id] = HIDDEN
        elif (why := _common(case, item, verb)) or (why := _own(case, verb, params, silent, allowed, texts)):
            found[case.pk] = why
    return found


def _common(case: Case, item: BatchItem, verb: str) -> str:
    if case.status == Status.MERGED:
        return MERGED
    if verb == Batch.Verb.LINK:
        return ""
    if case.is_over:
        return OVER
    return CHANGED if case.version != item.version else ""


def _own(
    case: Case, verb: str, params: dict[str, Any], silent: dict[int, str], allowed: set[int], texts: Mapping[int, str]
) -> str:
    if verb == Batch.Verb.REPLY:
        if case.pk in silent:
            return silent[case.pk]
        if empty := EMPTY_VARIABLE.search(texts.get(case.pk, "")):
            return f"Il manque de quoi remplir {empty.group()}."
    if verb == Batch.Verb.TRANSFER and case.team_id == params["team"]:
        return "Elle est déjà dans cette équipe."
    if verb == Batch.Verb.ASSIGN:
        if case.assignee_id == params["to"]:
            return "Elle lui est déjà attribuée."
        if case.pk not in allowed:
            return "Cet agent ne travaille pas sur cette file."
    if verb == Batch.Verb.LINK and case.pk == params["other"]:
        return "C'est la demande à laquelle les autres seront liées."
    return ""


def _unanswerable(cases: Sequence[Case], by: User) -> dict[int, str]:
    """Those an answer would be refused for, and why: see `actions.writing`."""
    mailed, numbers = reached(cases), [case.pk for case in cases]
    begun = Draft.objects.filter(case__in=numbers, user=by, kind="email").exclude(text="")
    drafts = set(begun.values_list("case_id", flat=True))
    waiting = Proposal.objects.filter(case__in=numbers, state=Proposal.State.WAITING)
    proposed = set(waiting.values_list("case_id", flat=True))
    found = {}
    for case in cases:
        if case.pk not in mailed:
            found[case.pk] = NO_ADDRESS
        elif refuses_electronic(case):
            found[case.pk] = "Cette personne refuse les réponses électroniques : répondez-lui par courrier."
        elif case.pk in proposed:
            found[case.pk] = "Une réponse y attend déjà un visa."
        elif needs_approval(by, case):
            found[case.pk] = "Sa réponse doit être visée : écrivez-la depuis la demande."
        elif case.pk in drafts:
            found[case.pk] = "Vous y avez commencé une réponse : terminez-la d'abord."
    return found


def reached(cases: Sequence[Case]) -> set[int]:
    """Those an answer would find an address for: see `actions.writing.answer_to`."""
    people = {case.person_id for case in cases if case.person_id}
    points = ContactPoint.objects.filter(person__in=people, kind="email", bad_since__isnull=True)
    good = set(points.values_list("person_id", flat=True))
    unknown = [case.pk for case in cases if case.person_id is None]
    wrote = Interaction.objects.filter(
        case__in=unknown, direction=Interaction.Direction.IN, third_person=False
    ).exclude(sender_address="")
    written = set(wrote.values_list("case_id", flat=True)) if unknown else set()
    return {case.pk for case in cases if case.person_id in good or case.pk in written}


def _may_be_given(pk: int, cases: Sequence[Case]) -> set[int]:
    to = User.objects.filter(pk=pk).first()
    if to is None:
        return set()
    teams = set(teams_of(to).values_list("pk", flat=True))
    return {
        case.pk for case in cases if case.sensitivity <= to.clearance and (to.is_administrator or case.team_id in teams)
    }
