from __future__ import annotations

import asyncio
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from guichet.gateway.lmtp import serve


class Command(BaseCommand):
    help = "Écoute les messages que remet le serveur de courrier de la Région (LMTP)."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            asyncio.run(self._run())
        except OSError as error:
            raise CommandError(f"Le port {settings.LMTP_PORT} ne peut pas être ouvert : {error.strerror}.") from error

    async def _run(self) -> None:
        task = asyncio.ensure_future(serve(settings.LMTP_HOST, settings.LMTP_PORT, settings.MAIL_MAX_BYTES))
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, task.cancel)
        try:
            await task
        except asyncio.CancelledError:
            return
