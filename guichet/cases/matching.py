"""Which case does a mail belong to? Proofs first, hints last."""

from __future__ import annotations

from django.conf import settings

from guichet.cases.models import Case, Interaction
from guichet.channels.contract import Inbound
from guichet.channels.email.tokens import check_token
from guichet.core.reference import check


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
    known = Interaction.objects.filter(message_id__in=wanted).select_related("case__merged_into").order_by("-id")
    found = {interaction.message_id: interaction for interaction in known}
    return next((found[reference].case for reference in wanted if reference in found), None)


def _by_tokens(inbound: Inbound) -> Case | None:
    for token in (*inbound.tokens, *inbound.body_tokens):
        reference = check_token(token, settings.SECRET_KEY)
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
    return (
        case.interactions.filter(sender_address=address).exists()
        or case.participants.filter(email=address, removed_at__isnull=True).exists()
        or (case.person is not None and case.person.contact_points.filter(kind="email", value=address).exists())
    )
