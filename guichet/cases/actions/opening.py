"""Opening a case, whatever the door: route, number, clocks, first message with its files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db.models import Model
from django.utils import timezone

from guichet.accounts.machines import GUICHET, machine
from guichet.accounts.models import User
from guichet.cases import clocks
from guichet.cases.actions.acknowledging import plan_receipt, receipt_fact, receipt_rows
from guichet.cases.actions.files import report_condemned
from guichet.cases.actions.orienting import orient, urgent_fact
from guichet.cases.models import Attachment, Case, Clock, Interaction, Status
from guichet.cases.models.case import NO_DEADLINE, REFERENCES, next_reference
from guichet.channels.contract import Inbound
from guichet.core import files
from guichet.core.instances import fresh
from guichet.core.reference import make
from guichet.core.rows import Statement, insert, number, write
from guichet.core.text import one_line, strip_controls
from guichet.journal.actions import Fact, events_of, record_all
from guichet.organisation.directory import directory
from guichet.organisation.models import Topic
from guichet.outbox.models import Parcel
from guichet.people.actions import created
from guichet.people.models import Person
from guichet.understanding.danger import Danger

File = tuple[str, bytes, str, bool]  # name, content, Content-ID, shown in the text


def open_case(case: Case, *, by: User, quiet: bool = False) -> None:
    """Route, number, save and start the clocks of a new case. `quiet`: no clock."""
    case.reference = next_reference()
    started = _prepare(case, quiet=quiet)
    insert(case, *started.values())
    record_all(_opening_facts(case), by=by)


def open_said(
    case: Case, *, text: str, key: str, address: str = "", name: str = "", items: Sequence[File] = (), by: User
) -> None:
    """A new case with what its person says now, by a door of ours. `key`: unique for its channel."""
    case.received_at = case.last_inbound_at = now = timezone.now()
    message = Interaction(
        channel=case.channel, direction=Interaction.Direction.IN, at=now, external_id=key, person=case.person,
        sender_address=address, sender_name=name, subject=case.subject, text=strip_controls(text),
    )  # fmt: skip
    open_from(case, message, items, by=by)


def open_from(
    case: Case,
    interaction: Interaction,
    items: Sequence[File] = (),
    *,
    by: User,
    quiet: bool = False,
    newcomer: Sequence[Model] = (),
    written_to: Sequence[int] = (),
    also: Callable[[], Statement] | None = None,
    silence: tuple[str, int] | None = None,
    exempt: bool = False,
) -> None:
    """A new case with the message that opens it, its files, and the receipt the law asks for (CRPA L112-11).

    The receipt is decided before anything is written: the clocks it stops are written once, as they will stand.
    `quiet`: history replayed, without clock nor receipt. `newcomer`: rows of the person, if unknown until now.
    `written_to`: teams that the message names; those that do not get the case are informed of it.
    `also`: what is told with them, once `interaction` has its key.
    `silence`, `exempt`: of the procedure, for a dossier's thread (see `clocks_for`).
    """
    parcel = fresh(Parcel)  # only its key, drawn with the others
    case.reference = make(number(case, interaction, parcel, *newcomer[:1], sequence=REFERENCES))
    case.person = case.person  # whose key may be known since a moment
    decision, tasks = (None, []) if quiet or case.is_file else orient(case, interaction)
    started = _prepare(case, quiet=quiet, silence=silence, exempt=exempt)
    owes_none = quiet or (exempt and case.channel not in clocks.ELECTRONIC)
    plan = None if owes_none else plan_receipt(case, started, interaction)
    interaction.case = case
    rule = machine(GUICHET)
    pieces = attachments(interaction, items)
    receipt = (
        receipt_rows(case, plan.receipt, at=plan.at, answering=interaction, by=rule, first=True)
        if plan and plan.receipt
        else []
    )
    if receipt:
        receipt[0].pk = parcel.pk
    arrived = [created(case.person)] if newcomer and case.person else []
    events = events_of([*arrived, *_opening_facts(case)], by=by)
    if plan:
        events += events_of([receipt_fact(case, plan)], by=rule)
    if decision and case.urgent:
        events += events_of([urgent_fact(case, (Danger(kind) for kind, _ in decision.dangers))], by=rule)
    kept = [decision] if decision else []
    informed = [Case.informed_teams.through(case=case, team_id=team) for team in written_to if team != case.team_id]
    write(
        *newcomer, case, *started.values(), interaction, *pieces, *receipt, *kept, *tasks, *informed, *events,
        also=[also()] if also else [],
    )  # fmt: skip
    report_condemned([piece.file_id for piece in pieces], by=rule)


def _prepare(
    case: Case, *, quiet: bool = False, silence: tuple[str, int] | None = None, exempt: bool = False
) -> dict[str, Clock]:
    topic = directory().topic(case.topic_id)
    if topic is not None:
        case.nature, case.sensitivity = topic.nature, max(case.sensitivity, topic.sensitivity)
    if case.is_file:  # the procedure says who is in charge
        case.nature, case.status = Topic.Nature.DEMAND, Status.APPRAISAL
    else:
        route(case, topic)
    started = [] if quiet else clocks.clocks_for(case, silence=silence, exempt=exempt)
    case.due_at = min((clock.due_at for clock in started), default=NO_DEADLINE)
    return {clock.kind: clock for clock in started}


def _opening_facts(case: Case) -> list[Fact]:
    team = directory().team(case.team_id)
    facts = [Fact("case.received", case.pk, case.person_id, case.person_id, data={"channel": case.channel})]
    if team is not None:
        facts.append(Fact("case.routed", case.pk, data={"team": team.pk, "team_name": team.name}))
    return facts


def route(case: Case, topic: Topic | None) -> None:
    """Topic × department, else the team that was written to, else « À orienter »."""
    team = directory().team_for(topic, case.department) or directory().team(case.team_id)
    if team is not None and not team.takes_unrouted:
        case.team_id, case.status = team.pk, Status.ASSIGNED
        return
    unrouted = directory().unrouted_team
    case.team_id, case.status = (unrouted.pk if unrouted else None), Status.REGISTERED


def write_inbound(
    case: Case, inbound: Inbound, *, at: datetime, person_id: int | None, third_person: bool = False
) -> Interaction:
    """Add the message to a case, with its files."""
    interaction = interaction_of(inbound, at=at, person=None)
    interaction.case, interaction.person_id, interaction.third_person = case, person_id, third_person
    insert(interaction)
    attach(interaction, files_of(inbound))
    return interaction


def files_of(inbound: Inbound) -> list[File]:
    return [(file.name, file.content, file.content_id, file.inline) for file in inbound.files]


def interaction_of(inbound: Inbound, *, at: datetime, person: Person | None) -> Interaction:
    """The message as an interaction of no case yet."""
    return fresh(
        Interaction,
        channel=inbound.channel,
        direction=Interaction.Direction.IN,
        kind=Interaction.Kind.MACHINE if inbound.automatic else Interaction.Kind.MESSAGE,
        at=at,
        external_id=inbound.external_id[:255],
        message_id=inbound.message_id[:255],
        person=person,
        sender_address=inbound.sender.value[:254],
        sender_name=one_line(inbound.sender.name)[:160],
        recipients=[[address.value, one_line(address.name)] for address in inbound.recipients],
        subject=one_line(inbound.subject)[:300],
        text=strip_controls(inbound.fresh_text),
        quoted=strip_controls(inbound.text) if inbound.text.strip() != inbound.fresh_text.strip() else "",
        html=inbound.html.replace("\x00", ""),
        sent_at=inbound.sent_at,
        automatic=inbound.automatic[:40],
        authenticated=inbound.authenticated,
        defects=list(inbound.defects)[:20],
    )


def attach(interaction: Interaction, items: Sequence[File]) -> None:
    pieces = attachments(interaction, items)
    insert(*pieces)
    report_condemned([piece.file_id for piece in pieces], by=machine(GUICHET))


def attachments(interaction: Interaction, items: Sequence[File]) -> list[Attachment]:
    """Keep the files; what ties them to the interaction is to be inserted after it."""
    stored = files.keep_all([(name, content) for name, content, _, _ in items])
    return [
        fresh(
            Attachment,
            interaction=interaction,
            file=file,
            name=one_line(name)[:200] or "document",
            content_id=content_id[:255],
            inline=inline,
            position=position,
        )
        for position, (file, (name, _, content_id, inline)) in enumerate(zip(stored, items, strict=True))
    ]
