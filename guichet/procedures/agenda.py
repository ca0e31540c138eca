"""The dates of a person as an iCalendar file: whole days, titles and numbers only."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from icalendar import Calendar, Event

from guichet.people.models import Person
from guichet.procedures.acting import principals_of
from guichet.procedures.models import Deadline

SINCE_DAYS, AT_MOST = 60, 500
EPOCH = 1_700_000_000  # revisions are seconds from there: always growing, and small enough for every calendar


def calendar_of(person: Person) -> bytes:
    """Those that are not done: what was cancelled or met is no longer in the file, and leaves the calendar."""
    calendar = Calendar()
    calendar.add("prodid", "-//Guichet//Mes Démarches//FR")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", "Mes Démarches")
    calendar.add("x-wr-timezone", "Europe/Paris")
    calendar.add("refresh-interval", timedelta(hours=6), parameters={"VALUE": "DURATION"})
    since = timezone.localdate() - timedelta(days=SINCE_DAYS)
    found = Deadline.objects.filter(person__in=principals_of(person), done_at__isnull=True, day__gte=since)
    for deadline in found.select_related("dossier").order_by("day", "id")[:AT_MOST]:
        calendar.add_component(_event(deadline))
    return bytes(calendar.to_ical())


def _event(deadline: Deadline) -> Event:
    event = Event()
    event.add("uid", f"echeance-{deadline.pk}@{settings.MAIL_ADDRESS.rpartition('@')[2]}")
    event.add("dtstamp", deadline.changed_at)
    event.add("last-modified", deadline.changed_at)
    event.add("sequence", max(0, int(deadline.changed_at.timestamp()) - EPOCH))
    event.add("dtstart", deadline.day)
    event.add("dtend", deadline.day + timedelta(days=1))
    event.add("transp", "TRANSPARENT")
    event.add("summary", f"{deadline.label} (N° {deadline.dossier.spoken_reference})")
    event.add("url", f"{settings.PUBLIC_URL}/mes-demarches/dossier/{deadline.dossier.reference}/")
    return event
