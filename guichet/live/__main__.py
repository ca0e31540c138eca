"""`python -m guichet.live`: serve the streams on GUICHET_LIVE_PORT until told to stop."""

from __future__ import annotations

import os
from types import FrameType

import django
import uvicorn


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guichet.settings")
    django.setup()
    from django.conf import settings

    from guichet.live.application import Application

    application = Application()

    class Server(uvicorn.Server):
        """Streams never end by themselves: they are ended when the process is asked to."""

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            application.hub.stop()
            super().handle_exit(sig, frame)

    config = uvicorn.Config(
        application, host=settings.LIVE_HOST, port=settings.LIVE_PORT, log_level="warning", access_log=False,
        timeout_graceful_shutdown=2, server_header=False, lifespan="on",
    )  # fmt: skip
    Server(config).run()


if __name__ == "__main__":
    main()
