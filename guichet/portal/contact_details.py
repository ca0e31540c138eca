"""How to reach the Region, as the directory says it now: telephone, address, opening hours, promise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from django.utils import timezone

from guichet.core import phones
from guichet.core.calendar import WorkingCalendar
from guichet.organisation.directory import directory
from guichet.organisation.models import Channel, Commitment, Team

_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")


@dataclass(frozen=True, slots=True)
class ContactDetails:
    phone: str
    phone_link: str
    email: str
    postal_lines: tuple[str, ...]
    is_open: bool
    closes_at: datetime | None
    opens_at: datetime | None
    hours: tuple[str, ...]
    promise: str  # "5 jours ouvrés", or empty


def root_team() -> Team | None:
    """The team at the top of the tree."""
    known = directory()
    line = list(known.lineage(known.unrouted_team))
    return line[-1] if line else next((t for t in known.teams.values() if t.parent_id is None and t.is_active), None)


def contact_details() -> ContactDetails:
    team = root_team()
    block = directory().contact_block(team)
    calendar = directory().calendar(team)
    now = timezone.now()
    is_open = calendar.is_open(now)
    e164 = phones.normalise(block.phone) if block.phone else None
    return ContactDetails(
        phone=phones.show(e164) if e164 else block.phone,
        phone_link=e164 or "".join(c for c in block.phone if c.isdigit() or c == "+"),
        email=block.email,
        postal_lines=tuple(line.strip() for line in block.postal_address.splitlines() if line.strip()),
        is_open=is_open,
        closes_at=calendar.closes_at(now) if is_open else None,
        opens_at=None if is_open else calendar.next_opening(now),
        hours=say_hours(calendar),
        promise=say_promise(directory().commitment(Channel.FORM, None)),
    )


def say_promise(commitment: Commitment | None) -> str:
    if commitment is None:
        return ""
    word = {"hours": "heure", "days": "jour"}[commitment.unit]
    opened = {"hours": "ouvrée", "days": "ouvré"}[commitment.unit]
    plural = "s" if commitment.amount > 1 else ""
    return f"{commitment.amount}\u00a0{word}{plural} {opened}{plural}"


def say_hours(calendar: WorkingCalendar) -> tuple[str, ...]:
    """« Du lundi au vendredi : de 8 h 30 à 18 h », one line a run of days with the same hours."""
    runs: list[tuple[int, int, tuple[tuple[time, time], ...]]] = []
    for day in range(7):
        spans = tuple(calendar.hours.get(day, ()))
        if not spans:
            continue
        if runs and runs[-1][1] == day - 1 and runs[-1][2] == spans:
            runs[-1] = (runs[-1][0], day, spans)
        else:
            runs.append((day, day, spans))
    return tuple(f"{_say_days(first, last)}\u00a0: {_say_spans(spans)}" for first, last, spans in runs)


def _say_days(first: int, last: int) -> str:
    return f"Le {_DAYS[first]}" if first == last else f"Du {_DAYS[first]} au {_DAYS[last]}"


def _say_spans(spans: tuple[tuple[time, time], ...]) -> str:
    return " et ".join(f"de {say_time(start)} à {say_time(end)}" for start, end in spans)


def say_time(value: time) -> str:
    return f"{value.hour}\u00a0h" + (f"\u00a0{value.minute:02d}" if value.minute else "")
