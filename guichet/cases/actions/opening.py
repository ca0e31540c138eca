"""Opening a case, whatever the door: route, number, clocks, first message with its files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from guichet.accounts.models import User
from guichet.cases import clocks
from guichet.cases.models import Attachment, Case, Clock, Interaction, Status
from guichet.cases.models.case import NO_DEADLINE, next_reference
from guichet.channels.contract import Inbound
from guichet.core import files
from guichet.core.text import one_line, strip_controls
from guichet.journal.actions import Fact, record_all
from guichet.organisation.directory import directory
from guichet.organisation.models import Topic
from guichet.people.models import Person


def open_case(case: Case, *, by: User, quiet: bool = False) -> dict[str, Clock]:
    """Route, number, save and start the clocks of a new case. Returns its clocks by kind."""
    topic = directory().topic(case.topic_id)
    if topic is not None:
        case.nature, case.sensitivity = topic.nature, max(case.sensitivity, topic.sensitivity)
    route(case, topic)
    case.reference = next_reference()
    started = [] if quiet else clocks.clocks_for(case)
    case.due_at = min((clock.due_at for clock in started), default=NO_DEADLINE)
    case.save()
    Clock.objects.bulk_create(started)
    team = directory().team(case.team_id)
    facts = [Fact("case.received", case.pk, case.person_id, case.person_id, data={"channel": case.channel})]
    if team is not None:
        facts.append(Fact("case.routed", case.pk, data={"team": team.pk, "team_name": team.name}))
    record_all(facts, by=by)
    return {clock.kind: clock for clock in started}


def route(case: Case, topic: Topic | None) -> None:
    """Topic × department, else the team that was written to, else « À orienter »."""
    team = directory().team_for(topic, case.department) or directory().team(case.team_id)
    if team is not None and not team.takes_unrouted:
        case.team_id, case.status = team.pk, Status.ASSIGNED
        return
    unrouted = directory().unrouted_team
    case.team_id, case.status = (unrouted.pk if unrouted else None), Status.REGISTERED


def write_inbound(case: Case, inbound: Inbound, *, at: datetime, person: Person | None) -> Interaction:
    """The message as an interaction, with its files."""
    interaction = Interaction.objects.create(
        case=case,
        channel=inbound.channel,
        direction=Interaction.Direction.IN,
        kind=Interaction.Kind.MACHINE if inbound.automatic else Interaction.Kind.MESSAGE,
        at=at,
        external_id=inbound.external_id[:255],
        message_id=inbound.message_id[:255],
        person=person,
        sender_address=inbound.sender.value[:254],
        sender_name=inbound.sender.name[:160],
        recipients=[[address.value, address.name] for address in inbound.recipients],
        subject=one_line(inbound.subject)[:300],
        text=strip_controls(inbound.fresh_text),
        quoted=strip_controls(inbound.text) if inbound.text.strip() != inbound.fresh_text.strip() else "",
        html=inbound.html.replace("\x00", ""),
        sent_at=inbound.sent_at,
        automatic=inbound.automatic[:40],
        authenticated=inbound.authenticated,
        defects=list(inbound.defects)[:20],
    )
    attach(interaction, [(f.name, f.content, f.content_id, f.inline) for f in inbound.files])
    return interaction


def attach(interaction: Interaction, items: Sequence[tuple[str, bytes, str, bool]]) -> None:
    if not items:
        return
    stored = files.keep_all([(name, content) for name, content, _, _ in items])
    Attachment.objects.bulk_create(
        [
            Attachment(
                interaction=interaction,
                file=file,
                name=one_line(name)[:200] or "document",
                content_id=content_id[:255],
                inline=inline,
                position=position,
            )
            for position, (file, (name, _, content_id, inline)) in enumerate(zip(stored, items, strict=True))
        ]
    )
