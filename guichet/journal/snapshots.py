"""A point in the journal: what was committed, and what was not yet, at one instant.

Numbers are given out before commit, so « after the last one I saw » misses slow committers. A PostgreSQL snapshot
(`xmin:xmax:running`) does not: what is visible now and was not in the snapshot is exactly what was committed since.
Unlike `watching`, this does not wait for the oldest transaction: a backup that lasts an hour delays nobody's screen.
"""

from __future__ import annotations

import re

from django.db import connection

from guichet.journal.models import Event

CHANNEL = "guichet_journal"  # what the trigger on the journal notifies
_SHAPE = re.compile(r"\d{1,19}:\d{1,19}:(?:\d{1,19}(?:,\d{1,19})*)?")
LONGEST = 4000


def is_snapshot(text: str) -> bool:
    """What comes back from a browser is text like any other."""
    if len(text) > LONGEST or not _SHAPE.fullmatch(text):
        return False
    low, high, _ = text.split(":")
    return 0 < int(low) <= int(high) < 2**63


def current_snapshot() -> str:
    """Take it before reading what will be shown: what is committed meanwhile is then told again, never lost."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_snapshot()::text")
        return str(cursor.fetchone()[0])


_OF_CASE = """
SELECT * FROM journal_event WHERE case_id = %(case)s
   AND transaction >= pg_snapshot_xmin(%(since)s::pg_snapshot)::text::bigint
   AND NOT pg_visible_in_snapshot(transaction::text::xid8, %(since)s::pg_snapshot)
 ORDER BY id LIMIT %(most)s
"""


def events_since(snapshot: str, *, case_id: int, at_most: int = 50) -> list[Event]:
    """What was committed about a case since; nothing when the snapshot, which a browser gave back, is none."""
    if not is_snapshot(snapshot):
        return []
    return list(Event.objects.raw(_OF_CASE, {"case": case_id, "since": snapshot, "most": at_most}))
