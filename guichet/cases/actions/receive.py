"""Everything that comes in, by any channel, goes through the same pipeline:

register -> identify -> understand -> answer or route -> acknowledge.

`register_raw` keeps the bytes and says so to the outside (250 after its commit). `understand_waiting`, in the worker,
does the rest, one item in one transaction: killed at any line, the item is still waiting.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.utils import timezone

from guichet.accounts.machines import GUICHET, MAIL, machine
from guichet.accounts.models import User
from guichet.cases.actions.acknowledging import acknowledge
from guichet.cases.actions.incoming import on_bounce, on_reply
from guichet.cases.actions.opening import open_case, write_inbound
from guichet.cases.matching import existing_case
from guichet.cases.models import Case, InboundItem, Interaction
from guichet.channels.contract import Inbound, Reader, Unreadable
from guichet.core import files
from guichet.core.plugging import channel
from guichet.core.refused import Refused
from guichet.core.text import excerpt, one_line
from guichet.journal.actions import record
from guichet.organisation.directory import directory
from guichet.organisation.models import Channel, Team
from guichet.people import actions as people
from guichet.people.identity import Claim

log = logging.getLogger(__name__)

MAX_TRIES = 5


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
