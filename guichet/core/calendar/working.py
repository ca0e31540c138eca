"""When a place works: its days, its hours, and the time that goes by while it is open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

import holidays

PARIS: Final = ZoneInfo("Europe/Paris")

Hours = Mapping[int, tuple[tuple[time, time], ...]]

MONDAY_TO_FRIDAY: Final[Hours] = MappingProxyType({weekday: ((time(8, 30), time(18)),) for weekday in range(5)})

# Good Friday and 26 December are holidays in Alsace and Moselle (code du travail, L3134-13);
# overseas, the day when the abolition of slavery is remembered (code du travail, L3422-2).
LOCAL_HOLIDAYS: Final = MappingProxyType(
    {"57": "57", "67": "6AE", "68": "6AE", "971": "971", "972": "972", "973": "973", "974": "974", "976": "976"}
)

_MIDNIGHT: Final = time(0)
_ONE_DAY: Final = timedelta(days=1)
_NO_TIME: Final = timedelta(0)
_SEARCHED_DAYS: Final = 366  # a place that does not open within a year is closed for good


class NeverOpen(ValueError):
    """The calendar has no opening within a year: no working time can be counted on it."""


def in_utc(moment: datetime) -> datetime:
    """The moment in UTC, the only clock on which moments are compared: Paris lives one hour twice each autumn."""
    if moment.utcoffset() is None:
        raise ValueError("a moment without its time zone has no place on a calendar")
    return moment.astimezone(UTC)


def paris_day(moment: datetime) -> date:
    """The day it is in Paris at that moment: what is sent on 31 December at 23:40 CET is received on 31 December."""
    return in_utc(moment).astimezone(PARIS).date()


def start_of_day(day: date) -> datetime:
    """Midnight in Paris, when the day begins."""
    return datetime.combine(day, _MIDNIGHT, PARIS)


def end_of_day(day: date) -> datetime:
    """The last second of the day in Paris: what is due that day may come until then."""
    return datetime.combine(day, time(23, 59, 59), PARIS)


@lru_cache(maxsize=1024)
def public_holidays(year: int, subdivision: str = "") -> frozenset[date]:
    """Public holidays of a year: the 11 national ones (code du travail, L3133-1) and those of the subdivision."""
    return frozenset(holidays.country_holidays("FR", subdiv=LOCAL_HOLIDAYS.get(subdivision), years=year))


@dataclass(frozen=True)
class WorkingCalendar:
    """When a place works.

    `closures` are days off on top of public holidays. `hours` maps a weekday (Monday is 0) to its opening
    intervals, in order and apart; an interval that ends at 00:00 lasts until midnight. `subdivision` is a department
    with holidays of its own (see `LOCAL_HOLIDAYS`). A place may open on Saturday: that day has opening hours, and is
    still not a working day. Raises `ValueError` if the hours or the subdivision make no sense.
    """

    closures: frozenset[date] = frozenset()
    hours: Hours = field(default_factory=lambda: MONDAY_TO_FRIDAY, hash=False)
    subdivision: str = ""

    def __post_init__(self) -> None:
        if self.subdivision and self.subdivision not in LOCAL_HOLIDAYS:
            raise ValueError(f"no holidays are known for the subdivision {self.subdivision!r}")
        for weekday, intervals in self.hours.items():
            _check_hours(weekday, intervals)

    # Days

    def is_holiday(self, day: date) -> bool:
        """A public holiday or a closure, on whatever weekday."""
        return day in self.closures or day in public_holidays(day.year, self.subdivision)

    def is_working_day(self, day: date) -> bool:
        """From Monday to Friday, save public holidays and closures."""
        return day.weekday() < 5 and not self.is_holiday(day)

    def next_working_day(self, day: date) -> date:
        """The day itself if it is worked, else the first worked day after it."""
        while not self.is_working_day(day):
            day += _ONE_DAY
        return day

    def add_working_days(self, day: date, n: int) -> date:
        """The n-th working day after `day`, which does not count; before it if n < 0; `day` itself if n = 0."""
        step = _ONE_DAY if n > 0 else -_ONE_DAY
        left = abs(n)
        while left:
            day += step
            left -= self.is_working_day(day)
        return day

    def working_days_between(self, a: date, b: date) -> int:
        """Working days after `a`, up to and including `b`; negative if `b` comes first.

        For n > 0, `working_days_between(day, add_working_days(day, n)) == n`.
        """
        if b < a:
            return -self.working_days_between(b, a)
        weeks, rest = divmod((b - a).days, 7)
        weekdays = weeks * 5 + sum((a + timedelta(days=i)).weekday() < 5 for i in range(1, rest + 1))
        off = self.closures.union(*(public_holidays(year, self.subdivision) for year in range(a.year, b.year + 1)))
        return weekdays - sum(a < day <= b and day.weekday() < 5 for day in off)

    # Hours

    def is_open(self, moment: datetime) -> bool:
        """Open from the opening minute on, closed from the closing minute on."""
        return self.closes_at(moment) is not None

    def next_opening(self, moment: datetime) -> datetime | None:
        """The moment itself if it is open then, else the next opening; None if there is none within a year."""
        now = in_utc(moment)
        for start, _ in self._openings_from(now):
            return max(start, now).astimezone(PARIS)
        return None

    def closes_at(self, moment: datetime) -> datetime | None:
        """When the opening that runs at `moment` ends, be it days later; None if it is closed then."""
        now = in_utc(moment)
        closing: datetime | None = None
        for start, end in self._openings_from(now):
            if start > (closing or now):
                break
            closing = end
        return closing.astimezone(PARIS) if closing else None

    def add_working_time(self, moment: datetime, duration: timedelta) -> datetime:
        """The moment when `duration` of opening hours has gone by; the moment itself for a duration of zero.

        Counts hours really lived: an opening during which clocks change lasts what it lasts. A duration used up at
        closing time ends then, not at the next opening. Raises `NeverOpen`, and `ValueError` if negative.
        """
        if duration < _NO_TIME:
            raise ValueError("working time is added, never taken away")
        now = in_utc(moment)
        while duration:
            start, end = self._first_opening(now)
            now = max(start, now)
            spent = min(duration, end - now)
            now += spent
            duration -= spent
        return now.astimezone(PARIS)

    def working_time_between(self, a: datetime, b: datetime) -> timedelta:
        """Opening hours gone by from `a` to `b`; negative if `b` comes first."""
        start, end = in_utc(a), in_utc(b)
        if end < start:
            return -self.working_time_between(b, a)
        days = (paris_day(b) - paris_day(a)).days
        openings = (pair for i in range(days + 1) for pair in self._openings(paris_day(a) + timedelta(days=i)))
        return sum((max(_NO_TIME, min(closes, end) - max(opens, start)) for opens, closes in openings), _NO_TIME)

    def _openings(self, day: date) -> list[tuple[datetime, datetime]]:
        intervals = self.hours.get(day.weekday(), ())
        if not intervals or self.is_holiday(day):
            return []
        return [(_at(day, start), _at(day + _ONE_DAY if end == _MIDNIGHT else day, end)) for start, end in intervals]

    def _openings_from(self, now: datetime) -> Iterator[tuple[datetime, datetime]]:
        first = paris_day(now)
        for offset in range(_SEARCHED_DAYS + 1):
            for start, end in self._openings(first + timedelta(days=offset)):
                if end > now:
                    yield start, end

    def _first_opening(self, now: datetime) -> tuple[datetime, datetime]:
        for opening in self._openings_from(now):
            return opening
        raise NeverOpen("no opening within a year")


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, PARIS).astimezone(UTC)


def _check_hours(weekday: int, intervals: tuple[tuple[time, time], ...]) -> None:
    if weekday not in range(7):
        raise ValueError(f"{weekday} is no weekday")
    previous: time | None = _MIDNIGHT
    for start, end in intervals:
        if previous is None or start < previous or (end != _MIDNIGHT and end <= start):
            raise ValueError("opening intervals must be in order and apart")
        previous = None if end == _MIDNIGHT else end
