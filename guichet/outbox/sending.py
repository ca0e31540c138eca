"""Handing deliveries over to the outside world, from the worker.

A delivery is claimed in a transaction of its own (the try is counted, the row is leased), sent with no transaction
open, and its outcome written in another. Killed before the claim: nothing happened. Killed while sending: the lease
runs out and it is tried again with the same Message-ID; whether the other side had taken it only SMTP could tell.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from guichet.accounts.machines import GUICHET, machine
from guichet.channels.contract import Address, Outgoing, OutgoingFile, Sender, Undelivered
from guichet.core import files
from guichet.core.plugging import channel
from guichet.journal.actions import record
from guichet.outbox.actions import DELAYS
from guichet.outbox.models import Delivery

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)


def send_due(limit: int = 50) -> int:
    """Send what is due, one by one, at most `limit`. Returns how many were tried."""
    tried = 0
    while tried < limit and (delivery := _claim()) is not None:
        _send(delivery)
        tried += 1
    return tried


def _claim() -> Delivery | None:
    """Take the delivery that waits longest; nobody else sees it until the lease runs out."""
    with transaction.atomic():
        found = (
            Delivery.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("parcel")
            .filter(state__in=Delivery.WAITING, next_try_at__lte=timezone.now())
            .order_by("next_try_at", "id")
            .first()
        )
        if found is None:
            return None
        found.tries += 1
        found.trying_since = timezone.now()
        found.next_try_at = found.trying_since + LEASE
        found.save(update_fields=["tries", "trying_since", "next_try_at"])
        return found


def _send(delivery: Delivery) -> None:
    try:
        sender = channel(delivery.parcel.channel)
        if not isinstance(sender, Sender):
            raise Undelivered("ce canal n'envoie rien", final=True)
        provider_id = sender.send(outgoing(delivery))
    except Undelivered as failure:
        _write(delivery, _failure(delivery, failure))
    except Exception:
        # An unforeseen fault of ours must not stop the others nor be tried for ever.
        log.exception("delivery %s", delivery.pk)
        _write(delivery, _failure(delivery, Undelivered("erreur interne")))
    else:
        _write(delivery, {"state": Delivery.State.SENT, "sent_at": timezone.now(), "provider_id": provider_id[:200]})


def _failure(delivery: Delivery, failure: Undelivered) -> dict[str, object]:
    outcome: dict[str, object] = {"error": failure.reason[:300], "error_code": failure.code[:20]}
    if failure.final or delivery.tries > len(DELAYS):
        return {**outcome, "state": Delivery.State.FAILED}
    return {
        **outcome,
        "state": Delivery.State.RETRYING,
        "next_try_at": timezone.now() + DELAYS[delivery.tries - 1],
    }


def _write(delivery: Delivery, outcome: dict[str, object], *, patience: float = 60.0) -> None:
    """Write the outcome, waiting for the database if it is away: what was sent must be known as sent."""
    deadline = time.monotonic() + patience
    while True:
        try:
            with transaction.atomic():
                # Only for the try that was ours: a later one has its own outcome.
                written = Delivery.objects.filter(
                    pk=delivery.pk, tries=delivery.tries, state__in=Delivery.WAITING
                ).update(trying_since=None, **outcome)
                if written and outcome["state"] == Delivery.State.FAILED:
                    record("delivery.failed", by=machine(GUICHET), subject=f"delivery:{delivery.pk}")
            return
        except (OperationalError, InterfaceError):
            if time.monotonic() > deadline:
                raise
            connection.close()
            time.sleep(0.5)


def outgoing(delivery: Delivery) -> Outgoing:
    """The frozen value the adapter sends."""
    parcel = delivery.parcel
    return Outgoing(
        channel=parcel.channel,
        delivery_id=delivery.pk,
        message_id=parcel.message_id,
        recipient=Address(delivery.recipient, delivery.recipient_name),
        sender=Address(parcel.sender_address, parcel.sender_name),
        subject=parcel.subject,
        text=parcel.text,
        html=parcel.html,
        reply_to=Address(parcel.reply_to, parcel.sender_name) if parcel.reply_to else None,
        shown_to=tuple(Address(address, name) for address, name in parcel.shown_to),
        shown_cc=tuple(Address(address, name) for address, name in parcel.shown_cc),
        in_reply_to=parcel.in_reply_to,
        references=tuple(parcel.references),
        automatic=parcel.automatic,
        token=parcel.token,
        files=tuple(
            OutgoingFile(item.name, files.read_bytes(item.file_id), item.file.media_type)
            for item in parcel.files.select_related("file")
        ),
    )
