"""What a person wants to be told, and the private address of his calendar."""

from __future__ import annotations

import secrets
from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from guichet.journal.actions import record
from guichet.people.models import Person
from guichet.procedures.actions.moving import portal
from guichet.procedures.models import CalendarFeed, Preference
from guichet.procedures.telling import digest

Channel = Preference.Channel


@transaction.atomic
def choose_notices(person: Person, wanted: Collection[str]) -> None:
    """The kinds of notices he wants by e-mail; the others are not sent, except what he has to do himself."""
    for kind in Preference.Kind:
        Preference.objects.update_or_create(
            person=person, kind=kind, channel=Channel.EMAIL,
            defaults={"wanted": kind in wanted, "changed_at": timezone.now()},
        )  # fmt: skip
    record(
        "person.notices_chosen", by=portal(), person_id=person.pk, on_behalf_of=person.pk,
        wanted=sorted(kind for kind in Preference.Kind.values if kind in wanted),
    )  # fmt: skip


@transaction.atomic
def open_feed(person: Person) -> str:
    """A new address for his calendar, shown once; the one before is worth nothing any more."""
    token = secrets.token_urlsafe(32)
    CalendarFeed.objects.update_or_create(
        person=person, defaults={"digest": digest(token), "made_at": timezone.now()}
    )  # fmt: skip
    record("person.calendar_opened", by=portal(), person_id=person.pk, on_behalf_of=person.pk)
    return token


@transaction.atomic
def close_feed(person: Person) -> None:
    gone, _ = CalendarFeed.objects.filter(person=person).delete()
    if gone:
        record("person.calendar_closed", by=portal(), person_id=person.pk, on_behalf_of=person.pk)
