"""Cases that are two, and cases that belong together without being one."""

from __future__ import annotations

from django.db import transaction

from guichet.accounts.machines import GUICHET, machine
from guichet.accounts.models import User
from guichet.cases.actions.acknowledging import acknowledge
from guichet.cases.actions.moving import locked
from guichet.cases.actions.opening import open_case
from guichet.cases.clocks import ELECTRONIC
from guichet.cases.models import Attachment, Case, CaseLink, Interaction
from guichet.core.refused import NotAllowed, Refused
from guichet.core.text import one_line
from guichet.journal.actions import record
from guichet.organisation.models import Topic
from guichet.people import actions as people
from guichet.people.identity import Claim
from guichet.people.models import Person


@transaction.atomic
def split(interaction: Interaction, *, by: User, subject: str, topic: Topic | None = None) -> Case:
    """One message, two matters: a new case starts from this message, with its date of reception (domain rule 6).

    With a `topic`, it goes to the team of that topic.
    It gets its own receipt: the citizen learns its number, its service and its delays (CRPA L112-11). The message
    stays in the first case too. Raises `Refused` for a message that was not received.
    """
    origin = locked(interaction.case, by=by)
    interaction = Interaction.objects.select_related("person").get(pk=interaction.pk)
    if interaction.case_id != origin.pk or interaction.direction != Interaction.Direction.IN:
        raise Refused("Seul un message reçu peut ouvrir une nouvelle demande.")
    if topic is not None and topic.sensitivity > by.clearance:
        raise NotAllowed("Ce sujet est réservé : séparez sans le préciser.")
    person = _author(interaction, origin, by=by)
    case = Case(
        topic=topic,
        subject=one_line(subject)[:300] or origin.subject,
        channel=interaction.channel,
        person=person,
        team=origin.team,
        department=origin.department,
        sensitivity=origin.sensitivity,  # the words are the same: no more people may read them
        preferred_channel=origin.preferred_channel,
        electronic_reply_refused=origin.electronic_reply_refused,
        received_at=interaction.at,
        last_inbound_at=interaction.at,
    )
    history = not origin.clocks.exists()  # imported: no clock ever ran, none starts now
    open_case(case, by=by, quiet=history)
    copy = _copied(interaction, case, person)
    CaseLink.objects.create(first=origin, second=case, kind=CaseLink.Kind.SPLIT)
    record("case.split", by=by, case_id=origin.pk, new=case.spoken_reference)
    if not history and case.channel in ELECTRONIC and copy.kind == Interaction.Kind.MESSAGE:
        acknowledge(case, copy, by=machine(GUICHET))
    return case


def _author(interaction: Interaction, origin: Case, *, by: User) -> Person | None:
    """A third person's message opens a case of his own: he is answered, and sees nothing of the first one."""
    if not interaction.third_person:
        return origin.person
    claim = Claim(email=interaction.sender_address, displayed_name=interaction.sender_name)
    return people.welcome(claim, by=by, source="email")


def _copied(interaction: Interaction, case: Case, person: Person | None) -> Interaction:
    copy = Interaction.objects.create(
        case=case,
        channel=interaction.channel,
        direction=interaction.direction,
        kind=interaction.kind,
        at=interaction.at,
        message_id=interaction.message_id,  # answers of the new case stay in the citizen's thread
        person=person,
        sender_address=interaction.sender_address,
        sender_name=interaction.sender_name,
        recipients=interaction.recipients,
        subject=interaction.subject,
        text=interaction.text,
        quoted=interaction.quoted,
        html=interaction.html,
        sent_at=interaction.sent_at,
        automatic=interaction.automatic,
        authenticated=interaction.authenticated,
        defects=interaction.defects,
    )
    Attachment.objects.bulk_create(
        [
            Attachment(
                interaction=copy, file_id=a.file_id, name=a.name, content_id=a.content_id, inline=a.inline,
                position=a.position,
            )
            for a in interaction.attachments.all()
        ]
    )  # fmt: skip
    return copy


@transaction.atomic
def link(one: Case, other: Case, *, by: User) -> CaseLink:
    """Two cases that belong together. Said once, whatever the order."""
    if one.pk == other.pk:
        raise Refused("Choisissez une autre demande à lier.")
    first, second = (locked(case, by=by) for case in sorted([one, other], key=lambda case: case.pk))
    made, created = CaseLink.objects.get_or_create(first=first, second=second)
    if created:
        record("case.linked", by=by, case_id=first.pk, other=second.spoken_reference)
        record("case.linked", by=by, case_id=second.pk, other=first.spoken_reference)
    return made


@transaction.atomic
def unlink(one: Case, other: Case, *, by: User) -> None:
    """Take back a link an agent made; what was split or follows stays linked, it is a fact."""
    first, second = (locked(case, by=by) for case in sorted([one, other], key=lambda case: case.pk))
    gone, _ = CaseLink.objects.filter(first=first, second=second, kind=CaseLink.Kind.RELATED).delete()
    if not gone:
        raise Refused("Ces demandes ne sont pas liées, ou leur lien vient d'un message commun.")
    record("case.unlinked", by=by, case_id=first.pk, other=second.spoken_reference)
    record("case.unlinked", by=by, case_id=second.pk, other=first.spoken_reference)
