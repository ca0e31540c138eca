"""Sort and search keys of a person, computed here because the database knows no French collation."""

from __future__ import annotations

from guichet.core.text import fold, name_key
from guichet.people.models import Person


def set_keys(person: Person) -> None:
    person.sort_key = name_key(person.organisation_name or person.family_name, person.first_name)[:200]
    words = (
        f"{person.family_name} {person.used_name} {person.first_name}"
        if not person.is_organisation
        else f"{person.organisation_name} {person.family_name} {person.first_name}"
    )
    person.search_key = fold(words)[:300]
