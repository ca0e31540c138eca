"""A mail that belongs to a case we know: an answer, a machine's answer, a report of non-delivery."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from guichet.accounts.machines import GUICHET, machine
from guichet.accounts.models import User
from guichet.cases import clocks
from guichet.cases.actions.moving import move
from guichet.cases.actions.opening import files_of, interaction_of, open_from, write_inbound
from guichet.cases.actions.orienting import read_again
from guichet.cases.matching import takes_part
from guichet.cases.models import Case, CaseLink, InboundItem, Interaction, Participant, Status, Task
from guichet.cases.models.case import OVER
from guichet.channels.contract import Inbound
from guichet.core.refused import Refused
from guichet.core.rows import Statement, ask, pick, tell, updated, write
from guichet.core.text import one_line
from guichet.journal.actions import Fact, events_of, record
from guichet.organisation.models import Channel
from guichet.outbox import actions as outbox
from guichet.outbox.models import Delivery
from guichet.people.actions import mark_bad

if TYPE_CHECKING:
    from datetime import datetime


def on_reply(
    case: Case, inbound: Inbound, item: InboundItem, *, by: User, settled: Callable[[Interaction], Statement]
) -> None:
    """Add the message to its case; a closed one is reopened within the grace days, and followed by a new one after.

    `settled`: what says that the item became this exchange.
    """
    [case] = pick(Case, "WHERE id = %s FOR UPDATE", [case.pk])
    if inbound.automatic:
        interaction = write_inbound(case, inbound, at=item.received_at, person_id=None)
        record("case.machine_message", by=by, case_id=case.pk, why=inbound.automatic[:40])
        return tell(*settled(interaction))
    third = not takes_part(case, inbound.sender.value)
    if is_too_old(case, item.received_at):
        follow = Case(
            subject=case.subject,
            channel=Channel.EMAIL,
            person=None if third else case.person,
            topic_id=case.topic_id,
            team_id=case.team_id,
            department=case.department,
            sensitivity=case.sensitivity,
            received_at=item.received_at,
            last_inbound_at=item.received_at,
        )
        interaction = interaction_of(inbound, at=item.received_at, person=follow.person)
        open_from(follow, interaction, files_of(inbound), by=by, quiet=item.quiet)
        CaseLink.objects.create(first=case, second=follow, kind=CaseLink.Kind.FOLLOW_UP)
        return tell(*settled(interaction))
    interaction = write_inbound(
        case, inbound, at=item.received_at, person_id=None if third else case.person_id, third_person=third
    )
    if third:
        Participant.objects.get_or_create(
            case=case,
            email=inbound.sender.value,
            defaults={"name": one_line(inbound.sender.name)[:160], "role": Participant.Role.THIRD},
        )
    said = f"{interaction.subject}\n{interaction.text}"
    return came_back(case, at=item.received_at, by=by, said=said, also=[settled(interaction)])


def is_too_old(case: Case, at: datetime) -> bool:
    """Closed for longer than the grace days: what comes now is another matter (behaviours 28)."""
    return case.closed_at is not None and at > case.closed_at + timedelta(days=settings.REOPEN_GRACE_DAYS)


def came_back(case: Case, *, at: datetime, by: User, said: str = "", also: Sequence[Statement] = ()) -> None:
    """A person wrote in a case: it wakes, its clocks run again, what was to be sent later is held back.

    `said`: what is read for signs of danger. `also`: what is told in the same breath.
    """
    case.last_inbound_at = at
    case.unread = True
    case.snoozed_until = None
    waiting = case.status in {Status.WAITING_CITIZEN, Status.WAITING_THIRD}
    clocks.end_suspensions(case, at=at)
    _hold_back_later_sends(case)
    verbs = ["case.message"]
    if case.status in OVER:
        result, case.result = case.result, ""
        move(case, Status.REOPENED)
        clocks.on_reopening(case, result)
        verbs.insert(0, "case.reopened")
    elif waiting:
        move(case, Status.IN_PROGRESS if case.assignee_id else Status.ASSIGNED)
        verbs.insert(0, "case.pieces_received")
    elif case.status in {Status.ANSWERED, Status.APPRAISAL}:
        move(case, Status.REOPENED)
        clocks.restart_commitment(case)
    clocks.refresh_due(case)
    case.version += 1
    facts = [Fact(verb, case.pk, on_behalf_of=case.person_id) for verb in verbs]
    alarms, tasks = read_again(case, said)
    write(*events_of(facts, by=by), *tasks, *events_of(alarms, by=machine(GUICHET)), also=[updated(case), *also])


def _hold_back_later_sends(case: Case) -> None:
    """An answer planned for later was written without knowing this message (behaviours 30)."""
    [(any_planned,)] = ask(
        "SELECT EXISTS (SELECT FROM cases_interaction i JOIN outbox_delivery d ON d.parcel_id = i.parcel_id "
        "WHERE i.case_id = %s AND d.state = 'queued' AND d.next_try_at > now())",
        [case.pk],
    )
    if not any_planned:
        return  # nearly always
    planned = case.interactions.filter(
        direction=Interaction.Direction.OUT,
        author__kind=User.Kind.HUMAN,
        withdrawn_at__isnull=True,
        parcel__deliveries__state=Delivery.State.QUEUED,
        parcel__deliveries__next_try_at__gt=timezone.now() + timedelta(seconds=settings.UNDO_SECONDS),
    ).distinct()
    for interaction in planned:
        try:
            outbox.cancel(interaction.parcel)  # type: ignore[arg-type]
        except Refused:
            continue
        interaction.withdrawn_at = timezone.now()
        interaction.save(update_fields=["withdrawn_at"])


def on_bounce(inbound: Inbound, item: InboundItem, *, by: User) -> Interaction | None:
    """Attach the report to what we had sent; it opens nothing and tells nobody else (behaviours 12, 13)."""
    bounce = inbound.bounce
    assert bounce is not None
    sent = (
        Interaction.objects.filter(message_id=bounce.message_id).select_related("case", "parcel").first()
        if bounce.message_id
        else None
    )
    if sent is None or sent.parcel is None:
        return None
    reason = " ".join(f"{bounce.status} {bounce.diagnostic}".split())[:300] or "refusé"
    moved = outbox.bounced(
        sent.parcel, bounce.recipient, by=by, permanent=bounce.permanent, reason=reason, case_id=sent.case_id
    )
    if moved:
        mark_bad(bounce.recipient.lower(), by=by, reason=reason)
        Task.objects.get_or_create(
            case=sent.case.survivor(),
            about=f"bounce:{sent.pk}",
            done_at=None,
            defaults={
                "kind": Task.Kind.BOUNCE,
                "label": f"L'adresse {bounce.recipient} refuse nos messages : joindre la personne autrement.",
            },
        )
    return sent
