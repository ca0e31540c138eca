"""Reading the journal in the order things were committed, each event once.

Ids are handed out before commit: a watcher that remembered the last id would miss events of transactions that were
slower to commit. So it reads in the order (transaction, id), and only transactions that are surely over
(older than the oldest one still running).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db import connection, transaction

from guichet.journal.models import Cursor, Event

Handler = Callable[[Event], None]
SLICE = 200

_watchers: dict[str, tuple[frozenset[str], Handler]] = {}


def watch(name: str, verbs: Sequence[str]) -> Callable[[Handler], Handler]:
    """Declare a watcher: `@watch("notices.closing", ["case.closed"])`. The handler may be called again after a crash
    that came before its own commit, never after it: cursor and effects move in one transaction."""

    def decorate(handler: Handler) -> Handler:
        _watchers[name] = (frozenset(verbs), handler)
        return handler

    return decorate


def catch_up() -> int:
    """Let every watcher read what is new. Returns the number of events handled."""
    return sum(_catch_up(name, verbs, handler) for name, (verbs, handler) in _watchers.items())


def _catch_up(name: str, verbs: frozenset[str], handler: Handler) -> int:
    handled = 0
    while True:
        with transaction.atomic():
            cursor = _locked_cursor(name)
            if cursor is None:
                return handled  # another worker is reading for this watcher
            events = list(_slice_after(cursor))
            if not events:
                return handled
            for event in events:
                if event.verb in verbs:
                    handler(event)
                    handled += 1
            last = events[-1]
            cursor.transaction, cursor.event_id = last.transaction, last.pk
            cursor.save(update_fields=["transaction", "event_id"])
        if len(events) < SLICE:
            return handled


def _locked_cursor(name: str) -> Cursor | None:
    found = Cursor.objects.select_for_update(skip_locked=True).filter(watcher=name).first()
    if found is not None:
        return found
    if Cursor.objects.filter(watcher=name).exists():
        return None
    # A new watcher starts from now: it does not speak about the past.
    with connection.cursor() as sql:
        sql.execute(
            "INSERT INTO journal_cursor (watcher, transaction, event_id) VALUES "
            "(%s, (pg_snapshot_xmin(pg_current_snapshot())::text::bigint) - 1, 9223372036854775807) "
            "ON CONFLICT DO NOTHING",
            [name],
        )
    return Cursor.objects.select_for_update(skip_locked=True).filter(watcher=name).first()


def _slice_after(cursor: Cursor) -> Sequence[Event]:
    return list(
        Event.objects.raw(
            "SELECT * FROM journal_event WHERE (transaction, id) > (%s, %s) "
            "AND transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint "
            "ORDER BY transaction, id LIMIT %s",
            [cursor.transaction, cursor.event_id, SLICE],
        )
    )
