"""Everything that comes in, by any channel, goes through the same pipeline:

register -> identify -> understand -> answer or route -> acknowledge.

`register_raw` keeps the bytes and says so to the outside (250 after its commit). `understand_waiting`, in the worker,
does the rest, one item in one transaction: killed at any line, the item is still waiting.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.utils import timezone

from guichet.accounts.machines import GUICHET, MAIL, PORTAL, machine
from guichet.accounts.models import User
from guichet.cases import clocks, receipts
from guichet.cases.actions.incoming import on_bounce, on_reply
from guichet.cases.matching import existing_case
from guichet.cases.models import Attachment, Case, Clock, InboundItem, Interaction, Status
from guichet.cases.models.case import NO_DEADLINE, next_reference
from guichet.cases.sending import letter_for, write_out
from guichet.channels.contract import Inbound, Reader, Unreadable
from guichet.core import files
from guichet.core.plugging import channel
from guichet.core.refused import Refused
from guichet.core.text import excerpt, one_line, strip_controls
from guichet.journal.actions import Fact, record, record_all
from guichet.organisation.directory import directory
from guichet.organisation.models import Channel, Team, Topic
from guichet.people import actions as people
from guichet.people.identity import Claim
from guichet.people.models import Person

log = logging.getLogger(__name__)

MAX_TRIES = 5
# However clean its headers, one sender gets at most so many receipts in the window (behaviours 10).
RECEIPTS_AT_MOST, RECEIPTS_WINDOW = 5, timedelta(hours=1)


# -- register ---------------------------------------------------------------------------------------------------------


def register_raw(
    name: str,
    raw: bytes,
    *,
    envelope_from: str = "",
    envelope_to: Sequence[str] = (),
    quiet: bool = False,
    received_at: datetime | None = None,
) -> InboundItem:
    """Keep what came in, before anything is understood. The same bytes twice are one item."""
    file = files.keep(raw, name="message.eml")
    values = {
        "raw": file,
        "envelope_from": envelope_from[:320],
        "envelope_to": [address[:320] for address in envelope_to],
        "quiet": quiet,
    }
    if received_at is not None:
        values["received_at"] = received_at
    with transaction.atomic():
        item, _ = InboundItem.objects.get_or_create(channel=name, digest=file.sha256, defaults=values)
    return item


def understand_waiting(limit: int = 100) -> int:
    """Understand what waits, oldest first. Returns how many items were taken."""
    taken = 0
    while taken < limit and _understand_next():
        taken += 1
    return taken


def _understand_next() -> bool:
    pk = 0
    try:
        with transaction.atomic():
            item = (
                InboundItem.objects.select_for_update(skip_locked=True)
                .filter(state=InboundItem.State.WAITING)
                .order_by("id")
                .first()
            )
            if item is None:
                return False
            pk = item.pk
            with transaction.atomic():  # what the attempt wrote is undone if it fails; the item keeps its lock
                understand(item)
    except (OperationalError, InterfaceError):
        raise  # the database is away: nobody's fault but ours, the item waits
    except Unreadable as error:
        _quarantine(pk, str(error))
    except Exception as error:
        log.exception("inbound item %s", pk)
        _count_failure(pk, error)
    return True


def _quarantine(pk: int, reason: str) -> None:
    InboundItem.objects.filter(pk=pk).update(
        state=InboundItem.State.QUARANTINED, error=one_line(reason)[:300], handled_at=timezone.now()
    )


def _count_failure(pk: int, error: Exception) -> None:
    """A poisoned item must not block the others: after `MAX_TRIES` it goes to the quarantine, and can be replayed."""
    with transaction.atomic():
        item = InboundItem.objects.select_for_update().get(pk=pk)
        item.tries += 1
        item.error = type(error).__name__[:300]
        if item.tries >= MAX_TRIES or isinstance(error, Refused | IntegrityError | ValueError | TypeError):
            item.state = InboundItem.State.QUARANTINED
            item.handled_at = timezone.now()
        item.save(update_fields=["tries", "error", "state", "handled_at"])


@transaction.atomic
def replay(item: InboundItem, *, by: User) -> None:
    """Take an item out of the quarantine and try again."""
    updated = InboundItem.objects.filter(pk=item.pk, state=InboundItem.State.QUARANTINED).update(
        state=InboundItem.State.WAITING, tries=0, error=""
    )
    if not updated:
        raise Refused("Cet élément n'est plus en quarantaine.")
    record("inbound.replayed", by=by, subject=f"inbound:{item.pk}")


@transaction.atomic
def discard(item: InboundItem, *, by: User) -> None:
    """Put aside for good (spam, garbage). The bytes stay."""
    InboundItem.objects.filter(pk=item.pk, state=InboundItem.State.QUARANTINED).update(
        state=InboundItem.State.DISCARDED, handled_at=timezone.now()
    )
    record("inbound.discarded", by=by, subject=f"inbound:{item.pk}")


# -- the pipeline -----------------------------------------------------------------------------------------------------


def understand(item: InboundItem) -> None:
    """One mail, from bytes to a case with its clocks, its team and its receipt. Inside a transaction."""
    reader = channel(item.channel)
    if not isinstance(reader, Reader):
        raise Unreadable("Ce canal ne reçoit rien.")
    inbound = reader.read(
        files.read_bytes(item.raw_id), envelope_from=item.envelope_from, envelope_to=tuple(item.envelope_to)
    )
    by = machine(MAIL)
    known = Interaction.objects.filter(channel=item.channel, external_id=inbound.external_id[:255]).first()
    if known is not None:
        _inform_other_team(known, inbound, by=by)
        return _done(item, "duplicate", known)
    if inbound.bounce is not None:
        return _done(item, "bounce", on_bounce(inbound, item, by=by))
    if inbound.own_loop:
        return _done(item, "loop", None)
    case = existing_case(inbound)
    if case is not None:
        return _done(item, "reply", on_reply(case, inbound, item, by=by))
    if inbound.automatic:
        # A machine's mail that answers nothing of ours is not a request (behaviours 8); it stays visible, replayable.
        raise Unreadable(f"Message automatique ({inbound.automatic}) : ce n'est pas une demande.")
    return _done(item, "new_case", _new_case_from_mail(inbound, item, by=by))


def _done(item: InboundItem, outcome: str, interaction: Interaction | None) -> None:
    item.state = InboundItem.State.DONE
    item.outcome = outcome
    item.interaction = interaction
    item.handled_at = timezone.now()
    item.save(update_fields=["state", "outcome", "interaction", "handled_at"])


def _inform_other_team(known: Interaction, inbound: Inbound, *, by: User) -> None:
    """The same mail written to several teams is one case; the others are told (behaviours 26)."""
    for team in teams_written_to(inbound):
        if team.pk != known.case.team_id:
            known.case.informed_teams.add(team.pk)


def teams_written_to(inbound: Inbound) -> list[Team]:
    found = [directory().team_of_address(address.split("+")[0] + "@" + address.rpartition("@")[2])
             if "+" in address else directory().team_of_address(address)
             for address in inbound.delivered_to]  # fmt: skip
    return list(dict.fromkeys(team for team in found if team is not None))


def _new_case_from_mail(inbound: Inbound, item: InboundItem, *, by: User) -> Interaction:
    person = people.welcome(
        Claim(email=inbound.sender.value, displayed_name=inbound.sender.name), by=by, source="email"
    )
    teams = teams_written_to(inbound)
    written_to = next((team for team in teams if not team.takes_unrouted), None)
    case = Case(
        subject=one_line(inbound.subject)[:300] or excerpt(inbound.fresh_text, 80) or "(sans objet)",
        channel=Channel.EMAIL,
        person=person,
        department=person.department,
        received_at=item.received_at,
        last_inbound_at=item.received_at,
        team_id=written_to.pk if written_to else None,
    )
    opened = open_case(case, by=by, quiet=item.quiet)
    for other in teams:
        if other.pk != case.team_id and not other.takes_unrouted:
            case.informed_teams.add(other.pk)
    interaction = write_inbound(case, inbound, at=item.received_at, person=person)
    if not item.quiet:
        acknowledge(case, opened, answering=interaction, by=machine(GUICHET))
    return interaction


def open_case(case: Case, *, by: User, quiet: bool = False) -> dict[str, Clock]:
    """Route, number, save and start the clocks of a new case. Returns its clocks by kind."""
    topic = directory().topics.get(case.topic_id) if case.topic_id else None
    if topic is not None:
        case.nature, case.sensitivity = topic.nature, topic.sensitivity
    route(case, topic)
    case.reference = next_reference()
    started = [] if quiet else clocks.clocks_for(case)
    case.due_at = min((clock.due_at for clock in started), default=NO_DEADLINE)
    case.save()
    Clock.objects.bulk_create(started)
    team = directory().teams.get(case.team_id or 0)
    facts = [Fact("case.received", case.pk, case.person_id, case.person_id, data={"channel": case.channel})]
    if team is not None:
        facts.append(Fact("case.routed", case.pk, data={"team": team.pk, "team_name": team.name}))
    record_all(facts, by=by)
    return {clock.kind: clock for clock in started}


def route(case: Case, topic: Topic | None) -> None:
    """Topic × department, else the team that was written to, else « À orienter »."""
    team = directory().team_for(topic, case.department) or directory().teams.get(case.team_id or 0)
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


# -- acknowledge ------------------------------------------------------------------------------------------------------


def acknowledge(case: Case, started: dict[str, Clock], *, answering: Interaction, by: User) -> None:
    """Queue the receipt the law asks for, in the transaction that registered the case (CRPA L112-11).

    With a known team the full receipt goes at once and stops both clocks; else the registration receipt only.
    """
    address = answering.sender_address
    why_not = _receipt_withheld(case, address)
    if why_not:
        record("case.receipt_withheld", by=by, case_id=case.pk, why=why_not)
        return
    receipt = receipts.receipt_of(case, started)
    text = receipts.mail_text(case, receipt)
    subject = receipts.mail_subject(case, receipt)
    letter = letter_for(case, text=text, subject=subject, to=[(address, answering.sender_name)], automatic=True,
                        answering=answering)  # fmt: skip
    kind = Interaction.Kind.RECEIPT if receipt.is_full else Interaction.Kind.REGISTRATION
    now = timezone.now()
    write_out(case, letter, by=by, kind=kind, at=now, automatic="receipt")
    satisfied = [Clock.Kind.REGISTRATION, Clock.Kind.RECEIPT] if receipt.is_full else [Clock.Kind.REGISTRATION]
    case.clocks.filter(kind__in=satisfied, stopped_at__isnull=True).update(stopped_at=now, stopped_why=kind.value)
    clocks.refresh_due(case)
    Case.objects.filter(pk=case.pk).update(due_at=case.due_at)
    record("case.receipt" if receipt.is_full else "case.registration", by=by, case_id=case.pk)


def _receipt_withheld(case: Case, address: str) -> str:
    """Why nothing is sent automatically; empty when it is (CRPA L112-3, behaviours 10, 11, 56)."""
    if not address:
        return "aucune adresse"
    if case.person is not None and case.person.is_left_alone:
        return "personne protégée"
    recent = Interaction.objects.filter(
        sender_address=address, direction=Interaction.Direction.IN, at__gte=timezone.now() - RECEIPTS_WINDOW
    ).count()
    return "trop d'envois" if recent > RECEIPTS_AT_MOST else ""


def acknowledge_once_routed(case: Case, *, by: User) -> None:
    """The team is known at last: the full receipt that was still owed goes now (R112-11-2: within ten days)."""
    owed = case.clocks.filter(kind=Clock.Kind.RECEIPT, stopped_at__isnull=True).exists()
    first = case.interactions.filter(direction=Interaction.Direction.IN).order_by("at", "id").first()
    if owed and first is not None and first.sender_address and case.channel in clocks.ELECTRONIC:
        team = directory().teams.get(case.team_id or 0)
        if team is not None and not team.takes_unrouted and directory().contact_block(team).is_complete:
            acknowledge(case, {c.kind: c for c in case.clocks.all()}, answering=first, by=by)


# -- the single form --------------------------------------------------------------------------------------------------


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
    now = timezone.now()
    person = people.welcome(form.claim, by=by, source="form")
    case = Case(
        subject=one_line(form.subject)[:300] or excerpt(form.text, 80),
        channel=Channel.FORM,
        person=person,
        topic_id=form.topic_id,
        department=form.department or person.department,
        preferred_channel=form.claim.preferred_channel,
        electronic_reply_refused=form.claim.electronic_reply_refused,
        received_at=now,
        last_inbound_at=now,
    )
    started = open_case(case, by=by)
    interaction = Interaction.objects.create(
        case=case,
        channel=Channel.FORM,
        direction=Interaction.Direction.IN,
        at=now,
        external_id=form.key,
        person=person,
        sender_address=form.claim.email,
        sender_name=person.contact_name or person.full_name,
        subject=case.subject,
        text=strip_controls(form.text),
    )
    attach(interaction, [(name, content, "", False) for name, content in form.files])
    if form.about_reference:
        _link_if_same_person(case, form.about_reference, by=by)
    acknowledge(case, started, answering=interaction, by=machine(GUICHET))
    return case


def _link_if_same_person(case: Case, reference: str, *, by: User) -> None:
    """A number that was typed links two cases only when both came from the same address."""
    from guichet.cases.models import CaseLink

    other = Case.objects.filter(reference=reference, person=case.person).exclude(pk=case.pk).first()
    if other is not None:
        CaseLink.objects.get_or_create(first=other, second=case)
        record("case.linked", by=by, case_id=case.pk, other=other.reference)
