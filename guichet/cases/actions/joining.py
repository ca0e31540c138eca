"""Cases that are one, cases that are two, cases that belong together."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.actions.moving import locked, move, save
from guichet.cases.actions.opening import open_case
from guichet.cases.models import Case, CaseLink, CaseMerge, Clock, Interaction, Status
from guichet.cases.models.case import Result
from guichet.core.refused import Refused
from guichet.journal.actions import record
from guichet.people.actions import family_of


@transaction.atomic
def merge(survivor: Case, absorbed: Case, *, by: User) -> CaseMerge:
    """Put one case into another of the same person: its exchanges move, its number still leads to the survivor."""
    if survivor.pk == absorbed.pk:
        raise Refused("Choisissez une autre demande à réunir.")
    first, second = sorted([survivor, absorbed], key=lambda c: c.pk)  # always in the same order: no deadlock
    rows = {c.pk: c for c in (locked(first, by=by), locked(second, by=by))}
    survivor, absorbed = rows[survivor.pk], rows[absorbed.pk]
    if Status.MERGED in (survivor.status, absorbed.status) or survivor.survivor().pk == absorbed.pk:
        raise Refused("L'une de ces demandes est déjà réunie à une autre.")
    if survivor.person and absorbed.person and absorbed.person_id not in family_of(survivor.person):
        raise Refused("Ces demandes viennent de deux personnes différentes : liez-les plutôt.")
    moved = list(absorbed.interactions.values_list("pk", flat=True))
    done = CaseMerge.objects.create(
        survivor=survivor, absorbed=absorbed, interactions=moved, status_before=absorbed.status
    )
    Interaction.objects.filter(pk__in=moved).update(case=survivor)
    absorbed.merged_into, absorbed.result = survivor, Result.DUPLICATE
    move(absorbed, Status.MERGED)
    save(absorbed)
    survivor.last_inbound_at = max(filter(None, [survivor.last_inbound_at, absorbed.last_inbound_at]), default=None)
    save(survivor)
    record("case.merged", by=by, case_id=survivor.pk, absorbed=absorbed.spoken_reference)
    record("case.merged", by=by, case_id=absorbed.pk, absorbed=absorbed.spoken_reference, into=survivor.reference)
    return done


@transaction.atomic
def undo_merge(done: CaseMerge, *, by: User) -> Case:
    """Give the absorbed case its exchanges and its clocks back."""
    done = CaseMerge.objects.select_for_update().get(pk=done.pk)
    if done.undone_at:
        raise Refused("Cette réunion a déjà été annulée.")
    survivor, absorbed = locked(done.survivor, by=by), locked(done.absorbed, by=by)
    Interaction.objects.filter(pk__in=done.interactions, case=survivor).update(case=absorbed)
    before = Status(done.status_before)
    absorbed.merged_into, absorbed.result = None, ""
    over = before in {Status.CLOSED, Status.TRANSMITTED, Status.ABUSIVE}
    absorbed.status = before
    absorbed.closed_at = absorbed.closed_at if over else None
    if not over:
        Clock.objects.filter(case=absorbed, stopped_why=Status.MERGED.value).update(stopped_at=None, stopped_why="")
    save(absorbed)
    save(survivor)
    done.undone_at = timezone.now()
    done.save(update_fields=["undone_at"])
    record("case.unmerged", by=by, case_id=survivor.pk, absorbed=absorbed.spoken_reference)
    return absorbed


@transaction.atomic
def split(interaction: Interaction, *, by: User, subject: str) -> Case:
    """One message, two matters: a new case starts from this message, with its date of reception (domain rule 6)."""
    origin = locked(interaction.case, by=by)
    if interaction.direction != Interaction.Direction.IN:
        raise Refused("Seul un message reçu peut ouvrir une nouvelle demande.")
    case = Case(
        subject=subject.strip()[:300] or origin.subject,
        channel=interaction.channel,
        person=origin.person,
        team=origin.team,
        department=origin.department,
        preferred_channel=origin.preferred_channel,
        electronic_reply_refused=origin.electronic_reply_refused,
        received_at=interaction.at,
        last_inbound_at=interaction.at,
    )
    open_case(case, by=by)
    # The receipt already sent for this message is worth for both matters.
    Clock.objects.filter(
        case=case, kind__in=[Clock.Kind.REGISTRATION, Clock.Kind.RECEIPT], stopped_at__isnull=True
    ).update(stopped_at=timezone.now(), stopped_why="accusé du message d'origine")
    copy = Interaction.objects.create(
        case=case,
        channel=interaction.channel,
        direction=interaction.direction,
        at=interaction.at,
        person=interaction.person,
        sender_address=interaction.sender_address,
        sender_name=interaction.sender_name,
        recipients=interaction.recipients,
        subject=interaction.subject,
        text=interaction.text,
        quoted=interaction.quoted,
        html=interaction.html,
        authenticated=interaction.authenticated,
    )
    for attachment in interaction.attachments.all():
        attachment.pk = None
        attachment.interaction = copy
        attachment.save()
    CaseLink.objects.create(first=origin, second=case, kind=CaseLink.Kind.SPLIT)
    save(case)
    record("case.split", by=by, case_id=origin.pk, new=case.spoken_reference)
    return case


@transaction.atomic
def link(one: Case, other: Case, *, by: User) -> CaseLink:
    if one.pk == other.pk:
        raise Refused("Choisissez une autre demande à lier.")
    locked(one, by=by)
    locked(other, by=by)
    first, second = sorted([one, other], key=lambda c: c.pk)
    made, created = CaseLink.objects.get_or_create(first=first, second=second)
    if created:
        record("case.linked", by=by, case_id=one.pk, other=other.spoken_reference)
        record("case.linked", by=by, case_id=other.pk, other=one.spoken_reference)
    return made
