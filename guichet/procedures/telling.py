"""What a person wants to be told, and whose dates a private calendar address gives."""

from __future__ import annotations

import hashlib

from guichet.people.models import Person
from guichet.procedures.models import CalendarFeed, Preference


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def wants(person: Person, kind: str, channel: str = Preference.Channel.EMAIL) -> bool:
    return not Preference.objects.filter(person=person, kind=kind, channel=channel, wanted=False).exists()


def wanted_kinds(person: Person) -> set[str]:
    refused = Preference.objects.filter(person=person, channel=Preference.Channel.EMAIL, wanted=False)
    return {*Preference.Kind.values} - {*refused.values_list("kind", flat=True)}


def person_of_feed(token: str) -> Person | None:
    """Whose calendar it is; None once renewed, revoked, or when the account was closed."""
    feed = CalendarFeed.objects.select_related("person__merged_into").filter(digest=digest(token)).first()
    if feed is None or not feed.person.accounts.filter(closed_at__isnull=True).exists():
        return None
    return feed.person.merged_into or feed.person
