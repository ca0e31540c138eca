"""What the clock does to cases."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from guichet.accounts.machines import GUICHET, machine
from guichet.accounts.models import User
from guichet.cases.actions import resume_overdue, wake
from guichet.cases.actions.batching import sweep_batches
from guichet.cases.actions.ideas import FINDING, find_ideas, sweep_ideas
from guichet.cases.actions.personal import forget_drafts
from guichet.cases.actions.presence import forget_presences
from guichet.cases.actions.routing import LEARNING, learn_when_asked
from guichet.cases.actions.tallying import fold_tallies
from guichet.cases.models import Case
from guichet.core.jobs import every, long

SLICE = 500


@every("*/5 * * * *", "cases.wake")
def wake_sleeping(timestamp: int) -> None:
    for case in Case.objects.filter(snoozed_until__lte=timezone.now())[:SLICE]:
        wake(case, by=machine(GUICHET))


@every("11 * * * *", "cases.give_up")
def end_waiting(timestamp: int) -> None:
    """Nobody answered within the announced time, or the pieces did not come."""
    resume_overdue(by=machine(GUICHET), limit=SLICE)


@every("41 2 * * *", "cases.forget_drafts")
def forget_old_drafts(timestamp: int) -> None:
    """What was begun and never sent is not kept for ever."""
    forget_presences(by=machine(GUICHET))
    before = timezone.now() - timedelta(days=settings.DRAFT_DAYS)
    while forget_drafts(by=machine(GUICHET), before=before, limit=SLICE) == SLICE:
        continue


@long(LEARNING)
def learn(by: int) -> None:
    """A new version of the routing, asked for on the screen."""
    learn_when_asked(by=User.objects.get(pk=by))


@long(FINDING)
def find_answer_ideas() -> None:
    """What agents write again and again, asked for on the screen."""
    find_ideas(by=machine(GUICHET))


@every("37 3 * * *", "cases.answer_ideas")
def look_for_answer_ideas(timestamp: int) -> None:
    while sweep_ideas(by=machine(GUICHET)):
        continue
    find_ideas(by=machine(GUICHET))


@every("* * * * *", "cases.fold_tallies")
def fold_tallies_of_inbox(timestamp: int) -> None:
    fold_tallies()


@every("23 3 * * *", "cases.sweep_batches")
def sweep_old_batches(timestamp: int) -> None:
    sweep_batches()
