from __future__ import annotations

import logging
import signal
import threading
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand
from procrastinate.contrib.django import app

from guichet.gateway.worker import start_pumps

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Traite ce qui arrive, envoie ce qui est dû, exécute les tâches de l'horloge."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--sans-horloge", action="store_true", help="seulement les files, sans les tâches")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()

        def leave(number: int, frame: FrameType | None) -> None:
            stop.set()

        threads = start_pumps(stop)
        if options["sans_horloge"]:
            signal.signal(signal.SIGTERM, leave)
            signal.signal(signal.SIGINT, leave)
            stop.wait()
        else:
            self._run_clock()
            stop.set()
        for thread in threads:
            thread.join(timeout=35)

    def _run_clock(self) -> None:
        """Blocks until a signal. Finished jobs are deleted: a long history makes fetching slow (findings)."""
        worker_app = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
        with app.replace_connector(worker_app.connector) as running:
            running.run_worker(
                concurrency=2, delete_jobs="successful", fetch_job_polling_interval=1.0, install_signal_handlers=True
            )
