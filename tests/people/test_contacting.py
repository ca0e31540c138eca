"""Contact points, consents, mandates: what is proved, by whom, and what is refused."""

from __future__ import annotations

from datetime import date

import pytest

from guichet.accounts.machines import GUICHET, machine
from guichet.accounts.models import User
from guichet.core.refused import Refused
from guichet.journal.models import Event
from guichet.people import actions
from guichet.people.identity import Claim
from guichet.people.models import Consent, Mandate, Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def by() -> User:
    return machine(GUICHET)


def person(by: User, first: str, email: str = "") -> Person:
    return actions.welcome(Claim(email=email, first_name=first, family_name="Lacoste"), by=by, source="form")


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("email", " Sandrine@Courriel.Example ", "sandrine@courriel.example"),
        ("phone", "06 39 98 41 27", "+33639984127"),
        ("phone", "0692 12 34 56", "+262692123456"),
        ("phone", "+44 20 7946 0018", "+442079460018"),
        ("email", "sandrine@", None),
        ("email", "a@b.example\r\nBcc: x@y.example", None),
        ("phone", "08 99 70 12 34", None),
        ("phone", "12", None),
        ("phone", "", None),
    ],
)
def test_a_contact_point_is_kept_in_one_form(by: User, kind: str, typed: str, kept: str | None) -> None:
    one = person(by, "Sandrine")
    if kept is None:
        with pytest.raises(Refused):
            actions.add_contact_point(one, kind, typed, by=by)
        assert not one.contact_points.exists()
        return
    assert actions.add_contact_point(one, kind, typed, by=by).value == kept
    actions.add_contact_point(one, kind, typed, by=by)
    assert one.contact_points.count() == 1
    assert Event.objects.filter(verb="person.point_added").count() == 1
    assert kept not in str(Event.objects.get(verb="person.point_added").data)


def test_a_corrected_address_is_not_proved_by_the_old_one(by: User) -> None:
    one = person(by, "Sandrine", "vieille@x.example")
    point = one.contact_points.get()
    actions.verify_point(point, by=by, how="code")
    actions.correct_contact_point(point, "neuve@x.example", by=by)
    point.refresh_from_db()
    assert (point.value, point.is_verified, point.source) == ("neuve@x.example", False, "agent")
    actions.mark_bad("neuve@x.example", by=by, reason="550")
    point.refresh_from_db()
    assert point.bad_since is not None
    actions.verify_point(point, by=by, how="code")
    point.refresh_from_db()
    assert point.bad_since is None and point.is_verified
    actions.add_contact_point(one, "email", "autre@x.example", by=by)
    with pytest.raises(Refused):
        actions.correct_contact_point(point, "autre@x.example", by=by)
    actions.remove_contact_point(point, by=by)
    assert one.contact_points.get().value == "autre@x.example"


def test_an_address_that_another_has_is_shared_and_merges_nobody(by: User) -> None:
    one, two = person(by, "Sandrine", "a@x.example"), person(by, "Hugo", "b@x.example")
    point = actions.add_contact_point(two, "email", "a@x.example", by=by)
    assert point.is_shared and one.contact_points.get().is_shared
    assert two.merged_into is None and one.merged_into is None


def test_a_consent_is_given_once_and_withdrawn(by: User) -> None:
    one = person(by, "Sandrine")
    given = actions.consent(one, "lettre", "email", by=by, wording="2026-1", proof="formulaire")
    assert actions.consent(one, "lettre", "email", by=by, wording="2026-2") == given
    actions.withdraw_consent(given, by=by)
    actions.withdraw_consent(given, by=by)
    assert Event.objects.filter(verb="person.consent_withdrawn").count() == 1
    again = actions.consent(one, "lettre", "email", by=by, wording="2026-2")
    assert again != given and Consent.objects.filter(withdrawn_at__isnull=True).get() == again
    with pytest.raises(Refused):
        actions.consent(one, "lettre", "email", by=by, wording=" ")


@pytest.mark.parametrize("fault", ["himself", "dates", "proof", None])
def test_a_mandate_joins_two_persons_with_a_proof(by: User, fault: str | None) -> None:
    mother, son = person(by, "Sandrine"), person(by, "Hugo")
    mandate = Mandate(
        principal=son, holder=son if fault == "himself" else mother, scope="transport", first_day=date(2026, 9, 1),
        last_day=date(2026, 8, 1) if fault == "dates" else None, proof=" " if fault == "proof" else "livret vu",
    )  # fmt: skip
    if fault:
        with pytest.raises(Refused):
            actions.give_mandate(mandate, by=by)
        assert not Mandate.objects.exists()
        return
    actions.give_mandate(mandate, by=by)
    actions.end_mandate(mandate, by=by)
    actions.end_mandate(mandate, by=by)
    for one in (mother, son):
        verbs = list(Event.objects.filter(person_id=one.pk, verb__contains="mandate").values_list("verb", flat=True))
        assert sorted(verbs) == ["person.mandate_ended", "person.mandated"]


def test_a_bad_value_is_refused_in_french(by: User) -> None:
    one = person(by, "Sandrine")
    with pytest.raises(Refused):
        actions.change(one, by=by, civility="docteur")
    with pytest.raises(Refused):
        actions.change(one, by=by, family_name="x" * 200)
    one.refresh_from_db()
    assert one.family_name == "Lacoste"


def test_reading_a_file_is_recorded(by: User) -> None:
    one = person(by, "Sandrine")
    actions.mark_read(one, by=by)
    assert Event.objects.get(verb="person.read").person_id == one.pk
