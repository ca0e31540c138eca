"""Jobs that come back with the clock.

Procrastinate is kept behind this name. Its traps are guarded: finished jobs are deleted (manage.py worker), stalled
ones retried (core.tasks), one of a kind waits at a time. Every task may run twice and must bear it. Tasks live in
`tasks.py` of each package.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from procrastinate.contrib.django import app

STALLED_AFTER_SECONDS = 60


def every(cron: str, name: str, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Declare a task run by the clock: `@every("*/5 * * * *", "notices.remind")`. It receives `timestamp`."""

    def decorate(function: Callable[..., Any]) -> Any:
        declared: Any = app.task(name=name, queueing_lock=name, **options)
        periodic: Any = app.periodic(cron=cron)
        return periodic(declared(function))

    return decorate
