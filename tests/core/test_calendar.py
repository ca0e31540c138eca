from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guichet.core.calendar import (
    MONDAY_TO_FRIDAY,
    PARIS,
    NeverOpen,
    WorkingCalendar,
    add_months,
    appeal_deadline,
    end_of_day,
    implicit_decision,
    paris_day,
    public_holidays,
    receipt_due,
    registration_receipt_due,
    start_of_day,
    suspended_days,
)

CALENDAR = WorkingCalendar()
AROUND_THE_CLOCK = WorkingCalendar(hours={weekday: ((time(0), time(0)),) for weekday in range(7)})
NIGHTS = WorkingCalendar(hours={weekday: ((time(0), time(6)), (time(22), time(0))) for weekday in range(7)})


def d(text: str) -> date:
    return date.fromisoformat(text)


def m(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


# received, registration receipt, +10 working days, receipt, implicit decision, last day to sue, +5, +15 working days
GOLDEN = [
    "2026-01-10 2026-01-12 2026-01-23 2026-01-20 2026-03-10 2026-05-11 2026-01-16 2026-01-30",
    "2026-05-13 2026-05-15 2026-05-29 2026-05-23 2026-07-13 2026-09-14 2026-05-21 2026-06-05",
    "2026-07-01 2026-07-02 2026-07-16 2026-07-11 2026-09-01 2026-11-02 2026-07-08 2026-07-23",
    "2026-12-31 2027-01-04 2027-01-15 2027-01-10 2027-02-28 2027-04-29 2027-01-08 2027-01-22",
    "2027-08-31 2027-09-01 2027-09-14 2027-09-10 2027-10-31 2028-01-03 2027-09-07 2027-09-21",
]


@pytest.mark.parametrize("hour", ["00:00", "10:24", "23:40"])
@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: row[:10])
def test_golden_dates(row: str, hour: str) -> None:
    received_day, registered, ten, receipt, implicit, appeal, five, fifteen = map(d, row.split())
    received = m(f"{received_day} {hour}")
    assert registration_receipt_due(received) == registered
    assert CALENDAR.add_working_days(received_day, 10) == ten
    assert receipt_due(received) == receipt
    assert implicit_decision(paris_day(received), 2) == implicit
    assert appeal_deadline(implicit) == appeal
    assert CALENDAR.add_working_days(received_day, 5) == five
    assert CALENDAR.add_working_days(received_day, 15) == fifteen
    assert CALENDAR.working_days_between(received_day, fifteen) == 15


@pytest.mark.parametrize(
    ("supplied", "until", "days", "decision"),
    [
        ("2026-07-31", "2026-08-10", 11, "2026-09-12"),
        ("2026-08-10", "2026-09-01", 21, "2026-09-22"),
        (None, "2026-08-10", 21, "2026-09-22"),
        (None, "2026-07-25", 5, "2026-09-06"),
    ],
)
def test_the_suspension_example(supplied: str | None, until: str, days: int, decision: str) -> None:
    suspended = suspended_days([(d("2026-07-20"), d(supplied) if supplied else None)], d(until))
    assert suspended == days
    assert implicit_decision(d("2026-07-01"), 2, suspended) == d(decision)


@pytest.mark.parametrize(
    ("periods", "days"),
    [
        ([], 0),
        ([("2026-07-20", "2026-07-20")], 0),
        ([("2026-07-20", "2026-07-31"), ("2026-07-25", "2026-08-05")], 16),
        ([("2026-07-25", "2026-08-05"), ("2026-07-20", "2026-07-31")], 16),
        ([("2026-07-20", "2026-08-10"), ("2026-07-25", "2026-07-26")], 21),
        ([("2026-07-20", "2026-07-22"), ("2026-07-28", "2026-07-31")], 5),
        ([("2026-07-20", "2026-07-22"), ("2026-08-20", "2026-08-31")], 2),
        ([("2026-07-20", None), ("2026-08-01", None)], 21),
    ],
)
def test_a_day_is_suspended_once(periods: list[tuple[str, str | None]], days: int) -> None:
    assert suspended_days([(d(a), d(b) if b else None) for a, b in periods], d("2026-08-10")) == days


def test_a_suspension_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="before it starts"):
        suspended_days([(d("2026-07-20"), d("2026-07-19"))], d("2026-08-10"))
    with pytest.raises(ValueError, match="faster"):
        implicit_decision(d("2026-07-01"), 2, -1)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (m("2026-12-31 23:40"), "2026-12-31"),
        (datetime(2026, 12, 31, 22, 40, tzinfo=UTC), "2026-12-31"),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), "2027-01-01"),
        (datetime(2026, 6, 30, 21, 59, tzinfo=UTC), "2026-06-30"),
        (datetime(2026, 6, 30, 22, 0, tzinfo=UTC), "2026-07-01"),
    ],
)
def test_the_day_is_the_one_in_paris(moment: datetime, day: str) -> None:
    assert paris_day(moment) == d(day)
    assert paris_day(start_of_day(d(day))) == paris_day(end_of_day(d(day))) == d(day)
    assert start_of_day(d(day)) <= moment <= end_of_day(d(day))


@pytest.mark.parametrize("call", [paris_day, receipt_due, CALENDAR.is_open, CALENDAR.next_opening])
def test_a_moment_without_time_zone_is_refused(call: object) -> None:
    with pytest.raises(ValueError, match="time zone"):
        call(datetime(2026, 6, 16, 10, 24))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2026-01-10", 2, "2026-03-10"),
        ("2026-12-31", 2, "2027-02-28"),
        ("2027-12-31", 2, "2028-02-29"),
        ("2026-10-31", 1, "2026-11-30"),
        ("2026-11-30", 1, "2026-12-30"),
        ("2026-12-01", 12, "2027-12-01"),
        ("2026-03-31", -1, "2026-02-28"),
        ("2026-03-31", 0, "2026-03-31"),
    ],
)
def test_months_run_date_to_date(day: str, months: int, expected: str) -> None:
    assert add_months(d(day), months) == d(expected)


@pytest.mark.parametrize(
    ("notified", "expected", "why"),
    [
        ("2026-03-10", "2026-05-11", "11 May is a Monday, 10 May a Sunday"),
        ("2026-01-15", "2026-03-16", "a free Monday"),
        ("2026-01-13", "2026-03-16", "14 March is a Saturday"),
        ("2026-02-05", "2026-04-07", "6 April is Easter Monday"),
        ("2026-09-10", "2026-11-12", "11 November"),
        ("2026-12-31", "2027-03-01", "28 February, then 1 March, a Monday"),
    ],
)
def test_the_appeal_delay_is_free_and_ends_on_a_working_day(notified: str, expected: str, why: str) -> None:
    assert appeal_deadline(d(notified)) == d(expected), why


def test_a_closure_of_the_region_does_not_move_the_law() -> None:
    assert appeal_deadline(d("2026-03-10")) == d("2026-05-11")
    closed = WorkingCalendar(closures=frozenset({d("2026-05-11")}))
    assert appeal_deadline(d("2026-03-10"), calendar=closed) == d("2026-05-12")


@pytest.mark.parametrize(
    ("easter_monday", "ascension", "whit_monday"),
    [
        ("2024-04-01", "2024-05-09", "2024-05-20"),
        ("2025-04-21", "2025-05-29", "2025-06-09"),
        ("2026-04-06", "2026-05-14", "2026-05-25"),
        ("2027-03-29", "2027-05-06", "2027-05-17"),
        ("2028-04-17", "2028-05-25", "2028-06-05"),
        ("2038-04-26", "2038-06-03", "2038-06-14"),
    ],
)
def test_the_eleven_holidays(easter_monday: str, ascension: str, whit_monday: str) -> None:
    year = easter_monday[:4]
    fixed = ["01-01", "05-01", "05-08", "07-14", "08-15", "11-01", "11-11", "12-25"]
    expected = {d(f"{year}-{day}") for day in fixed} | {d(easter_monday), d(ascension), d(whit_monday)}
    assert public_holidays(int(year)) == expected
    assert not any(CALENDAR.is_working_day(day) for day in expected)


@pytest.mark.parametrize(
    ("subdivision", "day", "worked"),
    [
        ("", "2026-04-03", True),
        ("67", "2026-04-03", False),
        ("57", "2025-12-26", False),
        ("68", "2025-12-26", False),
        ("971", "2026-05-27", False),
        ("", "2026-05-27", True),
    ],
)
def test_local_holidays(subdivision: str, day: str, worked: bool) -> None:
    assert WorkingCalendar(subdivision=subdivision).is_working_day(d(day)) is worked


def test_week_ends_and_closures_are_not_worked() -> None:
    bridge = WorkingCalendar(closures=frozenset({d("2026-05-15")}))
    assert bridge.next_working_day(d("2026-05-14")) == d("2026-05-18")
    assert CALENDAR.next_working_day(d("2026-05-14")) == d("2026-05-15")
    assert CALENDAR.next_working_day(d("2026-05-15")) == d("2026-05-15")
    assert bridge.add_working_days(d("2026-05-13"), 1) == d("2026-05-18")
    assert bridge.add_working_days(d("2026-05-18"), -1) == d("2026-05-13")
    assert bridge.working_days_between(d("2026-05-13"), d("2026-05-18")) == 1
    assert bridge.working_days_between(d("2026-05-18"), d("2026-05-13")) == -1
    assert CALENDAR.add_working_days(d("2026-05-16"), 0) == d("2026-05-16")


@given(st.dates(d("2000-01-01"), d("2060-01-01")), st.integers(1, 300))
def test_days_added_are_days_counted(day: date, n: int) -> None:
    reached = CALENDAR.add_working_days(day, n)
    assert CALENDAR.is_working_day(reached)
    assert CALENDAR.working_days_between(day, reached) == n
    assert CALENDAR.working_days_between(day, reached - timedelta(days=1)) == n - 1


OPENINGS = [
    # moment, open?, next opening, closes at
    ("2026-06-16 10:24", "2026-06-16 10:24", "2026-06-16 18:00"),
    ("2026-06-16 08:30", "2026-06-16 08:30", "2026-06-16 18:00"),
    ("2026-06-16 08:29", "2026-06-16 08:30", None),
    ("2026-06-16 18:00", "2026-06-17 08:30", None),
    ("2026-06-19 19:00", "2026-06-22 08:30", None),
    ("2026-05-13 18:30", "2026-05-15 08:30", None),
    ("2026-12-31 19:00", "2027-01-04 08:30", None),
]


@pytest.mark.parametrize(("moment", "opens", "closes"), OPENINGS)
def test_opening_hours(moment: str, opens: str, closes: str | None) -> None:
    assert CALENDAR.next_opening(m(moment)) == m(opens)
    assert CALENDAR.closes_at(m(moment)) == (m(closes) if closes else None)
    assert CALENDAR.is_open(m(moment)) is (closes is not None)


def test_a_place_may_open_on_saturday_and_close_for_lunch() -> None:
    saturday = WorkingCalendar(hours={5: ((time(9), time(12)), (time(14), time(17)))})
    assert saturday.is_open(m("2026-06-20 09:00"))
    assert saturday.next_opening(m("2026-06-20 12:00")) == m("2026-06-20 14:00")
    assert not saturday.is_working_day(d("2026-06-20"))
    assert saturday.next_opening(m("2026-08-14 10:00")) == m("2026-08-22 09:00"), "15 August is a Saturday"


def test_a_place_that_never_opens_says_so() -> None:
    shut = WorkingCalendar(hours={})
    assert shut.next_opening(m("2026-06-16 10:24")) is None
    assert shut.working_time_between(m("2026-06-16 10:24"), m("2026-07-16 10:24")) == timedelta(0)
    with pytest.raises(NeverOpen):
        shut.add_working_time(m("2026-06-16 10:24"), timedelta(minutes=1))


def test_an_opening_that_passes_midnight_closes_in_the_morning() -> None:
    assert NIGHTS.closes_at(m("2026-06-16 23:00")) == m("2026-06-17 06:00")
    assert NIGHTS.closes_at(m("2026-04-30 23:00")) == m("2026-05-01 00:00"), "1 May is closed"


@pytest.mark.parametrize(
    ("moment", "hours", "expected"),
    [
        ("2026-06-16 10:24", 0, "2026-06-16 10:24"),
        ("2026-06-16 20:00", 0, "2026-06-16 20:00"),
        ("2026-06-16 17:00", 1, "2026-06-16 18:00"),
        ("2026-06-16 17:00", 1.5, "2026-06-17 09:00"),
        ("2026-06-16 06:00", 2, "2026-06-16 10:30"),
        ("2026-06-19 17:00", 2, "2026-06-22 09:30"),
        ("2026-05-13 17:00", 9.5, "2026-05-15 17:00"),
        ("2026-06-15 08:30", 47.5, "2026-06-19 18:00"),
    ],
)
def test_working_time_is_added(moment: str, hours: float, expected: str) -> None:
    duration = timedelta(hours=hours)
    assert CALENDAR.add_working_time(m(moment), duration) == m(expected)
    assert CALENDAR.working_time_between(m(moment), m(expected)) == duration
    assert CALENDAR.working_time_between(m(expected), m(moment)) == -duration


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-10-26", 24)])
def test_a_day_lasts_what_it_lasts_when_clocks_change(day: str, hours: int) -> None:
    start = start_of_day(d(day))
    end = start_of_day(d(day) + timedelta(days=1))
    assert AROUND_THE_CLOCK.working_time_between(start, end) == timedelta(hours=hours)
    assert AROUND_THE_CLOCK.add_working_time(start, timedelta(hours=hours)) == end


def test_the_hour_lived_twice_is_counted_twice() -> None:
    first = m("2026-10-25 02:30")
    second = first.replace(fold=1)
    assert AROUND_THE_CLOCK.working_time_between(first, second) == timedelta(hours=1)
    assert AROUND_THE_CLOCK.working_time_between(second, first) == timedelta(hours=-1)
    reached = AROUND_THE_CLOCK.add_working_time(first, timedelta(hours=1))
    assert (reached.hour, reached.minute, reached.fold) == (2, 30, 1)
    assert AROUND_THE_CLOCK.add_working_time(m("2026-03-29 01:30"), timedelta(hours=1)) == m("2026-03-29 03:30")


@pytest.mark.parametrize(("friday", "monday"), [("2026-03-27", "2026-03-30"), ("2026-10-23", "2026-10-26")])
def test_desk_hours_follow_the_wall_clock_over_a_change(friday: str, monday: str) -> None:
    assert CALENDAR.add_working_time(m(f"{friday} 17:00"), timedelta(hours=2)) == m(f"{monday} 09:30")


@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),
    st.timedeltas(timedelta(seconds=1), timedelta(days=20)),
)
def test_time_added_is_time_counted(moment: datetime, duration: timedelta) -> None:
    for calendar in (CALENDAR, NIGHTS):
        reached = calendar.add_working_time(moment, duration)
        assert calendar.working_time_between(moment, reached) == duration


def test_working_time_is_never_taken_away() -> None:
    with pytest.raises(ValueError, match="never taken away"):
        CALENDAR.add_working_time(m("2026-06-16 10:24"), timedelta(seconds=-1))


@pytest.mark.parametrize(
    "hours",
    [
        {7: ((time(9), time(12)),)},
        {0: ((time(12), time(9)),)},
        {0: ((time(9), time(9)),)},
        {0: ((time(9), time(12)), (time(11), time(14)))},
        {0: ((time(9), time(0)), (time(11), time(14)))},
    ],
)
def test_hours_that_make_no_sense_are_refused(hours: dict[int, tuple[tuple[time, time], ...]]) -> None:
    with pytest.raises(ValueError, match=r"weekday|apart"):
        WorkingCalendar(hours=hours)


def test_an_unknown_subdivision_is_refused() -> None:
    with pytest.raises(ValueError, match="subdivision"):
        WorkingCalendar(subdivision="33")


def test_calendars_are_values() -> None:
    assert WorkingCalendar() == WorkingCalendar(hours=dict(MONDAY_TO_FRIDAY))
    assert len({WorkingCalendar(), WorkingCalendar()}) == 1
