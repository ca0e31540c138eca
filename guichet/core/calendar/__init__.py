"""Working days, opening hours, legal deadlines and their French wording, all read on the clocks of Europe/Paris.

Moments are aware `datetime`s (a naive one raises `ValueError`); results that are moments are in Europe/Paris.
"""

from guichet.core.calendar.law import (
    NATIONAL,
    add_months,
    appeal_deadline,
    implicit_decision,
    receipt_due,
    registration_receipt_due,
    suspended_days,
)
from guichet.core.calendar.wording import say_day, say_days_left, say_moment, say_remaining, say_since
from guichet.core.calendar.working import (
    MONDAY_TO_FRIDAY,
    PARIS,
    NeverOpen,
    WorkingCalendar,
    end_of_day,
    paris_day,
    public_holidays,
    start_of_day,
)

__all__ = [
    "MONDAY_TO_FRIDAY",
    "NATIONAL",
    "PARIS",
    "NeverOpen",
    "WorkingCalendar",
    "add_months",
    "appeal_deadline",
    "end_of_day",
    "implicit_decision",
    "paris_day",
    "public_holidays",
    "receipt_due",
    "registration_receipt_due",
    "say_day",
    "say_days_left",
    "say_moment",
    "say_remaining",
    "say_since",
    "start_of_day",
    "suspended_days",
]
