"""Are two records one person? Proposed by the machine, decided by an agent, undone, remembered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from guichet.core.ahead import Question
from guichet.core.refused import Refused
from guichet.core.rows import ask
from guichet.core.text import fold
from guichet.journal.actions import record
from guichet.people.keys import set_keys
from guichet.people.models import FLAGS_KEPT, MERGED_FIELDS, ContactPoint, Duplicate, Merge, Person

if TYPE_CHECKING:
    from guichet.accounts.models import User


ALIKE_AT_MOST = 10  # the telephone of a town hall or a lawyer is on a thousand records


@dataclass(frozen=True, slots=True)
class Line:
    """One field on which two records differ, and whose value is kept unless the agent says otherwise."""

    name: str
    label: str
    survivor: str
    absorbed: str
    take: bool  # the absorbed one's value is the default


def family_of(person: Person) -> list[int]:
    """Ids of a person and of every record merged into it."""
    return [pk for (pk,) in ask(*family_question(person))]


def family_question(person: Person) -> Question:
    """What `family_of` asks."""
    root = person.merged_into_id or person.pk
    return "SELECT id FROM people_person WHERE id = %s OR merged_into_id = %s", [root, root]


# -- proposing --------------------------------------------------------------------------------------------------------


def propose_duplicate(one: Person, other: Person, *, reason: str, score: int) -> None:
    """Propose a pair once; a pair that was decided « not the same » is never proposed again."""
    if one.pk == other.pk:
        return
    first, second = sorted([one.pk, other.pk])
    Duplicate.objects.bulk_create(
        [Duplicate(first_id=first, second_id=second, reason=reason, score=score)], ignore_conflicts=True
    )


def propose_alike(person: Person, *, phone: str = "") -> None:
    """Look for records that may be this person: same number, same telephone and name, same name and town."""
    living = Person.objects.living().exclude(pk=person.pk)
    for name in ("siret", "rna"):
        if value := getattr(person, name):
            for other in living.filter(**{name: value})[:ALIKE_AT_MOST]:
                propose_duplicate(person, other, reason=f"même numéro {name.upper()}", score=90)
    if phone:
        for other in living.filter(contact_points__kind="phone", contact_points__value=phone)[:ALIKE_AT_MOST]:
            alike = fold(other.full_name) == fold(person.full_name)
            reason = "même téléphone, même nom" if alike else "même téléphone, noms différents"
            propose_duplicate(person, other, reason=reason, score=80 if alike else 30)
    if person.postcode and person.search_key:
        for other in living.filter(search_key=person.search_key, postcode=person.postcode)[:ALIKE_AT_MOST]:
            propose_duplicate(person, other, reason="même nom, même code postal", score=70)


@transaction.atomic
def not_the_same(one: Person, other: Person, *, by: User) -> None:
    """Two persons, whatever they share. Remembered: the pair is never proposed again."""
    if one.pk == other.pk:
        raise Refused("Il faut deux fiches différentes.", status=400)
    _decide(one, other, Duplicate.State.NOT_SAME)
    first, second = sorted([one.pk, other.pk])
    record("person.not_same", by=by, person_id=first, other=second)
    record("person.not_same", by=by, person_id=second, other=first)


def _decide(one: Person, other: Person, state: Duplicate.State) -> None:
    """What an agent decided of a pair, whether it had been proposed or not."""
    first, second = sorted([one.pk, other.pk])
    decision = {"state": state, "decided_at": timezone.now()}
    Duplicate.objects.update_or_create(
        first_id=first,
        second_id=second,
        defaults=decision,
        create_defaults={**decision, "reason": "décision d'un agent"},
    )


# -- merging ----------------------------------------------------------------------------------------------------------


def preview_merge(survivor: Person, absorbed: Person) -> list[Line]:
    """Field by field, what differs. By default: what is filled, then the survivor's."""
    lines = []
    for name in MERGED_FIELDS:
        kept, lost = getattr(survivor, name), getattr(absorbed, name)
        if kept == lost or not (kept or lost):
            continue
        label = str(getattr(Person._meta.get_field(name), "verbose_name", name))
        lines.append(Line(name, label, _shown(survivor, name), _shown(absorbed, name), take=not kept))
    return lines


def _shown(person: Person, name: str) -> str:
    say = getattr(person, f"get_{name}_display", None)
    return str(say() if say is not None and getattr(person, name) else getattr(person, name))


@transaction.atomic
def merge(survivor: Person, absorbed: Person, *, by: User, take: Iterable[str] | None = None) -> Merge:
    """Absorb one record. `take`: fields whose value comes from the absorbed one (by default: those it alone fills).

    Cases keep pointing to the record they came with: a case's person is followed to its survivor, so undoing is exact.
    """
    survivor, absorbed = _locked_pair(survivor, absorbed)
    if survivor.merged_into_id or absorbed.merged_into_id:
        raise Refused("L'une de ces fiches a déjà été réunie à une autre.")
    if take is None:
        take = [line.name for line in preview_merge(survivor, absorbed) if line.take]
    before = _take_over(survivor, absorbed, set(take) & set(MERGED_FIELDS))
    added = _copy_points(survivor, absorbed)
    absorbed.merged_into = survivor
    absorbed.save(update_fields=["merged_into"])
    Person.objects.filter(merged_into=absorbed).update(merged_into=survivor)
    _decided(survivor, absorbed)
    done = Merge.objects.create(survivor=survivor, absorbed=absorbed, before=before, added_points=added)
    record("person.merged", by=by, person_id=survivor.pk, absorbed=absorbed.pk, fields=sorted(before))
    record("person.merged_into", by=by, person_id=absorbed.pk, survivor=survivor.pk)
    return done


def _locked_pair(survivor: Person, absorbed: Person) -> tuple[Person, Person]:
    rows = Person.objects.select_for_update().filter(pk__in=[survivor.pk, absorbed.pk]).order_by("pk")
    locked = {person.pk: person for person in rows}
    if len(locked) < 2:
        raise Refused("Il faut deux fiches différentes pour les réunir.", status=400)
    return locked[survivor.pk], locked[absorbed.pk]


def _take_over(survivor: Person, absorbed: Person, take: set[str]) -> dict[str, Any]:
    """Write the chosen values on the survivor; return what they replaced."""
    before: dict[str, Any] = {}
    for name in [*sorted(take), *(flag for flag in FLAGS_KEPT if getattr(absorbed, flag))]:
        if getattr(survivor, name) != getattr(absorbed, name):
            before[name] = getattr(survivor, name)
            setattr(survivor, name, getattr(absorbed, name))
    set_keys(survivor)
    survivor.save()
    return before


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
            bad_since=point.bad_since,
            bad_reason=point.bad_reason,
        )
        added.append(copy.pk)
    return added


def _decided(survivor: Person, absorbed: Person) -> None:
    """The pair is decided; what was said of the absorbed record and others now concerns the survivor."""
    _decide(survivor, absorbed, Duplicate.State.MERGED)
    pairs = Duplicate.objects.filter(Q(first=absorbed) | Q(second=absorbed)).exclude(state=Duplicate.State.MERGED)
    moved = []
    for pair in pairs:
        other = pair.second_id if pair.first_id == absorbed.pk else pair.first_id
        low, high = sorted([other, survivor.pk])
        moved.append(
            Duplicate(first_id=low, second_id=high, reason=pair.reason, score=pair.score, state=pair.state,
                      decided_at=pair.decided_at)
        )  # fmt: skip
    Duplicate.objects.bulk_create(moved, ignore_conflicts=True)


@transaction.atomic
def undo_merge(done: Merge, *, by: User) -> None:
    """Give both records back as they were; what was added or corrected on the survivor since stays with it."""
    done = Merge.objects.select_for_update().get(pk=done.pk)
    survivor, absorbed = _locked_pair(done.survivor, done.absorbed)
    if done.undone_at:
        raise Refused("Cette réunion de fiches a déjà été annulée.")
    if survivor.merged_into_id:
        raise Refused("La fiche a depuis été réunie à une autre : annulez d'abord la dernière réunion.")
    for name, value in done.before.items():
        if getattr(survivor, name) == getattr(absorbed, name):  # else an agent corrected it meanwhile
            setattr(survivor, name, value)
    set_keys(survivor)
    survivor.save()
    ContactPoint.objects.filter(pk__in=done.added_points, person=survivor).delete()
    absorbed.merged_into = None
    absorbed.save(update_fields=["merged_into"])
    Person.objects.filter(pk__in=_absorbed_by(absorbed.pk)).update(merged_into=absorbed)
    done.undone_at = timezone.now()
    done.save(update_fields=["undone_at"])
    not_the_same(survivor, absorbed, by=by)
    record("person.unmerged", by=by, person_id=survivor.pk, absorbed=absorbed.pk)
    record("person.unmerged_from", by=by, person_id=absorbed.pk, survivor=survivor.pk)


def _absorbed_by(pk: int) -> set[int]:
    """Every record absorbed by this one, directly or by one that it absorbed."""
    found: set[int] = set()
    wave = {pk}
    while wave:
        merges = Merge.objects.filter(survivor__in=wave, undone_at__isnull=True)
        wave = set(merges.values_list("absorbed_id", flat=True)) - found - {pk}
        found |= wave
    return found
