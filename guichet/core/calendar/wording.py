"""Days and delays as they are said in French. No-break spaces stand where a line must not be cut."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from guichet.core.calendar.working import PARIS, WorkingCalendar, end_of_day, in_utc, paris_day

_NBSP: Final = "\u00a0"
_WEEKDAYS: Final = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_MONTHS: Final = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)
_MINUTE: Final = timedelta(minutes=1)


def say_day(day: date) -> str:
    """« mardi 23 juin 2026 », « mercredi 1er juillet 2026 »."""
    return f"{_WEEKDAYS[day.weekday()]} {_say_date(day)} {day.year}"


def say_moment(moment: datetime) -> str:
    """« mardi 16 juin 2026 à 10 h 24 », in the time of Paris; « 10 h » on the hour."""
    local = in_utc(moment).astimezone(PARIS)
    return f"{say_day(local.date())} à{_NBSP}{_say_hour(local)}"


def say_remaining(due: datetime | date, now: datetime, calendar: WorkingCalendar) -> str:
    """What is left before a deadline, in short: « 1 h 10 » on its last day, else « 3 j » in working days.

    Once it is past: « – 20 min », « – 1 j ». On the last day the opening hours left are told, or the plain ones
    when the place is closed. A date is due until its end.
    """
    limit = due if isinstance(due, datetime) else end_of_day(due)
    today, last_day = paris_day(now), paris_day(limit)
    if today == last_day:
        return _say_hours_left(in_utc(limit), in_utc(now), calendar)
    days = calendar.working_days_between(today, last_day)
    sign = f"–{_NBSP}" if last_day < today else ""
    return f"{sign}{max(1, abs(days))}{_NBSP}j"  # from Friday to Sunday no working day goes by, yet it is not today


def say_days_left(due: datetime, now: datetime, calendar: WorkingCalendar) -> str:
    """As `say_remaining`, but counted in days of the calendar, as the delays of the law are."""
    days = (paris_day(due) - paris_day(now)).days
    if not days:
        return say_remaining(due, now, calendar)
    sign = f"–{_NBSP}" if days < 0 else ""
    return f"{sign}{abs(days)}{_NBSP}j"


def say_since(moment: datetime, now: datetime) -> str:
    """« à l’instant », « il y a 2 min », « il y a 3 h », « hier », « le 12 juin », « le 12 juin 2025 »."""
    elapsed = in_utc(now) - in_utc(moment)
    day, today = paris_day(moment), paris_day(now)
    if -_MINUTE < elapsed < _MINUTE:  # two machines never have quite the same time
        return "à l’instant"
    if _MINUTE <= elapsed < 60 * _MINUTE:
        return f"il y a {elapsed // _MINUTE}{_NBSP}min"
    if day == today and elapsed > timedelta(0):
        return f"il y a {elapsed // (60 * _MINUTE)}{_NBSP}h"
    if day == today - timedelta(days=1):
        return "hier"
    year = "" if day.year == today.year else f" {day.year}"
    return f"le {_say_date(day)}{year}"


def _say_date(day: date) -> str:
    number = "1er" if day.day == 1 else str(day.day)
    return f"{number}{_NBSP}{_MONTHS[day.month - 1]}"


def _say_hour(local: datetime) -> str:
    minutes = f"{_NBSP}{local.minute:02}" if local.minute else ""
    return f"{local.hour}{_NBSP}h{minutes}"


def _say_hours_left(limit: datetime, now: datetime, calendar: WorkingCalendar) -> str:
    left = calendar.working_time_between(now, limit) or limit - now
    hours, minutes = divmod(abs(left) // _MINUTE, 60)
    sign = f"–{_NBSP}" if left <= -_MINUTE else ""
    if not hours:
        return f"{sign}{minutes}{_NBSP}min"
    return f"{sign}{hours}{_NBSP}h" + (f"{_NBSP}{minutes:02}" if minutes else "")
