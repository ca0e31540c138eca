"""The mail door: LMTP behind the Region's MTA. « 250 » is said only after the raw message is committed.

Anything else is a temporary refusal: the MTA keeps the message and comes back. Nothing is understood here.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, AnyStr

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import Envelope, syntax
from asgiref.sync import sync_to_async
from django.db import InterfaceError, OperationalError, connection

from guichet.cases.actions import register_raw

log = logging.getLogger(__name__)

TRY_LATER = "451 4.3.0 Message non enregistre, reessayez plus tard"


class Listener(LMTP):
    """After the body, one answer for each recipient (RFC 2033, 4.2): with one only, the MTA waits for the others."""

    _answers = 1

    async def push(self, status: AnyStr) -> None:
        for _ in range(self._answers):
            await super().push(status)
        if isinstance(status, str) and status.startswith("354"):
            assert self.envelope is not None
            self._answers = len(self.envelope.rcpt_tos)

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:
        try:
            await super().smtp_DATA(arg)
        finally:
            self._answers = 1


class Door:
    """aiosmtpd handler: one message in, one row and one file, then 250."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        raw = envelope.content
        if not raw or not raw.strip():
            return "550 5.6.0 Message vide"
        content = raw if isinstance(raw, bytes) else raw.encode("utf-8", "surrogateescape")
        try:
            await sync_to_async(keep, thread_sensitive=False)(
                content, envelope.mail_from or "<>", tuple(envelope.rcpt_tos)
            )
        except Exception as error:
            log.error("message not kept: %s", type(error).__name__)
            return TRY_LATER
        return "250 2.0.0 Message enregistre"


def keep(raw: bytes, envelope_from: str, envelope_to: tuple[str, ...]) -> None:
    """Store one message, committed. A connection that broke while it slept is opened again once.

    Trying twice is harmless: the same bytes are one item.
    """
    try:
        register_raw("email", raw, envelope_from=envelope_from, envelope_to=envelope_to)
    except (OperationalError, InterfaceError):
        connection.close()
        register_raw("email", raw, envelope_from=envelope_from, envelope_to=envelope_to)
    except Exception:
        connection.close()  # the next message starts from a sound connection
        raise


async def serve(host: str, port: int, max_bytes: int) -> None:
    """Listen until cancelled, database there or not: a message that comes while it is away is deferred by the MTA."""
    loop = asyncio.get_running_loop()
    # Over 1,001 bytes a line is refused by default: some mailers write a page on one, and nothing is lost for that.
    Listener.line_length_limit = max_bytes

    def factory() -> Listener:
        return Listener(Door(), data_size_limit=max_bytes, enable_SMTPUTF8=True, ident="Guichet", loop=loop)

    server = await loop.create_server(factory, host, port)
    log.info("LMTP on %s:%s", host, port)
    async with server:
        await server.serve_forever()
