"""Which case does a mail belong to? Proofs first, hints last."""

from __future__ import annotations

from django.conf import settings

from guichet.cases.models import Case, Interaction
from guichet.channels.contract import Inbound
from guichet.channels.email.tokens import check_token
from guichet.core.reference import check
from guichet.core.rows import ask, pick


def existing_case(inbound: Inbound) -> Case | None:
    """By every message it answers, nearest first; by our signed token in an address, then in the body; by a number in
    the subject only when the sender already takes part (behaviours 1, 2). The survivor of a merge answers for it."""
    for find in (_by_references, _by_tokens, _by_subject):
        case = find(inbound)
        if case is not None:
            return case.survivor()
    return None


def _by_references(inbound: Inbound) -> Case | None:
    if not inbound.references:
        return None
    wanted = [reference[:255] for reference in inbound.references[:50]]
    # A message that was split stands in two cases: the first one answers for it, so the oldest is written last.
    by_id = (
        "SELECT message_id, case_id FROM cases_interaction WHERE message_id = ANY(%s) AND message_id <> '' "
        "ORDER BY id DESC"
    )
    found = dict(ask(by_id, [wanted]))
    nearest = next((found[reference] for reference in wanted if reference in found), None)
    return pick(Case, "WHERE id = %s", [nearest])[0] if nearest else None


def _by_tokens(inbound: Inbound) -> Case | None:
    for token in (*inbound.tokens, *inbound.body_tokens):
        reference = check_token(token, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        case = Case.objects.filter(reference=reference).select_related("merged_into").first() if reference else None
        if case is not None:
            return case
    return None


def _by_subject(inbound: Inbound) -> Case | None:
    for digits in inbound.subject_references[:5]:
        reference = check(digits)
        case = Case.objects.filter(reference=reference).select_related("merged_into").first() if reference else None
        if case is not None and takes_part(case, inbound.sender.value):
            return case
    return None


def takes_part(case: Case, address: str) -> bool:
    [(answer,)] = ask(
        "SELECT EXISTS (SELECT FROM cases_interaction WHERE case_id = %s AND sender_address = %s) "
        "OR EXISTS (SELECT FROM cases_participant WHERE case_id = %s AND email = %s AND removed_at IS NULL) "
        "OR EXISTS (SELECT FROM people_contactpoint WHERE person_id = %s AND kind = 'email' AND value = %s)",
        [case.pk, address, case.pk, address, case.person_id, address],
    )
    return bool(answer)


def known_interaction(channel: str, external_id: str) -> Interaction | None:
    """The exchange that this item already became, by another copy of it."""
    found = ask(
        "SELECT id FROM cases_interaction WHERE channel = %s AND external_id = %s", [channel, external_id[:255]]
    )
    return Interaction.objects.select_related("case").get(pk=found[0][0]) if found else None
