"""The single form: another door of the same counter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction

from guichet.accounts.machines import PORTAL, machine
from guichet.accounts.models import User
from guichet.cases.actions.opening import open_said
from guichet.cases.models import Case, CaseLink, Interaction
from guichet.core.text import excerpt, one_line
from guichet.journal.actions import record
from guichet.organisation.models import Channel
from guichet.people import actions as people
from guichet.people.identity import Claim


@dataclass(frozen=True, slots=True)
class InboundForm:
    """What a citizen sent with the single form, already validated. `key` makes a double click one case."""

    key: str
    claim: Claim
    subject: str
    text: str
    topic_id: int | None = None
    department: str = ""
    about_reference: str = ""  # a case of his this is about, said but not proved
    files: Sequence[tuple[str, bytes]] = field(default=())


@transaction.atomic
def receive_form(form: InboundForm) -> Case:
    """One case from the single form: same life as a mail. Returns the case already made for the same key."""
    by = machine(PORTAL)
    known = Interaction.objects.filter(channel=Channel.FORM, external_id=form.key).select_related("case").first()
    if known is not None:
        return known.case
    person = people.welcome(form.claim, by=by, source="form")
    case = Case(
        subject=one_line(form.subject)[:300] or excerpt(form.text, 80),
        channel=Channel.FORM,
        person=person,
        topic_id=form.topic_id,
        department=form.department or person.department,
        preferred_channel=form.claim.preferred_channel,
        electronic_reply_refused=form.claim.electronic_reply_refused,
    )
    open_said(
        case,
        text=form.text,
        key=form.key,
        address=form.claim.email,
        name=person.contact_name or person.full_name,
        items=[(name, content, "", False) for name, content in form.files],
        by=by,
    )
    if form.about_reference:
        _link_if_same_person(case, form.about_reference, by=by)
    return case


def _link_if_same_person(case: Case, reference: str, *, by: User) -> None:
    """A number that was typed links two cases only when both came from the same address."""
    other = Case.objects.filter(reference=reference, person=case.person).exclude(pk=case.pk).first()
    if other is not None:
        CaseLink.objects.get_or_create(first=other, second=case)
        record("case.linked", by=by, case_id=case.pk, other=other.reference)
