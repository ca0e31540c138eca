"""The search of the top bar: a number, an address, a telephone, a name. Only cases the agent may see come back."""

from __future__ import annotations

from django.db.models import Q

from guichet.accounts.models import User
from guichet.cases.models import Case
from guichet.cases.policy import people_visible_to
from guichet.core import reference
from guichet.core.phones import normalise
from guichet.core.text import fold
from guichet.people.models import ContactPoint, Person

AT_MOST = 50
PEOPLE_AT_MOST = 200


def case_numbered(text: str, user: User) -> Case | None:
    number = reference.check(text)
    return Case.objects.visible_to(user).filter(reference=number).first() if number else None


def search(text: str, user: User) -> list[Case]:
    """Cases of the persons found, the latest first."""
    found = _people(text.strip()[:120])
    if not found:
        return []
    roots = Person.objects.filter(pk__in=found).values_list("pk", "merged_into_id")
    ids = {root or pk for pk, root in roots}
    family = Person.objects.filter(Q(pk__in=ids) | Q(merged_into_id__in=ids)).values("pk")
    return list(
        Case.objects.visible_to(user)
        .filter(person_id__in=family)
        .select_related("person", "topic", "assignee")
        .order_by("-received_at", "-id")[:AT_MOST]
    )


def _people(text: str) -> list[int]:
    points = ContactPoint.objects.order_by("-pk").values_list("person_id", flat=True)
    if "@" in text:
        return list(points.filter(kind="email", value=text.lower())[:PEOPLE_AT_MOST])
    digits = "".join(c for c in text if c.isdigit())
    if len(digits) >= 4 and not any(c.isalpha() for c in text):
        number = normalise(text) if len(digits) >= 9 else None
        ending = (number or digits).lstrip("+")[::-1]
        return list(points.filter(kind="phone", reversed_digits__startswith=ending)[:PEOPLE_AT_MOST])
    words = fold(text).split()
    if not words or len("".join(words)) < 2:
        return []
    # « Sandrine Lacoste » and « Lacoste Sandrine » find the same person: any word may be the one that comes first.
    words = words[:4]
    wanted = Q()
    for turn, first in enumerate(words):
        one = Q(search_key__startswith=first)
        for other in words[:turn] + words[turn + 1 :]:
            one &= Q(search_key__contains=f" {other}")
        wanted |= one
    return list(Person.objects.filter(wanted).order_by("sort_key").values_list("pk", flat=True)[:PEOPLE_AT_MOST])


def people(text: str, user: User) -> list[Person]:
    """Records that answer these words, among those this user may see; their contact points come with them."""
    found = _people(text.strip()[:120])
    roots = Person.objects.filter(pk__in=found).values_list("pk", "merged_into_id")
    return list(
        people_visible_to(user)
        .filter(pk__in={root or pk for pk, root in roots})
        .prefetch_related("contact_points")
        .order_by("sort_key", "pk")[:AT_MOST]
    )
