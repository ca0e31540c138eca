"""Looking at a file is recorded: the person may ask who did (RGPD art. 15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guichet.journal.actions import record
from guichet.people.models import Person

if TYPE_CHECKING:
    from guichet.accounts.models import User


def mark_read(person: Person, *, by: User) -> None:
    record("person.read", by=by, person_id=person.pk)
