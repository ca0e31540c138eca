"""What the clock does to cases."""

from __future__ import annotations

from django.utils import timezone

from guichet.accounts.machines import GUICHET, machine
from guichet.cases.actions import close, wake
from guichet.cases.models import Case
from guichet.cases.models.case import Result
from guichet.core.jobs import every
from guichet.core.refused import Refused

SLICE = 500


@every("*/5 * * * *", "cases.wake")
def wake_sleeping(timestamp: int) -> None:
    for case in Case.objects.filter(snoozed_until__lte=timezone.now())[:SLICE]:
        wake(case, by=machine(GUICHET))


@every("11 6 * * *", "cases.give_up")
def end_waiting(timestamp: int) -> None:
    """Nobody answered within the announced time: the case ends, and a message reopens it."""
    for case in Case.objects.filter(give_up_at__lte=timezone.now(), closed_at__isnull=True)[:SLICE]:
        try:
            close(case, by=machine(GUICHET), result=Result.NO_REACTION)
        except Refused:
            continue
