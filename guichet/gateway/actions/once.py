"""The same call sent twice is done once: its answer is kept for a day under the key that the caller chose."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from guichet.core.refused import Refused
from guichet.gateway.models import ApiKey, KeptAnswer

KEPT_FOR = timedelta(hours=24)


@transaction.atomic
def once(key: ApiKey, value: str, digest: str, run: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `run` answers, or answered the first time. Two at once: the second one waits for the first to commit.

    A refusal undoes everything, the mark included: the call may be corrected and sent again under the same key.
    Raises `Refused` when the key already served for something else.
    """
    now = timezone.now()
    KeptAnswer.objects.filter(key=key, value=value, expires_at__lt=now).delete()
    KeptAnswer.objects.bulk_create(
        [KeptAnswer(key=key, value=value, digest=digest, expires_at=now + KEPT_FOR)], ignore_conflicts=True
    )
    row = KeptAnswer.objects.select_for_update().get(key=key, value=value)
    if row.digest != digest:
        raise Refused(
            "Cette clé d'idempotence a déjà servi pour une autre demande : choisissez-en une nouvelle.",
            status=422, code="idempotency_key_reused",
        )  # fmt: skip
    if not row.status:
        row.body, row.status = run(), 201
        row.save(update_fields=["body", "status"])
    return dict(row.body)


def forget_answers() -> int:
    return KeptAnswer.objects.filter(expires_at__lt=timezone.now()).delete()[0]
