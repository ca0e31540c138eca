"""Moments come out of the database as Django gives them, and what Python cannot hold is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import DataError, connection

from guichet.core.moments import MomentLoader
from guichet.core.rows import ask

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 28, 10, 53, 14, tzinfo=UTC),
        datetime(2026, 11, 28, 10, 53, 14, 120_000, tzinfo=UTC),  # the server leaves the last zeros out
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ],
)
def test_a_moment_comes_back_as_it_was(moment: datetime) -> None:
    [(one, many, none)] = ask("SELECT %s::timestamptz, ARRAY[%s::timestamptz], NULL::timestamptz", [moment, moment])
    assert (one, many, none) == (moment, [moment], None)
    assert one.tzinfo is UTC


def test_another_offset_is_the_same_moment() -> None:
    loader = MomentLoader(0, connection.connection)
    assert loader.load(b"2026-11-28 16:23:14+05:30") == datetime(2026, 11, 28, 10, 53, 14, tzinfo=UTC)


@pytest.mark.parametrize("moment", ["infinity", "-infinity", "0044-03-15 00:00:00+00 BC", "12026-01-01 00:00:00+00"])
def test_what_python_cannot_hold_is_refused(moment: str) -> None:
    with pytest.raises(DataError):
        ask("SELECT %s::timestamptz", [moment])


def test_it_is_this_one_that_reads() -> None:
    ask("SELECT 1", [])
    oid = connection.connection.adapters.types["timestamptz"].oid
    assert connection.connection.adapters.get_loader(oid, 0) is MomentLoader
