from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from guichet.citizens.models import Account

SEEN_EVERY = timedelta(hours=1)


def be_seen(account: Account) -> None:
    """He asked for a page: written in no journal, and once in a while only."""
    now = timezone.now()
    if account.last_seen_at is None or now - account.last_seen_at > SEEN_EVERY:
        account.last_seen_at = now
        Account.objects.filter(pk=account.pk).update(last_seen_at=now)
