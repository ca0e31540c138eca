"""The months of the journal: each has its partition before it begins; what the default one took meanwhile is moved."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime

from django.db import OperationalError, connection, transaction

log = logging.getLogger(__name__)

AHEAD = 3  # months: a worker that stays down for less changes nothing
# A month whose lock does not come is left to the next run: every action writes here, none may queue behind us.
LOCK_SECONDS = 5


def prepare(today: date | None = None, *, ahead: int = AHEAD) -> list[str]:
    """Make the partitions of this month and the next ones, and of those the default partition holds events of.

    Months are those of UTC, as the server's. Returns the names of those made. Each in a transaction of its own.
    """
    now = today or datetime.now(UTC).date()
    this = date(now.year, now.month, 1)
    wanted = {_later(this, months) for months in range(ahead + 1)} | _months_in_default()
    made = []
    for month in sorted(wanted - _existing()):
        try:
            made.append(_make(month))
        except OperationalError:
            log.warning("journal partition %s put off: the table is busy", _name(month))
    return made


def _make(month: date) -> str:
    name = _name(month)
    first, end = _moment(month), _moment(_later(month, 1))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
        cursor.execute("LOCK TABLE journal_event IN ACCESS EXCLUSIVE MODE")
        # Without the identity of `id`: it belongs to the whole table.
        cursor.execute(f"CREATE TABLE {name} (LIKE journal_event INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
        cursor.execute(
            "WITH moved AS (DELETE FROM journal_event_default WHERE at >= %s AND at < %s RETURNING *) "  # noqa: S608
            f"INSERT INTO {name} SELECT * FROM moved",
            [first, end],
        )
        cursor.execute(
            f"ALTER TABLE journal_event ATTACH PARTITION {name} "
            f"FOR VALUES FROM ('{first.isoformat()}') TO ('{end.isoformat()}')"
        )
    return name


def _months_in_default() -> set[date]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT date_trunc('month', at AT TIME ZONE 'UTC')::date FROM journal_event_default")
        return {row[0] for row in cursor.fetchall()}


def _existing() -> set[date]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = 'journal_event'::regclass"
        )
        names = [row[0].removeprefix("journal_event_") for row in cursor.fetchall()]
    return {date(int(name[:4]), int(name[5:]), 1) for name in names if name != "default"}


def _name(month: date) -> str:
    return f"journal_event_{month:%Y_%m}"


def _later(month: date, months: int) -> date:
    years, index = divmod(month.month - 1 + months, 12)
    return date(month.year + years, index + 1, 1)


def _moment(month: date) -> datetime:
    return datetime(month.year, month.month, 1, tzinfo=UTC)
