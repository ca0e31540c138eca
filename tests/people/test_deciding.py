"""Two records, one person or two: merged with what is chosen, undone, remembered."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from guichet.accounts.machines import GUICHET, machine
from guichet.accounts.models import User
from guichet.core.refused import Refused
from guichet.journal.models import Event
from guichet.people import actions
from guichet.people.identity import Claim
from guichet.people.models import Duplicate, Merge, Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def by() -> User:
    return machine(GUICHET)


def person(by: User, email: str = "", **fields: Any) -> Person:
    made = actions.welcome(Claim(email=email, first_name="Sandrine", family_name="Lacoste"), by=by, source="form")
    return actions.change(made, by=by, **fields) if fields else made


@pytest.fixture
def pair(by: User) -> tuple[Person, Person]:
    one = person(by, "a@x.example", town="Marennes")
    two = person(by, "b@x.example", town="Poitiers", address="1 rue Haute", secret=True)
    return one, two


def state(one: Person) -> tuple[Any, ...]:
    one.refresh_from_db()
    fields = {f.attname: getattr(one, f.attname) for f in Person._meta.concrete_fields}
    return fields, sorted(one.contact_points.values_list("value", flat=True))


def test_the_preview_chooses_what_is_filled_then_the_survivors(pair: tuple[Person, Person]) -> None:
    lines = {line.name: line for line in actions.preview_merge(*pair)}
    assert set(lines) == {"town", "address"}
    assert (lines["town"].survivor, lines["town"].absorbed, lines["town"].take) == ("Marennes", "Poitiers", False)
    assert lines["address"].take and lines["address"].label == "adresse postale"


def test_merging_takes_what_was_chosen_and_every_protection(pair: tuple[Person, Person], by: User) -> None:
    one, two = pair
    actions.merge(one, two, by=by, take=["town"])
    one.refresh_from_db(), two.refresh_from_db()
    assert (one.town, one.address, one.secret) == ("Poitiers", "", True)
    assert two.merged_into == one and sorted(actions.family_of(two)) == sorted([one.pk, two.pk])
    assert set(one.contact_points.values_list("value", flat=True)) == {"a@x.example", "b@x.example"}
    assert not Person.objects.living().filter(pk=two.pk).exists()
    event = Event.objects.get(verb="person.merged")
    assert "Poitiers" not in str(event.data) and event.data["fields"] == ["secret", "town"]


def test_a_bad_address_stays_bad(pair: tuple[Person, Person], by: User) -> None:
    actions.mark_bad("b@x.example", by=by, reason="550")
    actions.merge(*pair, by=by)
    assert pair[0].contact_points.get(value="b@x.example").bad_since is not None


def test_undoing_gives_both_back(pair: tuple[Person, Person], by: User) -> None:
    before = [state(one) for one in pair]
    done = actions.merge(*pair, by=by, take=["town", "address"])
    assert state(pair[0]) != before[0]
    actions.undo_merge(done, by=by)
    assert [state(one) for one in pair] == before
    with pytest.raises(Refused):
        actions.undo_merge(done, by=by)


def test_what_was_corrected_or_added_since_stays(pair: tuple[Person, Person], by: User) -> None:
    one, two = pair
    done = actions.merge(one, two, by=by, take=["town", "address"])
    actions.change(one, by=by, town="Royan")
    actions.add_contact_point(one, "phone", "06 39 98 41 27", by=by)
    actions.undo_merge(done, by=by)
    one.refresh_from_db()
    assert (one.town, one.address) == ("Royan", "")
    assert set(one.contact_points.values_list("value", flat=True)) == {"a@x.example", "+33639984127"}


def test_not_the_same_is_remembered(pair: tuple[Person, Person], by: User) -> None:
    one, two = pair
    actions.propose_duplicate(two, one, reason="x", score=50)
    actions.not_the_same(one, two, by=by)
    actions.propose_duplicate(one, two, reason="y", score=90)
    assert Duplicate.objects.get().state == Duplicate.State.NOT_SAME
    with pytest.raises(Refused):
        actions.not_the_same(one, one, by=by)


def test_an_undone_merge_is_a_decision_too(pair: tuple[Person, Person], by: User) -> None:
    actions.undo_merge(actions.merge(*pair, by=by), by=by)
    actions.propose_duplicate(*pair, reason="x", score=90)
    assert Duplicate.objects.get().state == Duplicate.State.NOT_SAME


def test_what_was_said_of_the_absorbed_record_is_said_of_the_survivor(pair: tuple[Person, Person], by: User) -> None:
    one, two = pair
    three, four = person(by, "c@x.example"), person(by, "d@x.example")
    actions.not_the_same(two, three, by=by)
    actions.propose_duplicate(two, four, reason="x", score=50)
    actions.merge(one, two, by=by)
    states = {(d.first_id, d.second_id): d.state for d in Duplicate.objects.all()}
    assert states[one.pk, three.pk] == "not_same" and states[one.pk, four.pk] == "proposed"
    assert states[one.pk, two.pk] == "merged"


def test_chains_and_cycles(pair: tuple[Person, Person], by: User) -> None:
    one, two = pair
    three, four = person(by, "c@x.example"), person(by, "d@x.example")
    first = actions.merge(two, one, by=by)
    actions.merge(three, two, by=by)
    last = actions.merge(four, three, by=by)
    assert set(Person.objects.filter(merged_into=four).values_list("pk", flat=True)) == {one.pk, two.pk, three.pk}
    for survivor, absorbed in ((one, four), (four, one), (four, four), (two, one)):
        with pytest.raises(Refused):
            actions.merge(survivor, absorbed, by=by)
    with pytest.raises(Refused, match="annulez d'abord la dernière"):
        actions.undo_merge(first, by=by)
    actions.undo_merge(last, by=by)
    assert set(Person.objects.filter(merged_into=three).values_list("pk", flat=True)) == {one.pk, two.pk}
    assert Merge.objects.filter(undone_at__isnull=True).count() == 2
    with pytest.raises(Refused):
        actions.change(one, by=by, town="Royan")  # read the one that stays


def test_a_merged_record_is_still_found_by_its_address(pair: tuple[Person, Person], by: User) -> None:
    one, two = pair
    actions.merge(one, two, by=by)
    claim = Claim(email="b@x.example", displayed_name="Sandrine Lacoste")
    assert actions.welcome(claim, by=by, source="email") == one
    assert Person.objects.filter(created_at__lte=timezone.now()).count() == 2
