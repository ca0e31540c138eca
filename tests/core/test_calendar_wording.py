from datetime import UTC, date, datetime, timedelta

import pytest

from guichet.core.calendar import PARIS, WorkingCalendar, say_day, say_days_left, say_moment, say_remaining, say_since

CALENDAR = WorkingCalendar()


def m(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026-06-23", "mardi 23_juin 2026"),
        ("2026-07-01", "mercredi 1er_juillet 2026"),
        ("2026-08-15", "samedi 15_août 2026"),
        ("2026-02-28", "samedi 28_février 2026"),
        ("2026-12-31", "jeudi 31_décembre 2026"),
    ],
)
def test_days(day: str, said: str) -> None:
    assert say_day(date.fromisoformat(day)) == said.replace("_", "\u00a0")


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (m("2026-06-16 10:24"), "mardi 16_juin 2026 à_10_h_24"),
        (datetime(2026, 6, 16, 8, 4, tzinfo=UTC), "mardi 16_juin 2026 à_10_h_04"),
        (m("2026-06-16 09:00"), "mardi 16_juin 2026 à_9_h"),
        (datetime(2026, 12, 31, 23, 5, tzinfo=UTC), "vendredi 1er_janvier 2027 à_0_h_05"),
    ],
)
def test_moments(moment: datetime, said: str) -> None:
    assert say_moment(moment) == said.replace("_", "\u00a0")


@pytest.mark.parametrize(
    ("due", "said"),
    [
        (m("2026-06-16 11:34"), "1_h_10"),
        (m("2026-06-16 11:24"), "1_h"),
        (m("2026-06-16 10:44"), "20_min"),
        (m("2026-06-16 10:24"), "0_min"),
        (m("2026-06-16 10:04"), "–_20_min"),
        (m("2026-06-16 08:40"), "–_1_h_44"),
        (date(2026, 6, 16), "7_h_36"),
        (date(2026, 6, 17), "1_j"),
        (m("2026-06-17 09:00"), "1_j"),
        (date(2026, 6, 19), "3_j"),
        (date(2026, 6, 20), "3_j"),
        (date(2026, 6, 22), "4_j"),
        (date(2026, 7, 15), "20_j"),
        (date(2026, 6, 15), "–_1_j"),
        (date(2026, 6, 12), "–_2_j"),
    ],
)
def test_remaining(due: datetime | date, said: str) -> None:
    assert say_remaining(due, m("2026-06-16 10:24"), CALENDAR) == said.replace("_", "\u00a0")


@pytest.mark.parametrize(
    ("due", "now", "said"),
    [
        (date(2026, 6, 16), "2026-06-16 19:00", "4_h_59"),
        (date(2026, 6, 21), "2026-06-20 10:00", "1_j"),
        (date(2026, 6, 19), "2026-06-20 10:00", "–_1_j"),
    ],
)
def test_remaining_when_closed(due: date, now: str, said: str) -> None:
    assert say_remaining(due, m(now), CALENDAR) == said.replace("_", "\u00a0")


@pytest.mark.parametrize(
    ("due", "said"),
    [
        (m("2026-08-16 23:59"), "61_j"),  # two months of the law, not the 42 days that are worked
        (m("2026-06-20 23:59"), "4_j"),
        (m("2026-06-16 23:59"), "7_h_36"),
        (m("2026-06-13 23:59"), "–_3_j"),
    ],
)
def test_days_left_in_law(due: datetime, said: str) -> None:
    assert say_days_left(due, m("2026-06-16 10:24"), CALENDAR) == said.replace("_", "\u00a0")


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (m("2026-06-16 10:24"), "à l’instant"),
        (m("2026-06-16 10:24") + timedelta(seconds=30), "à l’instant"),
        (m("2026-06-16 10:22"), "il y a 2_min"),
        (m("2026-06-16 07:10"), "il y a 3_h"),
        (m("2026-06-15 23:00"), "hier"),
        (m("2026-06-15 00:00"), "hier"),
        (m("2026-06-14 23:59"), "le 14_juin"),
        (m("2026-05-01 10:00"), "le 1er_mai"),
        (m("2025-06-12 10:00"), "le 12_juin 2025"),
        (m("2026-06-17 10:24"), "le 17_juin"),
    ],
)
def test_since(moment: datetime, said: str) -> None:
    assert say_since(moment, m("2026-06-16 10:24")) == said.replace("_", "\u00a0")


def test_since_counts_minutes_over_midnight() -> None:
    assert say_since(m("2026-06-15 23:50"), m("2026-06-16 00:10")) == "il y a 20\u00a0min"
