"""How a person is reached: addresses and telephones, proved or not, shared or not, working or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from guichet.core.phones import is_person_number, normalise
from guichet.core.refused import Refused
from guichet.journal.actions import record
from guichet.people.actions.deciding import family_of
from guichet.people.models import ContactPoint, Person

if TYPE_CHECKING:
    from guichet.accounts.models import User


def usual_form(kind: str, value: str) -> str:
    """A lower-cased address or a number in E.164. Raises `Refused` for what reaches nobody."""
    if kind == ContactPoint.Kind.PHONE:
        number = normalise(value)
        if number is None:
            raise Refused("Ce numéro de téléphone n'existe pas : vérifiez-le.", status=400)
        if not is_person_number(number):
            raise Refused("Ce numéro est surtaxé ou partagé : ce n'est pas celui d'une personne.", status=400)
        return number
    address = value.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise Refused("Cette adresse e-mail n'est pas complète : vérifiez-la.", status=400) from None
    return address


@transaction.atomic
def add_contact_point(
    person: Person, kind: str, value: str, *, by: User, source: str = ContactPoint.Source.AGENT
) -> ContactPoint:
    """One more way to reach the person. When another person has it too it is shared: it never makes them one."""
    value = usual_form(kind, value)
    point, created = ContactPoint.objects.get_or_create(
        person=person, kind=kind, value=value, defaults={"source": source}
    )
    if created:
        _mark_shared(point)
        record("person.point_added", by=by, person_id=person.pk, kind=kind, source=source)
    return point


def _mark_shared(point: ContactPoint) -> None:
    others = ContactPoint.objects.filter(kind=point.kind, value=point.value).exclude(person__in=family_of(point.person))
    if others.update(is_shared=True):
        point.is_shared = True
        point.save(update_fields=["is_shared"])


@transaction.atomic
def correct_contact_point(point: ContactPoint, value: str, *, by: User) -> ContactPoint:
    """Another value is another address: what proved the old one, or its failures, say nothing of the new one."""
    point = ContactPoint.objects.select_for_update().select_related("person").get(pk=point.pk)
    value = usual_form(point.kind, value)
    if value == point.value:
        return point
    if ContactPoint.objects.filter(person=point.person, kind=point.kind, value=value).exists():
        raise Refused("Cette coordonnée est déjà sur la fiche.")
    point.value, point.source = value, ContactPoint.Source.AGENT
    point.verified_at, point.verified_how, point.is_shared = None, "", False
    point.bad_since, point.bad_reason = None, ""
    point.save()
    _mark_shared(point)
    record("person.point_corrected", by=by, person_id=point.person_id, kind=point.kind)
    return point


@transaction.atomic
def remove_contact_point(point: ContactPoint, *, by: User) -> None:
    """The person is no longer reached there."""
    gone, _ = ContactPoint.objects.filter(pk=point.pk).delete()
    if gone:
        record("person.point_removed", by=by, person_id=point.person_id, kind=point.kind)


@transaction.atomic
def verify_point(point: ContactPoint, *, by: User, how: str) -> None:
    """The person proved that he reads this address (a code that came back)."""
    point.verified_at = timezone.now()
    point.verified_how = how
    point.bad_since, point.bad_reason = None, ""
    point.save(update_fields=["verified_at", "verified_how", "bad_since", "bad_reason"])
    record("person.point_verified", by=by, person_id=point.person_id, kind=point.kind, how=how)


@transaction.atomic
def mark_bad(address: str, *, by: User, reason: str) -> int:
    """The outside world says that this address does not exist: every record that has it is marked."""
    points = ContactPoint.objects.select_for_update().filter(kind="email", value=address, bad_since__isnull=True)
    count = 0
    for point in points:
        point.bad_since, point.bad_reason = timezone.now(), reason[:200]
        point.save(update_fields=["bad_since", "bad_reason"])
        record("person.point_bad", by=by, person_id=point.person_id, kind=point.kind)
        count += 1
    return count
