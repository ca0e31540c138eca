"""Jobs: work deferred in the transaction that causes it, and work that comes back with the clock.

Procrastinate is kept behind these few names (docs/decisions/0003). Its known traps are guarded: finished jobs are
deleted, stalled ones retried, a queueing lock that is taken does not break the caller's transaction.
Every task may run twice and must bear it. Tasks live in `tasks.py` of each package.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.db import transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

log = logging.getLogger(__name__)

RETRY = RetryStrategy(max_attempts=8, exponential_wait=4)
STALLED_AFTER_SECONDS = 60


def task(name: str, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Declare a task: `@task("people.find_duplicates")`. It is run by `manage.py worker`."""
    options.setdefault("retry", RETRY)
    return app.task(name=name, **options)


def every(cron: str, name: str, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Declare a task run by the clock: `@every("*/5 * * * *", "notices.remind")`. It receives `timestamp`."""

    def decorate(function: Callable[..., Any]) -> Any:
        declared: Any = app.task(name=name, queueing_lock=name, **options)
        periodic: Any = app.periodic(cron=cron)
        return periodic(declared(function))

    return decorate


def defer(name: str, *, once: str = "", delay: int = 0, **arguments: Any) -> None:
    """Queue a job in the current transaction, `delay` in seconds. `once`: at most one such job waits at a time."""
    deferrer = app.configure_task(name, queueing_lock=once or None, schedule_in={"seconds": delay} if delay else None)
    try:
        with transaction.atomic():  # savepoint: AlreadyEnqueued must not abort the caller's transaction
            deferrer.defer(**arguments)
    except AlreadyEnqueued:
        log.debug("already queued: %s", name)
