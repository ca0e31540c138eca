"""Everything that comes in, by any channel, goes through the same pipeline:

register -> identify -> understand -> answer or route -> acknowledge.

`register_raw` keeps the bytes and says so to the outside (250 after its commit). `understand_waiting`, in the worker,
does the rest, one item in one transaction: killed at any line, the item is still waiting.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db import DatabaseError, InterfaceError, transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Least
from django.utils import timezone

from guichet.accounts.machines import MAIL, machine
from guichet.accounts.models import User
from guichet.cases.actions.incoming import on_bounce, on_reply
from guichet.cases.actions.opening import files_of, interaction_of, open_from
from guichet.cases.matching import existing_case, known_interaction
from guichet.cases.models import Case, InboundItem, Interaction
from guichet.channels.contract import Inbound, Reader, Unreadable
from guichet.core import files, rows
from guichet.core.faults import reason_of, where
from guichet.core.filetypes import MAIL as MAIL_KIND
from guichet.core.instances import fresh
from guichet.core.plugging import channel
from guichet.core.refused import Refused
from guichet.core.text import excerpt, one_line
from guichet.journal.actions import record
from guichet.organisation.directory import directory
from guichet.organisation.models import Channel, Team
from guichet.people import actions as people
from guichet.people.identity import Claim
from guichet.understanding.places import department_said

log = logging.getLogger(__name__)

# A fault of ours (storage, disk, database, a bug) is not the message's: it waits, longer each time, for ever.
DELAYS = (
    timedelta(seconds=5), timedelta(seconds=20), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15),
    timedelta(minutes=30),
)  # fmt: skip
MAX_COUNTED = 30_000


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
    file = files.put(raw, kind=MAIL_KIND)  # the bytes are on the disk before a row says so
    item = fresh(
        InboundItem,
        channel=name,
        digest=file.sha256,
        raw_id=file.sha256,
        envelope_from=envelope_from[:320],
        envelope_to=[address[:320] for address in envelope_to],
        quiet=quiet,
        **({} if received_at is None else {"received_at": received_at}),
    )
    with transaction.atomic(savepoint=False):
        if rows.insert_missing(item, after=file):
            return item
        return InboundItem.objects.get(channel=name, digest=file.sha256)


# -- the queue --------------------------------------------------------------------------------------------------------


def understand_waiting(limit: int = 100) -> int:
    """Understand what waits and is due, oldest first. Returns how many items were taken."""
    taken = 0
    while taken < limit and _understand_next():
        taken += 1
    return taken


def _understand_next() -> bool:
    item: InboundItem | None = None
    try:
        with transaction.atomic():
            item = _next()
            if item is None:
                return False
            understand(item)
    except Unreadable as error:
        if item is not None:
            _quarantine(item, str(error))
    except Exception as error:
        if item is None:
            raise  # the database is away: nothing was taken
        log.error("inbound item %s waits: %s", item.pk, where(error))
        _put_off(item, error)  # raises in its turn when it is the database that went away
    return True


def _next() -> InboundItem | None:
    found = rows.pick(
        InboundItem,
        "WHERE state = 'waiting' AND next_try_at <= statement_timestamp() ORDER BY next_try_at, id LIMIT 1 "
        "FOR UPDATE SKIP LOCKED",
    )
    return found[0] if found else None


def _same_try(item: InboundItem) -> QuerySet[InboundItem]:
    """The item, unless another worker took it meanwhile: the lock went with our transaction."""
    return InboundItem.objects.filter(pk=item.pk, state=InboundItem.State.WAITING, tries=item.tries)


def _quarantine(item: InboundItem, reason: str) -> None:
    """What cannot be read by anyone at any time; an agent looks, and may replay it."""
    _same_try(item).update(state=InboundItem.State.QUARANTINED, error=one_line(reason)[:300], handled_at=timezone.now())


def _put_off(item: InboundItem, error: Exception) -> None:
    """Wait, longer each time: a fault of ours is never the message's, and must not hold up the others."""
    delay = DELAYS[min(item.tries, len(DELAYS) - 1)]
    _same_try(item).update(
        tries=Least(F("tries") + 1, Value(MAX_COUNTED)),
        next_try_at=timezone.now() + delay,
        error=say_fault(error)[:300],
    )


def say_fault(error: Exception) -> str:
    """What an administrator reads: whose turn it is to act."""
    if isinstance(error, OSError):
        return f"Les fichiers ne peuvent pas être lus ou écrits ({reason_of(error)})."
    if isinstance(error, DatabaseError | InterfaceError):
        return f"La base de données a refusé ({type(error).__name__})."
    return f"Défaut du logiciel ({where(error)})."


@transaction.atomic
def replay(item: InboundItem, *, by: User, is_request: bool = False) -> None:
    """Take an item out of the quarantine and try again. `is_request`: though a machine sent it."""
    updated = InboundItem.objects.filter(pk=item.pk, state=InboundItem.State.QUARANTINED).update(
        state=InboundItem.State.WAITING, tries=0, error="", next_try_at=timezone.now(), handled_at=None,
        is_request=is_request,
    )  # fmt: skip
    if not updated:
        raise Refused("Cet élément n'est plus en quarantaine.")
    record("inbound.replayed", by=by, subject=f"inbound:{item.pk}")


@transaction.atomic
def discard(item: InboundItem, *, by: User) -> None:
    """Put aside (spam, garbage). The bytes stay, and it may be taken back."""
    updated = InboundItem.objects.filter(pk=item.pk, state=InboundItem.State.QUARANTINED).update(
        state=InboundItem.State.DISCARDED, handled_at=timezone.now()
    )
    if not updated:
        raise Refused("Cet élément n'est plus en quarantaine.")
    record("inbound.discarded", by=by, subject=f"inbound:{item.pk}")


@transaction.atomic
def restore(item: InboundItem, *, by: User) -> None:
    """Back in the quarantine: it had been put aside by mistake (behaviours 27)."""
    updated = InboundItem.objects.filter(pk=item.pk, state=InboundItem.State.DISCARDED).update(
        state=InboundItem.State.QUARANTINED, handled_at=None
    )
    if not updated:
        raise Refused("Cet élément n'est plus écarté.")
    record("inbound.restored", by=by, subject=f"inbound:{item.pk}")


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
    known = known_interaction(item.channel, inbound.external_id)
    if known is not None:
        _inform_other_team(known, inbound, by=by)
        return _done(item, "duplicate", known)
    if inbound.bounce is not None:
        return _done(item, "bounce", on_bounce(inbound, item, by=by))
    if inbound.own_loop:
        return _done(item, "loop", None)
    case = existing_case(inbound)
    if case is not None:
        return on_reply(case, inbound, item, by=by, settled=partial(_settled, item, "reply"))
    if inbound.automatic and not item.is_request:
        # A machine's mail that answers nothing of ours is not a request (behaviours 8); it stays visible, replayable.
        raise Unreadable(f"Message automatique ({inbound.automatic}) : ce n'est pas une demande.")
    return _new_case_from_mail(inbound, item, by=by)


def _done(item: InboundItem, outcome: str, interaction: Interaction | None) -> None:
    rows.tell(*_settled(item, outcome, interaction))


def _settled(item: InboundItem, outcome: str, interaction: Interaction | None) -> rows.Statement:
    item.state = InboundItem.State.DONE
    item.outcome = outcome
    item.interaction = interaction
    item.handled_at = timezone.now()
    return (
        "UPDATE cases_inbounditem SET state = %s, outcome = %s, interaction_id = %s, handled_at = %s, error = '' "
        "WHERE id = %s",
        [item.state.value, outcome, interaction.pk if interaction else None, item.handled_at, item.pk],
    )


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


def _new_case_from_mail(inbound: Inbound, item: InboundItem, *, by: User) -> None:
    person, newcomer = people.meet(
        Claim(email=inbound.sender.value, displayed_name=one_line(inbound.sender.name)), by=by, source="email"
    )
    # The box of the whole Region, as that of « À orienter », says nothing of who answers.
    teams = [team for team in teams_written_to(inbound) if not directory().is_everybody(team)]
    written_to = teams[0] if teams else None
    case = fresh(
        Case,
        subject=one_line(inbound.subject)[:300] or excerpt(inbound.fresh_text, 80) or "(sans objet)",
        channel=Channel.EMAIL,
        person=person,
        department=person.department or department_said(inbound.fresh_text),
        received_at=item.received_at,
        last_inbound_at=item.received_at,
        team_id=written_to.pk if written_to else None,
    )
    interaction = interaction_of(inbound, at=item.received_at, person=person)
    interaction.kind = Interaction.Kind.MESSAGE  # whoever sent it: it was found to be a request
    open_from(
        case, interaction, files_of(inbound), by=by, quiet=item.quiet, newcomer=newcomer,
        written_to=[team.pk for team in teams],
        also=lambda: _settled(item, "new_case", interaction),
    )  # fmt: skip
