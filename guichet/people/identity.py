"""Who is writing? What an address, a name and a form say, and what they do not."""

from __future__ import annotations

import re
from dataclasses import dataclass

from guichet.core.rows import pick
from guichet.core.text import fold
from guichet.people.models import ContactPoint, Person

WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Claim:
    """What someone says of himself on one occasion. Every field may be empty."""

    email: str = ""
    phone: str = ""  # E.164
    civility: str = ""
    first_name: str = ""
    family_name: str = ""
    kind: str = Person.Kind.CITIZEN
    organisation_name: str = ""
    siren: str = ""
    siret: str = ""
    rna: str = ""
    address: str = ""
    postcode: str = ""
    town: str = ""
    department: str = ""
    preferred_channel: str = ""
    electronic_reply_refused: bool = False
    displayed_name: str = ""  # the name beside an e-mail address, in whatever order

    @property
    def words(self) -> frozenset[str]:
        text = f"{self.first_name} {self.family_name} {self.organisation_name} {self.displayed_name}"
        return _words(text)


def _words(text: str) -> frozenset[str]:
    return frozenset(word for word in WORD.findall(fold(text)) if len(word) > 1)


def holders(kind: str, value: str) -> list[Person]:
    """Living persons who have this contact point, oldest first.

    The contact point is looked up before: a plan made while the tables were small would read every person.
    """
    return pick(
        Person,
        "WHERE merged_into_id IS NULL AND id = ANY(ARRAY(SELECT person_id FROM people_contactpoint WHERE kind = %s AND "
        "value = %s)) ORDER BY id",
        [kind, value],
    )


def recognise(claim: Claim) -> tuple[Person | None, list[Person]]:
    """The person the claim designates, and those who share the address without being him.

    An address alone designates its only holder, unless a name is given that has nothing in common with his: a couple,
    an association or a parent share a mailbox, and must never become one person (behaviours 50).
    """
    if not claim.email:
        return None, []
    found = holders(ContactPoint.Kind.EMAIL.value, claim.email)
    if not found:
        return None, []
    named = claim.words
    if not named:
        return (found[0], []) if len(found) == 1 else (None, found)
    alike = [person for person in found if agrees(person, claim)]
    if len(alike) == 1:
        return alike[0], [person for person in found if person is not alike[0]]
    return None, found


def agrees(person: Person, claim: Claim) -> bool:
    """Same first name and name (or organisation), whatever the order, accents and hyphens."""
    if claim.kind != Person.Kind.CITIZEN or person.is_organisation:
        numbers = {n for n in (person.siret, person.siren, person.rna) if n}
        if numbers & {claim.siret, claim.siren, claim.rna}:
            return True
        if claim.organisation_name:
            return fold(claim.organisation_name) == fold(person.organisation_name)
        return person.is_organisation and _named_alike(person, claim.displayed_name)
    first, last = _words(person.first_name), _words(f"{person.family_name} {person.used_name}")
    named = claim.words
    if not last:
        return not first or bool(first & named)
    # The family name must be said; the first name too when both sides give one.
    if not last & named:
        return False
    said_first = _words(claim.first_name) or (named - last)
    initials = _initials(f"{claim.first_name} {claim.displayed_name}")
    if not first or bool(first & said_first):
        return True
    return not said_first and (not initials or bool({word[0] for word in first} & initials))


def _named_alike(organisation: Person, displayed: str) -> bool:
    """A mail says no more than a name: that of the organisation, or of its contact person."""
    said = _words(displayed)
    contact = _words(organisation.contact_name)
    return bool(said) and (said == _words(organisation.organisation_name) or (len(contact) > 1 and contact <= said))


def _initials(text: str) -> frozenset[str]:
    """« S. Lacoste » → {s}: « H. Lacoste » is somebody else."""
    return frozenset(word for word in WORD.findall(fold(text)) if len(word) == 1)
