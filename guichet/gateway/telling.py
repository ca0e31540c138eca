"""What programs are told of dossiers: which events, which details. Never who examined, nor what he thinks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection

from guichet.core.refused import Refused
from guichet.gateway.models import ApiKey
from guichet.journal.models import Event
from guichet.journal.verbs import SAID

# The steps inside the service (who has it, the opinion before the vote) are its own.
TOLD = (
    "dossier.filed", "dossier.imported", "dossier.step", "dossier.piece_received", "dossier.piece_accepted",
    "dossier.piece_refused", "dossier.piece_expired", "dossier.piece_waived", "dossier.pieces_asked",
    "dossier.pieces_overdue",
    "dossier.admissible", "dossier.complete", "dossier.decided", "dossier.decision_withdrawn", "dossier.implicit",
    "dossier.payment_ready", "dossier.payment_ordered", "dossier.paid", "dossier.payment_rejected",
    "dossier.shortened", "dossier.recovery", "dossier.account_changed", "dossier.withdrawn", "dossier.lapsed",
    "dossier.corrected",
)  # fmt: skip
DETAILS = ("step", "steps", "piece", "rank", "version", "channel", "until", "count", "outcome", "procedure")
SCANNED = 2000  # events read by one call, whether or not they are of the dossiers of the key


@dataclass(frozen=True, slots=True)
class Told:
    event: Event
    reference: str
    procedure: str


def kind_said(verb: str) -> str:
    """The sentence of the history, without what changes from one event to another."""
    return re.sub(r" sur \{\w+\}| : \{\w+\}| \{\w+\}|, règles version \{\w+\}", "", SAID[verb])


def details(event: Event) -> dict[str, Any]:
    return {name: event.data[name] for name in DETAILS if name in event.data}


def link_to(reference: str) -> str:
    return f"{settings.PUBLIC_URL}/api/v1/dossiers/{reference}"


_SLICE = """
WITH slice AS MATERIALIZED (
    SELECT * FROM journal_event WHERE (transaction, id) > (%(transaction)s, %(event)s)
       AND transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
     ORDER BY transaction, id LIMIT %(scanned)s
), matching AS (
    SELECT slice.id, slice.at, slice.verb, slice.data, slice.transaction, d.reference AS dossier, p.code AS procedure
      FROM slice JOIN procedures_dossier d ON d.case_id = slice.case_id
      JOIN procedures_procedure p ON p.id = d.procedure_id JOIN organisation_team t ON t.id = p.team_id
     WHERE slice.verb = ANY(%(verbs)s) AND starts_with(t.path, %(path)s)
     ORDER BY slice.transaction, slice.id LIMIT %(most)s
)
SELECT id, at, verb, data, transaction, dossier, procedure, 0 AS last FROM matching
 UNION ALL
(SELECT id, at, verb, '{}'::jsonb, transaction, '', '', (SELECT count(*) FROM slice) FROM slice
  ORDER BY transaction DESC, id DESC LIMIT 1)
"""


def events_after(key: ApiKey, after: str, *, most: int) -> tuple[list[Told], str, bool]:
    """(events, where to go on from, whether there may be more), in the order they were committed.

    Numbers are given out before commit: only transactions older than the oldest one running are read, so that a slow
    one is never skipped.
    """
    place = read_place(after)
    found: list[Told] = []
    end: tuple[int, int, int] | None = None
    for event in Event.objects.raw(_SLICE, {
        "transaction": place[0], "event": place[1], "scanned": SCANNED, "verbs": list(TOLD),
        "path": key.team.path if key.team else "", "most": most,
    }):  # fmt: skip
        said: Any = event
        if said.last:
            end = (event.transaction, event.pk, said.last)
        else:
            found.append(Told(event, said.dossier, said.procedure))
    if end is None:
        return found, after or "0.0", False
    found.sort(key=lambda told: (told.event.transaction, told.event.pk))
    if len(found) == most:  # there may be others between the last one and the end of the slice
        last = found[-1].event
        return found, f"{last.transaction}.{last.pk}", True
    return found, f"{end[0]}.{end[1]}", end[2] == SCANNED


def read_place(text: str) -> tuple[int, int]:
    """« transaction.event »; empty: from the first one."""
    if not text:
        return 0, 0
    parts = text.split(".")
    if len(parts) != 2 or not all(part.isascii() and part.isdecimal() and len(part) < 19 for part in parts):
        raise Refused("Ce curseur n'est pas l'un de ceux que nous donnons.", status=422, code="cursor")
    return int(parts[0]), int(parts[1])


def place_of_now() -> str:
    """After all that is surely committed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT (pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1)::text || '.' || %s", [2**59])
        return str(cursor.fetchone()[0])
