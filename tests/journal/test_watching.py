"""Watchers read in the order of commits: who committed late is never skipped, and nothing is handled twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from django.db import connection, transaction

from guichet.accounts.machines import GUICHET, machine
from guichet.journal import watching
from guichet.journal.actions import record
from guichet.journal.models import Event

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Subjects of the events that a watcher of `case.closed` was told."""
    subjects: list[str] = []
    monkeypatch.setattr(watching, "_watchers", {})
    watching.watch("test", ["case.closed"])(lambda event: subjects.append(event.subject))
    watching.catch_up()  # it starts from now
    yield subjects


def caught_up() -> int:
    """What watchers are told once nobody older runs."""
    settled()
    return watching.catch_up()


def settled() -> None:
    """No transaction older than the last event runs: tests beside this one share the server, and may take long."""
    until = time.monotonic() + 120
    while _older_runs() and time.monotonic() < until:
        time.sleep(0.02)


def _older_runs() -> bool:
    with connection.cursor() as sql:
        sql.execute(
            "SELECT coalesce(max(transaction), 0) >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint "
            "FROM journal_event"
        )
        return bool(sql.fetchone()[0])


def say(subject: str, verb: str = "case.closed") -> None:
    record(verb, by=machine(GUICHET), subject=subject)


def test_events_are_told_once_and_only_the_wanted_ones(heard: list[str]) -> None:
    for subject in ("a", "b"):
        say(subject)
    say("c", "case.assigned")
    assert caught_up() == 2
    assert caught_up() == 0
    assert heard == ["a", "b"]


def test_a_slow_committer_is_not_skipped(heard: list[str]) -> None:
    """Its event has the smaller id, and becomes visible after the watcher could have read a greater one."""
    written, read = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            say("slow")
            written.set()
            assert read.wait(30)
        connection.close()

    machine(GUICHET)
    thread = threading.Thread(target=slow)
    thread.start()
    assert written.wait(30)
    say("fast")
    assert watching.catch_up() == 0  # an older transaction runs: what follows it waits
    read.set()
    thread.join()
    assert caught_up() == 2
    assert heard == ["slow", "fast"]
    assert list(Event.objects.order_by("id").values_list("subject", flat=True)) == ["slow", "fast"]


def test_a_rolled_back_event_is_never_told(heard: list[str]) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        say("never")
        raise RuntimeError
    say("after")
    caught_up()
    assert heard == ["after"]


def test_a_watcher_that_fails_is_told_again_from_there(heard: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(event: Event) -> None:
        raise RuntimeError

    say("a")
    good = watching._watchers["test"]
    monkeypatch.setitem(watching._watchers, "test", (good[0], failing))
    with pytest.raises(RuntimeError):
        caught_up()
    monkeypatch.setitem(watching._watchers, "test", good)
    caught_up()
    assert heard == ["a"]


def test_more_than_a_slice_is_read_to_the_end(heard: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "SLICE", 3)
    for number in range(8):
        say(str(number))
    caught_up()
    assert heard == [str(number) for number in range(8)]
