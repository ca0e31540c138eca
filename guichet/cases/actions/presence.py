"""Being there: told to the open screens of the same case, written in no journal."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.models import Case, Presence
from guichet.cases.models.presence import CHANNEL
from guichet.cases.policy import require_handle
from guichet.core.refused import Refused

BEAT_SECONDS = 15
LASTS = timedelta(seconds=3 * BEAT_SECONDS)  # two beats may be lost


@transaction.atomic
def be_present(case: Case, *, by: User, state: str) -> None:
    """One beat of an open screen. Only a change is told."""
    require_handle(by, case)
    if state not in Presence.State.values:
        raise Refused("Cet état de présence n'existe pas.", status=400)
    now = timezone.now()
    known = Presence.objects.filter(case=case, user=by).first()
    if known is not None and known.until > now and known.state == state:
        Presence.objects.filter(pk=known.pk).update(until=now + LASTS)
        return
    Presence.objects.update_or_create(case=case, user=by, defaults={"state": state, "since": now, "until": now + LASTS})
    _tell(case)


@transaction.atomic
def leave(case: Case, *, by: User) -> None:
    gone, _ = Presence.objects.filter(case=case, user=by).delete()
    if gone:
        _tell(case)


def forget_presences(*, by: User) -> None:
    """Those whose screen was closed without a word."""
    assert by.is_machine
    Presence.objects.filter(until__lt=timezone.now()).delete()


def _tell(case: Case) -> None:
    """Numbers only: what is needed to know who may be told, asked of nobody again."""
    said = f"{case.pk},{case.team_id or ''},{case.assignee_id or ''},{case.sensitivity}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, said])
