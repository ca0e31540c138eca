"""Verbs on deliveries. Nothing here talks to the outside world: see sending.py."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from guichet.core.instances import fresh
from guichet.core.models import StoredFile
from guichet.core.refused import Refused
from guichet.core.rows import insert
from guichet.core.text import one_line
from guichet.journal.actions import record
from guichet.outbox.models import Delivery, Parcel, ParcelFile

if TYPE_CHECKING:
    from guichet.accounts.models import User

Recipient = tuple[str, str]  # (address, name)


@dataclass(frozen=True, slots=True)
class Letter:
    """What to send, before it is frozen into a parcel."""

    subject: str
    text: str
    to: Sequence[Recipient]
    cc: Sequence[Recipient] = ()
    html: str = ""
    channel: str = "email"
    sender_name: str = ""
    sender_address: str = ""
    reply_to: str = ""
    in_reply_to: str = ""
    references: Sequence[str] = ()
    automatic: bool = False
    token: str = ""
    files: Sequence[tuple[StoredFile, str]] = field(default=())


def new_message_id() -> str:
    return f"<{uuid.uuid4().hex}@{settings.MAIL_DOMAIN}>"


def queue(letter: Letter, *, not_before: datetime | None = None) -> Parcel:
    """Freeze the letter and queue one delivery per recipient. Call it inside the action's transaction.

    `not_before`: undo send, or send later. Raises `Refused` when there is nobody to send to.
    """
    parcel, *others = frozen(letter, not_before=not_before)
    insert(parcel, *others)
    return cast("Parcel", parcel)


def frozen(letter: Letter, *, not_before: datetime | None = None) -> list[Model]:
    """The rows of a letter, parcel first, for a caller who writes them with others. Raises as `queue` does."""
    recipients: dict[str, str] = {}
    for address, name in [*letter.to, *letter.cc]:
        recipients.setdefault(address.lower(), name)
    if not recipients:
        raise Refused("Il manque un destinataire : cette personne n'a pas d'adresse utilisable.", status=400)
    parcel = fresh(
        Parcel,
        channel=letter.channel,
        message_id=new_message_id(),
        sender_name=one_line(letter.sender_name)[:160],
        sender_address=letter.sender_address or settings.MAIL_ADDRESS,
        reply_to=letter.reply_to,
        subject=one_line(letter.subject)[:300],
        text=letter.text,
        html=letter.html,
        shown_to=[[address, one_line(name)] for address, name in letter.to],
        shown_cc=[[address, one_line(name)] for address, name in letter.cc],
        in_reply_to=letter.in_reply_to[:255],
        references=[reference[:255] for reference in letter.references][-20:],
        automatic=letter.automatic,
        token=letter.token,
    )
    files = [ParcelFile(parcel=parcel, file=file, name=one_line(name)[:200]) for file, name in letter.files]
    due = {"next_try_at": not_before} if not_before else {}
    deliveries = [
        fresh(Delivery, parcel=parcel, recipient=address, recipient_name=one_line(name)[:160], **due)
        for address, name in recipients.items()
    ]
    return [parcel, *files, *deliveries]


@transaction.atomic
def cancel(parcel: Parcel) -> None:
    """Take back what no delivery has begun to send; refuses when one has (undo send, send later)."""
    deliveries = list(Delivery.objects.select_for_update().filter(parcel=parcel))
    if not all(delivery.may_be_taken_back for delivery in deliveries):
        raise Refused("Trop tard : le message est déjà parti.")
    Delivery.objects.filter(parcel=parcel).update(state=Delivery.State.CANCELLED)


@transaction.atomic
def retry(delivery: Delivery, *, by: User, case_id: int | None = None) -> None:
    """Send again what had failed, at the same address."""
    delivery = Delivery.objects.select_for_update().get(pk=delivery.pk)
    if Delivery.State.QUEUED not in Delivery.MOVES[delivery.state]:
        raise Refused("Ce message n'est pas en échec : il n'y a rien à renvoyer.")
    delivery.state = Delivery.State.QUEUED
    delivery.next_try_at = timezone.now()
    delivery.tries = 0
    delivery.trying_since = None
    delivery.error = ""
    delivery.handled_at = None
    delivery.save()
    record("delivery.retried", by=by, case_id=case_id, subject=f"delivery:{delivery.pk}")


@transaction.atomic
def set_aside(delivery: Delivery, *, by: User, case_id: int | None = None) -> None:
    """An agent saw the failure and dealt with it otherwise."""
    Delivery.objects.filter(pk=delivery.pk, handled_at__isnull=True).update(handled_at=timezone.now())
    record("delivery.set_aside", by=by, case_id=case_id, subject=f"delivery:{delivery.pk}")


def bounced(parcel: Parcel, recipient: str, *, by: User, permanent: bool, reason: str, case_id: int | None) -> bool:
    """A report of non-delivery came back. Only a permanent one changes the state; returns whether it did."""
    deliveries = Delivery.objects.select_for_update().filter(parcel=parcel)
    found = deliveries.filter(recipient=recipient.lower()).first() or (
        deliveries.first() if deliveries.count() == 1 else None
    )
    if found is None:
        return False
    verb = "delivery.bounced" if permanent else "delivery.delayed"
    moved = permanent and Delivery.State.BOUNCED in Delivery.MOVES[found.state]
    if moved:
        found.state = Delivery.State.BOUNCED
        found.error = reason[:300]
        found.handled_at = None
        found.save(update_fields=["state", "error", "handled_at"])
    record(verb, by=by, case_id=case_id, subject=f"delivery:{found.pk}")
    return moved


# Growing delays between tries; after the last one the delivery is given up and becomes somebody's task.
DELAYS = (
    timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1),
    timedelta(hours=4), timedelta(hours=12), timedelta(hours=24), timedelta(hours=24),
)  # fmt: skip
