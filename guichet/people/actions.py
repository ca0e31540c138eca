"""Verbs on persons."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Model, Q
from django.utils import timezone

from guichet.core.refused import Refused
from guichet.core.rows import number, write
from guichet.core.text import fold, name_key
from guichet.journal.actions import Fact, events_of, record
from guichet.people.identity import Claim, recognise
from guichet.people.models import (
    FLAGS_KEPT,
    MERGED_FIELDS,
    Consent,
    ContactPoint,
    Duplicate,
    Mandate,
    Merge,
    Person,
)

if TYPE_CHECKING:
    from guichet.accounts.models import User

CLAIMED_FIELDS = (
    "civility", "first_name", "family_name", "organisation_name", "siren", "siret", "rna",
    "address", "postcode", "town", "department", "preferred_channel",
)  # fmt: skip


def set_keys(person: Person) -> None:
    """Sort and search keys, computed here because the database knows no French collation."""
    person.sort_key = name_key(person.organisation_name or person.family_name, person.first_name)[:200]
    words = (
        f"{person.family_name} {person.used_name} {person.first_name}"
        if not person.is_organisation
        else f"{person.organisation_name} {person.family_name} {person.first_name}"
    )
    person.search_key = fold(words)[:300]


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
    """As `welcome`; a new person is not written yet: his rows are given, himself first, to be written with others.

    The caller then numbers him, and says that he was `created`.
    """
    person, sharing = recognise(claim)
    if person is not None:
        _complete(person, claim, by=by)
        if claim.phone:  # he was recognised by his address: that one is known
            ContactPoint.objects.bulk_create(_points(person, claim, source=source, shared=False), ignore_conflicts=True)
        rows: list[Model] = []
    else:
        person = _new(claim, source=source)
        rows = [person, *_points(person, claim, source=source, shared=bool(sharing))]
    if sharing and rows:
        number(person)
        write(*rows, *events_of([created(person)], by=by))
        rows = []
    for other in sharing:
        ContactPoint.objects.filter(person=other, kind=ContactPoint.Kind.EMAIL, value=claim.email).update(
            is_shared=True
        )
        propose_duplicate(person, other, reason="même adresse e-mail, noms différents", score=40)
    return person, rows


def created(person: Person) -> Fact:
    return Fact("person.created", person_id=person.pk, data={"source": person.source})


def _new(claim: Claim, *, source: str) -> Person:
    person = Person(kind=claim.kind, source=source, electronic_reply_refused=claim.electronic_reply_refused)
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
        points.append(ContactPoint(person=person, kind="email", value=claim.email, source=source, is_shared=shared))
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
    """An agent corrects a record. The old and new values of fields are kept in the journal, except addresses."""
    before = {name: getattr(person, name) for name in fields}
    changed = {name: value for name, value in fields.items() if before[name] != value}
    if not changed:
        return person
    for name, value in changed.items():
        setattr(person, name, value)
    person.full_clean(exclude=["merged_into"], validate_unique=False)
    set_keys(person)
    person.save()
    record("person.changed", by=by, person_id=person.pk, fields=sorted(changed))
    return person


@transaction.atomic
def add_contact_point(person: Person, kind: str, value: str, *, by: User, source: str = "agent") -> ContactPoint:
    point, created = ContactPoint.objects.get_or_create(
        person=person, kind=kind, value=value, defaults={"source": source}
    )
    if created:
        others = ContactPoint.objects.filter(kind=kind, value=value).exclude(person=person)
        if others.update(is_shared=True):
            point.is_shared = True
            point.save(update_fields=["is_shared"])
        record("person.point_added", by=by, person_id=person.pk, kind=kind, source=source)
    return point


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


@transaction.atomic
def consent(person: Person, purpose: str, channel: str, *, by: User, wording: str, proof: str = "") -> Consent:
    given, created = Consent.objects.get_or_create(
        person=person,
        purpose=purpose,
        channel=channel,
        withdrawn_at=None,
        defaults={"wording": wording, "proof": proof},
    )
    if created:
        record("person.consented", by=by, person_id=person.pk, purpose=purpose, channel=channel, wording=wording)
    return given


@transaction.atomic
def withdraw_consent(given: Consent, *, by: User) -> None:
    if given.withdrawn_at is None:
        given.withdrawn_at = timezone.now()
        given.save(update_fields=["withdrawn_at"])
        record("person.consent_withdrawn", by=by, person_id=given.person_id, purpose=given.purpose)


@transaction.atomic
def give_mandate(mandate: Mandate, *, by: User) -> Mandate:
    if mandate.principal_id == mandate.holder_id:
        raise Refused("Une personne n'a pas besoin de mandat pour elle-même.")
    mandate.save()
    record("person.mandated", by=by, person_id=mandate.principal_id, holder=mandate.holder_id, scope=mandate.scope)
    return mandate


def propose_duplicate(one: Person, other: Person, *, reason: str, score: int) -> None:
    """Propose a pair once; a pair that was decided « not the same » is never proposed again."""
    if one.pk == other.pk:
        return
    first, second = sorted([one.pk, other.pk])
    Duplicate.objects.bulk_create(
        [Duplicate(first_id=first, second_id=second, reason=reason, score=score)], ignore_conflicts=True
    )


@transaction.atomic
def not_the_same(one: Person, other: Person, *, by: User) -> None:
    first, second = sorted([one.pk, other.pk])
    Duplicate.objects.update_or_create(
        first_id=first,
        second_id=second,
        defaults={"state": Duplicate.State.NOT_SAME, "decided_at": timezone.now()},
        create_defaults={
            "state": Duplicate.State.NOT_SAME,
            "decided_at": timezone.now(),
            "reason": "décision d'un agent",
        },
    )
    record("person.not_same", by=by, person_id=first, other=second)


def preview_merge(survivor: Person, absorbed: Person) -> list[dict[str, Any]]:
    """Field by field: name, both values, and which one is kept by default (what is filled, then the survivor's)."""
    lines = []
    for name in MERGED_FIELDS:
        kept, lost = getattr(survivor, name), getattr(absorbed, name)
        if kept == lost:
            continue
        label = str(getattr(Person._meta.get_field(name), "verbose_name", name))
        lines.append({"name": name, "label": label, "survivor": kept, "absorbed": lost, "choice": "a" if kept else "b"})
    return lines


@transaction.atomic
def merge(survivor: Person, absorbed: Person, *, by: User, take: Iterable[str] = ()) -> Merge:
    """Absorb one record. `take` names the fields whose value comes from the absorbed one.

    Cases keep pointing to the record they came with: a case's person is followed to its survivor, so undoing is exact.
    """
    locked = {p.pk: p for p in Person.objects.select_for_update().filter(pk__in=[survivor.pk, absorbed.pk])}
    if len(locked) < 2:
        raise Refused("Il faut deux fiches différentes pour les réunir.")
    survivor, absorbed = locked[survivor.pk], locked[absorbed.pk]
    if survivor.merged_into_id or absorbed.merged_into_id:
        raise Refused("L'une de ces fiches a déjà été réunie à une autre.")
    fields = [*MERGED_FIELDS, *FLAGS_KEPT]
    before = {name: getattr(survivor, name) for name in fields}
    for name in take:
        if name in MERGED_FIELDS:
            setattr(survivor, name, getattr(absorbed, name))
    for name in FLAGS_KEPT:
        setattr(survivor, name, getattr(survivor, name) or getattr(absorbed, name))
    set_keys(survivor)
    survivor.save()
    added = _copy_points(survivor, absorbed)
    absorbed.merged_into = survivor
    absorbed.save(update_fields=["merged_into"])
    Person.objects.filter(merged_into=absorbed).update(merged_into=survivor)
    first, second = sorted([survivor.pk, absorbed.pk])
    Duplicate.objects.filter(first_id=first, second_id=second).update(
        state=Duplicate.State.MERGED, decided_at=timezone.now()
    )
    done = Merge.objects.create(survivor=survivor, absorbed=absorbed, before=before, added_points=added)
    record("person.merged", by=by, person_id=survivor.pk, absorbed=absorbed.pk, fields=sorted(take))
    return done


def _copy_points(survivor: Person, absorbed: Person) -> list[int]:
    added = []
    known = set(survivor.contact_points.values_list("kind", "value"))
    for point in absorbed.contact_points.all():
        if (point.kind, point.value) in known:
            continue
        copy = ContactPoint.objects.create(
            person=survivor,
            kind=point.kind,
            value=point.value,
            source=point.source,
            verified_at=point.verified_at,
            verified_how=point.verified_how,
            is_shared=point.is_shared,
        )
        added.append(copy.pk)
    return added


@transaction.atomic
def undo_merge(done: Merge, *, by: User) -> None:
    """Give both records back as they were; what was added to the survivor since stays with it."""
    done = Merge.objects.select_for_update().select_related("survivor", "absorbed").get(pk=done.pk)
    if done.undone_at:
        raise Refused("Cette réunion de fiches a déjà été annulée.")
    if done.survivor.merged_into_id:
        raise Refused("La fiche a depuis été réunie à une autre : annulez d'abord la dernière réunion.")
    for name, value in done.before.items():
        setattr(done.survivor, name, value)
    set_keys(done.survivor)
    done.survivor.save()
    ContactPoint.objects.filter(pk__in=done.added_points, person=done.survivor).delete()
    done.absorbed.merged_into = None
    done.absorbed.save(update_fields=["merged_into"])
    # Records absorbed earlier by the absorbed one go back under it.
    earlier = Merge.objects.filter(survivor=done.absorbed, undone_at__isnull=True).values_list("absorbed_id")
    Person.objects.filter(pk__in=earlier).update(merged_into=done.absorbed)
    done.undone_at = timezone.now()
    done.save(update_fields=["undone_at"])
    not_the_same(done.survivor, done.absorbed, by=by)
    record("person.unmerged", by=by, person_id=done.survivor.pk, absorbed=done.absorbed.pk)


def family_of(person: Person) -> list[int]:
    """Ids of a person and of every record merged into it."""
    root = person.merged_into_id or person.pk
    return list(Person.objects.filter(Q(pk=root) | Q(merged_into_id=root)).values_list("pk", flat=True))
