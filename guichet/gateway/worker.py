"""The worker: understands what came in, sends what is due, reads the journal, runs the jobs of the clock.

Incoming items and deliveries are their own queues (a row, its state, SKIP LOCKED): several workers share them, and a
killed one leaves nothing behind but rows that still wait. Only what comes with the clock goes through Procrastinate.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from django.db import InterfaceError, OperationalError, close_old_connections, connection

from guichet.cases.actions import understand_waiting
from guichet.cases.actions.batching import work_batches
from guichet.cases.reading import read_waiting
from guichet.cases.scanning import scan_waiting
from guichet.gateway.actions import send_calls
from guichet.journal.watching import catch_up
from guichet.outbox.sending import send_due
from guichet.procedures.actions import work_dossier_batches

log = logging.getLogger(__name__)

IDLE_SECONDS = 0.5


def pump(work: Callable[[], int], stop: threading.Event, *, idle: float = IDLE_SECONDS) -> None:
    """Call `work` again and again; rest when it had nothing to do, wait when the database is away."""
    while not stop.is_set():
        try:
            close_old_connections()
            done = work()
        except (OperationalError, InterfaceError):
            log.warning("database away, waiting")
            connection.close()
            stop.wait(2)
        except Exception:
            log.exception("pump")
            connection.close()
            stop.wait(5)
        else:
            if not done:
                stop.wait(idle)
    connection.close()


def start_pumps(stop: threading.Event) -> list[threading.Thread]:
    pumps: dict[str, Callable[[], int]] = {
        "inbox": understand_waiting,
        "outbox": send_due,
        "journal": catch_up,
        "antivirus": scan_waiting,
        "documents": read_waiting,
        "batches": work_batches,
        "dossiers": work_dossier_batches,
        "webhooks": send_calls,
    }
    threads = [threading.Thread(target=pump, args=(work, stop), name=name, daemon=True) for name, work in pumps.items()]
    for thread in threads:
        thread.start()
    return threads


def drain(seconds: float = 60.0) -> None:
    """Do everything that waits now, in this process: for imports and tests."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and (
        understand_waiting()
        + send_due()
        + catch_up()
        + scan_waiting()
        + read_waiting()
        + work_batches()
        + work_dossier_batches()
        + send_calls()
    ):
        continue
