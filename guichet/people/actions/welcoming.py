"""Who comes in: found or created from what he says of himself, completed, corrected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model

from guichet.core.instances import fresh
from guichet.core.refused import Refused
from guichet.core.rows import number, write
from guichet.journal.actions import Fact, events_of, record
from guichet.people.actions.deciding import propose_alike, propose_duplicate
from guichet.people.identity import Claim, recognise
from guichet.people.keys import set_keys
from guichet.people.models import ContactPoint, Person

if TYPE_CHECKING:
    from guichet.accounts.models import User

__all__ = ["change", "created", "meet", "set_keys", "split_name", "welcome"]

CLAIMED_FIELDS = (
    "civility", "first_name", "family_name", "organisation_name", "siren", "siret", "rna",
    "address", "postcode", "town", "department", "preferred_channel",
)  # fmt: skip


@transaction.atomic(savepoint=False)
def welcome(claim: Claim, *, by: User, source: str) -> Person:
    """Find the person a claim designates, or create it; add what was not known; never overwrite what was.

    An address shared by persons with other names creates a new record and proposes the pair to an agent.
    """
    person, rows = meet(claim, by=by, source=source)
    if rows:
        number(person)
        write(*rows, *events_of([created(person)], by=by))
    return person


def meet(claim: Claim, *, by: User, source: str) -> tuple[Person, list[Model]]:
    """As `welcome`; a new person may be not written yet: his rows are given, himself first, to be written with others.

    The caller then numbers him, and says that he was `created`.
    """
    person, sharing = recognise(claim)
    if person is not None:
        _complete(person, claim, by=by)
        if claim.phone:  # he was recognised by his address: that one is known
            ContactPoint.objects.bulk_create(_points(person, claim, source=source, shared=False), ignore_conflicts=True)
        _told_apart(person, sharing, claim)
        return person, []
    person = _new(claim, source=source)
    rows: list[Model] = [person, *_points(person, claim, source=source, shared=bool(sharing))]
    if not (sharing or claim.phone or claim.postcode or claim.siret or claim.rna):
        return person, rows  # nothing that another record could have too
    number(person)
    write(*rows, *events_of([created(person)], by=by))
    propose_alike(person, phone=claim.phone)
    _told_apart(person, sharing, claim)
    return person, []


def _told_apart(person: Person, sharing: list[Person], claim: Claim) -> None:
    """Persons who share a mailbox with another name: an agent decides whether they are one."""
    for other in sharing:
        ContactPoint.objects.filter(person=other, kind=ContactPoint.Kind.EMAIL, value=claim.email).update(
            is_shared=True
        )
        propose_duplicate(person, other, reason="même adresse e-mail, noms différents", score=40)


def created(person: Person) -> Fact:
    return Fact("person.created", person_id=person.pk, data={"source": person.source})


def _new(claim: Claim, *, source: str) -> Person:
    person = fresh(Person, kind=claim.kind, source=source, electronic_reply_refused=claim.electronic_reply_refused)
    for name in CLAIMED_FIELDS:
        setattr(person, name, getattr(claim, name))
    if claim.displayed_name and not (claim.family_name or claim.organisation_name):
        person.first_name, person.family_name = split_name(claim.displayed_name)
    set_keys(person)
    return person


def split_name(displayed: str) -> tuple[str, str]:
    """« Sandrine Lacoste », « LACOSTE Sandrine », « Lacoste, Sandrine » → (first, family); one word → family."""
    text = " ".join(displayed.replace('"', " ").split())[:160]
    if "@" in text:
        return "", ""
    if "," in text:
        family, _, first = text.partition(",")
        return first.strip()[:80], family.strip()[:80]
    words = text.split()
    if len(words) == 1:
        return "", words[0][:80]
    capitals = [word for word in words if len(word) > 1 and word.isupper()]
    if capitals and len(capitals) < len(words):
        family = " ".join(capitals)
        first = " ".join(word for word in words if word not in capitals)
        return first[:80], family[:80]
    return words[0][:80], " ".join(words[1:])[:80]


def _complete(person: Person, claim: Claim, *, by: User) -> None:
    changed = []
    for name in CLAIMED_FIELDS:
        value = getattr(claim, name)
        if value and not getattr(person, name):
            setattr(person, name, value)
            changed.append(name)
    if not person.family_name and not person.organisation_name and claim.displayed_name:
        person.first_name, person.family_name = split_name(claim.displayed_name)
        changed += ["first_name", "family_name"]
    if claim.electronic_reply_refused and not person.electronic_reply_refused:
        person.electronic_reply_refused = True
        changed.append("electronic_reply_refused")
    if not changed:
        return
    set_keys(person)
    person.save(update_fields=[*changed, "sort_key", "search_key"])
    record("person.completed", by=by, person_id=person.pk, fields=changed)


def _points(person: Person, claim: Claim, *, source: str, shared: bool) -> list[ContactPoint]:
    points = []
    if claim.email:
        points.append(
            fresh(ContactPoint, person=person, kind="email", value=claim.email, source=source, is_shared=shared)
        )
    if claim.phone:
        points.append(
            ContactPoint(
                person=person,
                kind="phone",
                value=claim.phone,
                source=source,
                reversed_digits=claim.phone.lstrip("+")[::-1],
            )
        )
    return points


@transaction.atomic
def change(person: Person, *, by: User, **fields: Any) -> Person:
    """An agent corrects a record. The journal says which fields, never their values. Raises `Refused` on a bad one."""
    person = Person.objects.select_for_update().get(pk=person.pk)
    if person.merged_into_id:
        raise Refused("Cette fiche a été réunie à une autre : corrigez celle qui reste.")
    changed = {name: value for name, value in fields.items() if getattr(person, name) != value}
    if not changed:
        return person
    for name, value in changed.items():
        setattr(person, name, value)
    try:
        person.full_clean(exclude=["merged_into"], validate_unique=False)
    except ValidationError as error:
        raise Refused(" ".join(error.messages), status=400) from None
    set_keys(person)
    person.save()
    record("person.changed", by=by, person_id=person.pk, fields=sorted(changed))
    return person
