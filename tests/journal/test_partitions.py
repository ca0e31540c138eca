"""Each month has its partition before it begins, whatever the default one took meanwhile."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import connection

from guichet.accounts.machines import GUICHET, machine
from guichet.journal.models import Event
from guichet.journal.partitions import prepare

pytestmark = pytest.mark.django_db


def place_of(event: Event) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM journal_event WHERE id = %s", [event.pk])
        return str(cursor.fetchone()[0])


def event_at(*day: int) -> Event:
    return Event.objects.create(verb="case.received", actor=machine(GUICHET), at=datetime(*day, tzinfo=UTC), data={})


def test_the_months_to_come_are_made_once_over_the_turn_of_the_year() -> None:
    assert prepare(date(2031, 11, 30)) == [
        "journal_event_2031_11", "journal_event_2031_12", "journal_event_2032_01", "journal_event_2032_02",
    ]  # fmt: skip
    assert prepare(date(2031, 12, 1)) == ["journal_event_2032_03"]
    assert place_of(event_at(2031, 12, 31, 23, 59, 59)) == "journal_event_2031_12"
    assert place_of(event_at(2032, 1, 1)) == "journal_event_2032_01"


def test_what_the_default_partition_took_is_moved_whole() -> None:
    old, new, beyond = event_at(2030, 3, 15), event_at(2031, 5, 31, 23), event_at(2033, 1, 1)
    assert {place_of(event) for event in (old, new, beyond)} == {"journal_event_default"}
    before = list(Event.objects.order_by("id").values())
    made = prepare(date(2031, 5, 2), ahead=0)
    assert set(made) == {"journal_event_2030_03", "journal_event_2031_05", "journal_event_2033_01"}
    assert [place_of(event) for event in (old, new, beyond)] == [
        "journal_event_2030_03", "journal_event_2031_05", "journal_event_2033_01",
    ]  # fmt: skip
    assert list(Event.objects.order_by("id").values()) == before


def test_a_month_without_partition_still_takes_events() -> None:
    assert place_of(event_at(2045, 1, 1)) == "journal_event_default"


def test_the_present_month_was_made_by_the_migration() -> None:
    now = Event.objects.create(verb="case.received", actor=machine(GUICHET), data={})
    assert place_of(now) != "journal_event_default"


def test_keys_are_still_drawn_and_the_author_still_checked() -> None:
    prepare(date(2031, 1, 1), ahead=0)
    first, second = event_at(2031, 1, 2), event_at(2031, 1, 3)
    assert second.pk > first.pk
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_constraint WHERE conrelid = 'journal_event_2031_01'::regclass AND contype = 'f'"
        )
        assert cursor.fetchone() == (1,)
