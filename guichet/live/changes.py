"""What was committed between two instants, with what it takes to know who may be told."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.db import connection

from guichet.cases.policy import Viewer
from guichet.journal.snapshots import current_snapshot, is_snapshot

AT_MOST = 500

_SINCE = """
SELECT pg_current_snapshot()::text, coalesce(json_agg(row_to_json(changes)), '[]') FROM (
    SELECT e.verb, e.case_id AS "case", (e.data ->> 'left')::bigint AS "left",
           c.team_id AS team, c.assignee_id AS assignee, c.sensitivity
    FROM journal_event e LEFT JOIN cases_case c ON c.id = e.case_id
    WHERE e.transaction >= pg_snapshot_xmin(%(since)s::pg_snapshot)::text::bigint
      AND NOT pg_visible_in_snapshot(e.transaction::text::xid8, %(since)s::pg_snapshot)
      AND (e.verb LIKE 'account.%%' OR (c.id IS NOT NULL AND e.verb <> 'case.read'))
    ORDER BY e.transaction, e.id LIMIT %(most)s
) changes
"""


@dataclass(frozen=True, slots=True)
class Change:
    """One event of the journal about a case, or about an account (`case` is then None)."""

    verb: str
    case: int | None
    left: int | None  # the team a transfer left: it is told too, its list changed
    team: int | None
    assignee: int | None
    sensitivity: int | None

    @property
    def kind(self) -> str:
        return "message" if self.verb == "case.message" else "change"

    def concerns(self, viewer: Viewer) -> bool:
        if self.case is None or self.sensitivity is None:
            return False
        if viewer.sees(team_id=self.team, assignee_id=self.assignee, sensitivity=self.sensitivity):
            return True
        return self.left is not None and self.left in viewer.teams and self.sensitivity <= viewer.clearance


@dataclass(frozen=True, slots=True)
class Delta:
    """`too_many`: more than can be told one by one, or a mark that means nothing here: look at everything again."""

    until: str
    changes: tuple[Change, ...] = ()
    too_many: bool = False

    def said_to(self, viewer: Viewer) -> bytes:
        """The message of the stream for this viewer; empty when nothing concerns him."""
        if self.too_many:
            return message(self.until, "reprendre", {})
        kinds: dict[int, dict[str, int]] = {}
        for change in self.changes:
            if change.case is not None and change.concerns(viewer):
                counts = kinds.setdefault(change.case, {})
                counts[change.kind] = counts.get(change.kind, 0) + 1
        cases = [{"id": case, **counts} for case, counts in kinds.items()]
        return message(self.until, "changements", {"demandes": cases}) if cases else b""


def message(until: str, event: str, data: object) -> bytes:
    return f"id: {until}\nevent: {event}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def changes_since(since: str) -> Delta:
    """What is committed now and was not at `since` (a snapshot, perhaps typed by a browser)."""
    if not is_snapshot(since):
        return Delta(current_snapshot(), too_many=True)
    with connection.cursor() as cursor:
        cursor.execute(_SINCE, {"since": since, "most": AT_MOST + 1})
        until, rows = cursor.fetchone()
    found = json.loads(rows) if isinstance(rows, str) else rows
    # A mark ahead of the present comes from another database (restored, replaced): it means nothing here.
    if len(found) > AT_MOST or int(since.split(":")[1]) > int(until.split(":")[1]):
        return Delta(until, too_many=True)
    return Delta(until, tuple(Change(**row) for row in found))
