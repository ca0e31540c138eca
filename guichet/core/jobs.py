"""Jobs that come back with the clock, and long ones asked for once.

Procrastinate is kept behind this name. Its traps are guarded: finished jobs are deleted (manage.py worker), stalled
ones retried (core.tasks), one of a kind waits at a time. Every task may run twice and must bear it. Tasks live in
`tasks.py` of each package.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import AlreadyEnqueued

STALLED_AFTER_SECONDS = 60


def every(cron: str, name: str, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Declare a task run by the clock: `@every("*/5 * * * *", "notices.remind")`. It receives `timestamp`."""

    def decorate(function: Callable[..., Any]) -> Any:
        declared: Any = app.task(name=name, queueing_lock=name, **options)
        periodic: Any = app.periodic(cron=cron)
        return periodic(declared(function))

    return decorate


def long(name: str) -> Callable[[Callable[..., Any]], Any]:
    """Declare a long task, run once when asked for: `@long("cases.learn")`, then `ask("cases.learn", by=3)`."""

    def decorate(function: Callable[..., Any]) -> Any:
        declared: Any = app.task(name=name, queueing_lock=name)
        return declared(function)

    return decorate


def ask(name: str, **arguments: Any) -> bool:
    """Queue a long task in the transaction that runs. False when one already waits."""
    try:
        with transaction.atomic():  # the refusal of a second one must not spoil what the caller did
            app.configure_task(name, queueing_lock=name).defer(**arguments)
    except AlreadyEnqueued:
        return False
    return True


def is_asked(name: str) -> bool:
    """It waits or runs now."""
    return ProcrastinateJob.objects.filter(task_name=name, status__in=["todo", "doing"]).exists()
