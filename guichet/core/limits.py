"""Rate limits that hold across processes: one row a key and window, counted by one upsert."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.http import HttpRequest

from guichet.core.refused import Refused


class TooMany(Refused):
    def __init__(self, message: str) -> None:
        super().__init__(message, status=429, code="too_many")


def spend(purpose: str, who: str, *, at_most: int, per: timedelta, message: str | None = None) -> int:
    """Count one try of `who` for `purpose`; raises `TooMany` beyond `at_most` in the window `per`.

    `who` (an address, an IP) is kept only as a digest. Counts survive the rollback of nothing: call it
    outside the action's transaction, so that a refused try is still counted.
    """
    key = _key(purpose, who)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO core_allowance AS a (key, count, until) VALUES (%s, 1, now() + make_interval(secs => %s))
            ON CONFLICT (key) DO UPDATE SET
                count = CASE WHEN a.until < now() THEN 1 ELSE a.count + 1 END,
                until = CASE WHEN a.until < now() THEN excluded.until ELSE a.until END
            RETURNING count
            """,
            [key, per.total_seconds()],
        )
        count = int(cursor.fetchone()[0])
    if count > at_most:
        raise TooMany(message or "Trop d'essais en peu de temps. Patientez un moment avant de recommencer.")
    return count


def forget(purpose: str, who: str) -> None:
    """Give the whole allowance back, after a success."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_allowance WHERE key = %s", [_key(purpose, who)])


def _key(purpose: str, who: str) -> str:
    digest = hashlib.blake2b(who.encode(), key=settings.SECRET_KEY.encode()[:64], digest_size=16).hexdigest()
    return f"{purpose}:{digest}"


def client_address(request: HttpRequest) -> str:
    """The address of who asks, as far as the trusted proxies in front can tell (never a header a client forges)."""
    if settings.TRUSTED_PROXIES:
        hops = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
        if len(hops) >= settings.TRUSTED_PROXIES:
            return hops[-settings.TRUSTED_PROXIES]
    return str(request.META.get("REMOTE_ADDR") or "local")
