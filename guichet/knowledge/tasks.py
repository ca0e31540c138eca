"""What the clock does to the base."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from guichet.accounts.machines import GUICHET, machine
from guichet.core.calendar import paris_day
from guichet.core.jobs import every, long
from guichet.knowledge.actions import build_indexes, publish_due, sweep_asked, touch
from guichet.knowledge.actions.finding import BUILDING, renew_indexes
from guichet.knowledge.models import Article


@long(BUILDING)
def build() -> None:
    build_indexes()


@every("* * * * *", "knowledge.publish_due")
def publish_scheduled(timestamp: int) -> None:
    publish_due(by=machine(GUICHET))


@every("* * * * *", "knowledge.renew_indexes")
def renew(timestamp: int) -> None:
    renew_indexes()


@every("2 0 * * *", "knowledge.turn_of_day")
def turn_of_day(timestamp: int) -> None:
    """Answers that begin or end today come into the search, or leave it."""
    today = paris_day(timezone.now())
    turning = Q(live__valid_from=today) | Q(live__valid_until=today - timedelta(days=1))
    if Article.objects.filter(turning, archived_at__isnull=True).exists():
        touch()


@every("17 4 * * *", "knowledge.sweep_asked")
def forget_questions(timestamp: int) -> None:
    before = timezone.now() - timedelta(days=settings.ASKED_DAYS)
    while sweep_asked(before, by=machine(GUICHET)):
        continue
