from __future__ import annotations

import logging

from django.conf import settings

from guichet.cases.actions import register_raw
from guichet.core.jobs import every
from guichet.core.plugging import channel
from guichet.gateway.actions import forget_answers

log = logging.getLogger(__name__)


@every("* * * * *", "gateway.collect_mail")
def collect_mail(timestamp: int) -> None:
    """Fetch a hosted mailbox: keep, commit, then move the mail away. One that cannot be kept does not block."""
    if settings.CHANNELS["email"][1].get("imap_host"):
        collect_once()


def collect_once() -> int:
    mailbox = channel("email")
    kept = 0
    for item in mailbox.collect():
        try:
            register_raw("email", item.raw, envelope_to=item.envelope_to)
        except Exception as error:
            log.error("mail not kept: %s", type(error).__name__)
            continue
        mailbox.acknowledge(item.key)
        kept += 1
    return kept


@every("37 3 * * *", "gateway.forget")
def forget(timestamp: int) -> None:
    """Answers kept for calls sent again, once their day is over."""
    forget_answers()
