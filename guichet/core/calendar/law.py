"""Deadlines set by the law, counted in days of Paris.

The law counts on the national calendar: a closure of the Region never moves a right of the citizen. Hence `NATIONAL`
by default; another calendar may be given for a place with holidays of its own.
CRPA: code des relations entre le public et l'administration. CJA: code de justice administrative.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final

from guichet.core.calendar.working import WorkingCalendar, paris_day

NATIONAL: Final = WorkingCalendar()

REGISTRATION_RECEIPT_WORKING_DAYS: Final = 1  # CRPA R112-11-2
RECEIPT_DAYS: Final = 10  # CRPA R112-11-2: calendar days, the shorter of its two readings
APPEAL_MONTHS: Final = 2  # CJA R421-1

Period = tuple[date, date | None]


def registration_receipt_due(received: datetime, *, calendar: WorkingCalendar = NATIONAL) -> date:
    """Last day to confirm that an electronic message was registered: the next working day (CRPA R112-11-2)."""
    return calendar.add_working_days(paris_day(received), REGISTRATION_RECEIPT_WORKING_DAYS)


def receipt_due(received: datetime) -> date:
    """Last day to acknowledge an electronic message: 10 calendar days (CRPA R112-11-2).

    An official notice reads « 10 jours ouvrés », which always ends later: ten calendar days keep to both readings.
    """
    return paris_day(received) + timedelta(days=RECEIPT_DAYS)


def add_months(day: date, months: int) -> date:
    """Date to date: the same day number `months` later, or the last day of that month if it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def implicit_decision(received_day: date, months: int, suspended_days: int = 0) -> date:
    """The day on which silence becomes a decision, date to date (CRPA L231-1, L231-4), even on a day off.

    `suspended_days` are those during which the person was asked for missing pieces (CRPA L114-5).
    """
    if suspended_days < 0:
        raise ValueError("a suspension does not make time go faster")
    return add_months(received_day, months) + timedelta(days=suspended_days)


def appeal_deadline(notified: date, *, calendar: WorkingCalendar = NATIONAL) -> date:
    """Last day to go to the administrative court: 2 months (CJA R421-1), which are a « délai franc ».

    Neither the day of notification nor the day on which the two months end is counted; a last day that falls on a
    Saturday, a Sunday or a public holiday moves to the next working day.
    """
    return calendar.next_working_day(add_months(notified, APPEAL_MONTHS) + timedelta(days=1))


def suspended_days(periods: Iterable[Period], until: date) -> int:
    """Days during which the clock did not run, up to `until` (CRPA L114-5).

    A period is (day when the pieces were asked, day when they came or were due at the latest), or None while it runs.
    Its first day counts and its last does not: asked on 20 July and supplied on 31 July, 11 days. A day covered by
    two periods counts once. Raises `ValueError` if a period ends before it starts.
    """
    total = 0
    counted_to = date.min
    for start, end in sorted((start, _ending(start, end, until)) for start, end in periods):
        total += max(0, (end - max(start, counted_to)).days)
        counted_to = max(counted_to, end)
    return total


def _ending(start: date, end: date | None, until: date) -> date:
    if end is not None and end < start:
        raise ValueError("a suspension cannot end before it starts")
    return until if end is None else min(end, until)
