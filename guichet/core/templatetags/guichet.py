"""Small words for templates: icons, dates as they are said, sizes."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from guichet.core import formatting
from guichet.core.calendar import (
    WorkingCalendar,
    paris_day,
    say_day,
    say_days_left,
    say_moment,
    say_remaining,
    say_since,
)
from guichet.core.reference import spoken

register = template.Library()
CALENDAR = WorkingCalendar()


@register.simple_tag
@lru_cache(maxsize=1000)  # a page shows a hundred, of which few are different
def icon(name: str, css: str = "") -> SafeString:
    """A decorative icon of the sprite; always beside a word."""
    return format_html(
        '<svg class="icon {}" width="24" height="24" aria-hidden="true" focusable="false"><use href="{}#i-{}"/></svg>',
        css,
        static("icons.svg"),
        name,
    )


@register.filter
def day(value: datetime | date | None) -> str:
    """« mardi 23 juin 2026 »."""
    if value is None:
        return ""
    return say_day(paris_day(value) if isinstance(value, datetime) else value)


@register.filter
def moment(value: datetime | None) -> str:
    return say_moment(value) if value else ""


@register.filter
def since(value: datetime | None) -> str:
    return say_since(value, timezone.now()) if value else ""


@register.filter
def remaining(value: datetime | None) -> str:
    """What is left before a deadline, short; empty when no clock runs."""
    if value is None or value.year >= 9000:
        return ""
    return say_remaining(value, timezone.now(), CALENDAR)


@register.filter
def days_left(value: datetime) -> str:
    """What is left before a deadline of the law, in days of the calendar."""
    return say_days_left(value, timezone.now(), CALENDAR)


@register.filter
def pluralize(value: Any, ends: str = "s") -> str:
    """As that of Django, whose place it takes, in French: what is below two is singular, zero included."""
    singular, plural = ends.split(",") if "," in ends else ("", ends)
    try:
        number = float(value)
    except TypeError:
        number = len(value)
    return plural if abs(number) >= 2 else singular


@register.filter(name="spoken")
def spoken_reference(value: str) -> str:
    return spoken(value)


@register.filter
def weight(size: int) -> str:
    """« 412 ko », « 1,1 Mo »."""
    if size < 1024:
        return f"{size}\u00a0octets"
    if size < 1024 * 1024:
        return f"{size // 1024}\u00a0ko"
    return f"{size / (1024 * 1024):.1f}\u00a0Mo".replace(".", ",")


@register.filter
def formatted(text: str) -> SafeString:
    """What an agent wrote, with its light formatting; the rest is escaped there."""
    return mark_safe(formatting.html_of(text))  # noqa: S308
