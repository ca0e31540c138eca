"""Who writes? An address designates nobody by itself."""

from __future__ import annotations

import pytest

from guichet.accounts.machines import GUICHET, machine
from guichet.people.actions import welcome
from guichet.people.identity import Claim, recognise
from guichet.people.models import ContactPoint, Duplicate, Person

pytestmark = pytest.mark.django_db
HOME = "famille.lacoste@courriel.example"


def known(**fields: str) -> Person:
    return welcome(Claim(email=HOME, **fields), by=machine(GUICHET), source="form")


@pytest.mark.parametrize(
    ("said", "same"),
    [
        ("Sandrine Lacoste", True),
        ("LACOSTE Sandrine", True),
        ("Lacoste, Sandrine", True),
        ("sandrine lacosté", True),
        ("Sandrine Lacoste-Dubois", True),
        ("S. Lacoste", True),
        ("Lacoste", True),
        ("Hugo Lacoste", False),
        ("H. Lacoste", False),
        ("Sandrine", False),
        ("Marc Dubois", False),
        ("", True),  # nothing else is said, and one person only has this address
    ],
)
def test_a_name_beside_an_address(said: str, same: bool) -> None:
    person = known(first_name="Sandrine", family_name="Lacoste")
    found, sharing = recognise(Claim(email=HOME, displayed_name=said))
    assert (found == person) is same
    assert sharing == ([] if same else [person])


def test_a_nameless_record_gets_its_name_once() -> None:
    person = known()
    again = known(displayed_name="Sandrine Lacoste")
    assert again == person
    person.refresh_from_db()
    assert (person.first_name, person.family_name) == ("Sandrine", "Lacoste")
    assert known(displayed_name="Marc Dubois") != person


def test_an_address_with_two_holders_and_no_name_designates_nobody() -> None:
    one, two = known(displayed_name="Sandrine Lacoste"), known(displayed_name="Marc Dubois")
    found, sharing = recognise(Claim(email=HOME))
    assert found is None and set(sharing) == {one, two}


@pytest.mark.parametrize(
    ("claim", "same"),
    [
        (Claim(email=HOME, displayed_name="Les Amis du Car"), True),
        (Claim(email=HOME, displayed_name="Paule Mer"), True),  # its contact person
        (Claim(email=HOME, displayed_name="Paule"), False),
        (Claim(email=HOME, kind="association", organisation_name="Les amis du car"), True),
        (Claim(email=HOME, kind="association", organisation_name="Autre", rna="W172001234"), True),
        (Claim(email=HOME, kind="association", organisation_name="Autre"), False),
        (Claim(email=HOME, first_name="Paule", family_name="Mer"), False),  # for herself, she says so
    ],
)
def test_an_organisation(claim: Claim, same: bool) -> None:
    person = known(
        kind="association", organisation_name="Les Amis du Car", rna="W172001234", first_name="Paule", family_name="Mer"
    )
    assert (recognise(claim)[0] == person) is same


def test_a_shared_address_never_merges_and_is_marked() -> None:
    one, two = known(displayed_name="Sandrine Lacoste"), known(displayed_name="Marc Dubois")
    assert one != two and Person.objects.count() == 2
    assert set(ContactPoint.objects.values_list("is_shared", flat=True)) == {True}
    pair = Duplicate.objects.get()
    assert (pair.first, pair.second, pair.state) == (one, two, "proposed")
    assert one.merged_into is None and two.merged_into is None


def test_a_shared_telephone_never_merges() -> None:
    by = machine(GUICHET)
    claims = [Claim(phone="+33639984127", first_name=name, family_name="Lacoste") for name in ("Sandrine", "Hugo")]
    one, two = (welcome(claim, by=by, source="form") for claim in claims)
    assert one != two
    assert Duplicate.objects.get().reason == "même téléphone, noms différents"


def test_what_looks_like_one_person_is_proposed_not_decided() -> None:
    by = machine(GUICHET)
    same = {"first_name": "Sandrine", "family_name": "Lacoste", "postcode": "17320"}
    one = welcome(Claim(email="a@x.example", **same), by=by, source="form")
    two = welcome(Claim(email="b@x.example", **same), by=by, source="form")
    three = welcome(Claim(email="c@x.example", **{**same, "postcode": "86000"}), by=by, source="form")
    assert {(d.first, d.second) for d in Duplicate.objects.all()} == {(one, two)}
    assert three.merged_into is None
    firm = {"kind": "company", "siret": "20005375900011"}
    firms = [welcome(Claim(organisation_name=n, **firm), by=by, source="form") for n in ("Une", "Deux")]
    assert Duplicate.objects.filter(first=firms[0], second=firms[1], reason="même numéro SIRET").exists()


def test_what_is_known_is_completed_never_overwritten() -> None:
    person = known(displayed_name="Sandrine Lacoste")
    again = known(first_name="Sandrine", family_name="Lacoste", town="Marennes", phone="+33639984127")
    assert again == person
    known(first_name="Sandrine", family_name="Lacoste", town="Poitiers")
    person.refresh_from_db()
    assert person.town == "Marennes"
    assert person.contact_points.get(kind="phone").reversed_digits == "72148993633"
