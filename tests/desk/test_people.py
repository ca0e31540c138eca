from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.models import Case, Interaction
from guichet.journal.models import Event
from guichet.organisation.models import Team
from guichet.people import actions
from guichet.people.actions import set_keys
from guichet.people.models import Consent, ContactPoint, Duplicate, Mandate, Merge, Person

Make = Callable[..., Case]


def at(person: Person, path: str = "") -> str:
    return f"/bureau/personnes/{person.pk}/{path}"


@pytest.fixture
def make_person(make_case: Make) -> Callable[..., Person]:
    def make(team: Team, **fields: object) -> Person:
        person = Person(**{"first_name": "Sandrine", "family_name": "Lacoste", **fields})
        set_keys(person)
        person.save()
        make_case(team, person=person)
        return person

    return make


def test_the_page_shows_the_person_and_records_the_reading(
    desk: Client, case: Case, person: Person, agent: User, make_case: Make, other_team: Team
) -> None:
    make_case(other_team, subject="Autre équipe")
    case.interactions.update(subject="Bonjour, ma carte")
    page = desk.get(at(person)).content.decode()
    for words in (
        "sandrine@courriel.example",
        "06\u00a039\u00a098\u00a041\u00a027", "non vérifiée", "message reçu", "Carte perdue",
        "Bonjour, ma carte", "Qui a consulté", "Nadia Belkacem",
    ):  # fmt: skip
        assert words in page, words
    assert "Autre équipe" not in page and " style=" not in page and "<script>" not in page
    assert Event.objects.filter(verb="person.read", person_id=person.pk, actor=agent).count() == 1


def test_who_sees_no_case_of_a_person_finds_nothing(
    desk: Client, person: Person, make_case: Make, team: Team, other_team: Team
) -> None:
    assert desk.get(at(person)).status_code == 404  # no case at all
    make_case(other_team)
    sensitive = make_case(team, sensitivity=2)
    assert desk.get(at(person)).status_code == 404
    assert desk.get("/bureau/personnes/999999/").status_code == 404
    for path in ("faire/corriger/", "faire/coordonnee/", "reunions/1/annuler/"):
        assert desk.post(at(person, path), {"kind": "email", "value": "x@y.example"}).status_code == 404, path
    assert person.contact_points.count() == 2
    Case.objects.filter(pk=sensitive.pk).update(sensitivity=0)
    assert desk.get(at(person)).status_code == 200


def test_accesses_to_cases_one_may_not_see_are_not_told(
    desk: Client, case: Case, person: Person, make_case: Make, other_team: Team, agent: User
) -> None:
    hidden = make_case(other_team)
    for one in (case, hidden):
        Event.objects.create(verb="case.read", actor=agent, case_id=one.pk, person_id=person.pk)
    accesses = desk.get(at(person)).context["accesses"]
    assert [e.case_id for e in accesses if e.verb == "case.read"] == [case.pk]


def test_contact_points(desk: Client, case: Case, person: Person) -> None:
    def act(verb: str, **data: object) -> int:
        return desk.post(at(person, f"faire/{verb}/"), data).status_code

    assert act("coordonnee", kind="phone", value="05 36 49 00 01") == 302
    assert act("coordonnee", kind="phone", value="08 99 70 12 34") == 400
    assert act("coordonnee", kind="email", value="pas une adresse") == 400
    point = person.contact_points.get(kind="email")
    actions.verify_point(point, by=User.objects.get(email="nadia@agents.example"), how="code")
    assert act("corriger-coordonnee", point=point.pk, value="neuve@courriel.example") == 302
    point.refresh_from_db()
    assert point.value == "neuve@courriel.example" and not point.is_verified
    refused = desk.post(at(person, "faire/corriger-coordonnee/"), {"point": point.pk, "value": "x"})
    assert refused.status_code == 400 and "complète" in refused.content.decode()
    foreign = ContactPoint.objects.create(
        person=Person.objects.create(family_name="Autre"), kind="email", value="autre@x.example", source="form"
    )
    assert act("retirer-coordonnee", point=foreign.pk) == 400
    assert act("retirer-coordonnee", point=point.pk) == 302
    assert act("inconnu") == 404
    assert set(ContactPoint.objects.values_list("value", flat=True)) == {
        "+33639984127", "+33536490001", "autre@x.example",
    }  # fmt: skip


def test_identity_and_needs(desk: Client, case: Case, person: Person) -> None:
    identity = {
        "kind": "citizen", "civility": "mme", "first_name": "Sandrine", "family_name": "Lacoste", "used_name": "Mer",
        "prefers_used_name": "on", "postcode": "86000", "town": "Poitiers",
    }  # fmt: skip
    assert desk.post(at(person, "faire/corriger/"), identity).status_code == 302
    person.refresh_from_db()
    assert (person.full_name, person.department) == ("Sandrine Mer", "86")
    wrong = desk.post(at(person, "faire/corriger/"), {**identity, "siret": "12345678901234", "town": "Royan"})
    assert wrong.status_code == 400 and "SIRET n&#x27;est pas juste" in wrong.content.decode()
    assert 'value="Royan"' in wrong.content.decode()  # what was typed is not lost
    assert desk.post(at(person, "faire/corriger/"), {"kind": "citizen"}).status_code == 400
    person.refresh_from_db()
    assert person.town == "Poitiers"
    needs = {"language": "eu", "preferred_channel": "phone", "needs_interpreter": "on", "no_digital": "on"}
    assert desk.post(at(person, "faire/besoins/"), needs).status_code == 302
    page = desk.get(at(person)).content.decode()
    assert "Basque" in page and "a besoin d'un interprète" in page and "sans numérique" in page
    event = Event.objects.filter(verb="person.changed").latest("pk")
    assert event.data["fields"] == ["language", "needs_interpreter", "no_digital", "preferred_channel"]


def test_consents_and_mandates(
    desk: Client, case: Case, person: Person, make_person: Callable[..., Person], team: Team, other_team: Team
) -> None:
    consent = {"purpose": "lettre", "channel": "email", "wording": "2026-1", "proof": "au guichet"}
    assert desk.post(at(person, "faire/consentement/"), consent).status_code == 302
    assert desk.post(at(person, "faire/consentement/"), {**consent, "proof": ""}).status_code == 400
    given = Consent.objects.get()
    assert "Lettre d&#x27;information, par e-mail" in desk.get(at(person)).content.decode()
    assert desk.post(at(person, "faire/retirer-consentement/"), {"given": given.pk}).status_code == 302
    given.refresh_from_db()
    assert given.withdrawn_at is not None

    mother, stranger = make_person(team, first_name="Anne"), make_person(other_team, first_name="Paul")
    mandate = {
        "side": "holder", "other": mother.cases.get().spoken_reference, "scope": "Transport", "first_day": "2026-09-01",
        "proof": "livret de famille vu",
    }  # fmt: skip
    assert desk.post(at(person, "faire/mandat/"), mandate).status_code == 302
    for fault in ({"other": stranger.cases.get().reference}, {"proof": ""}, {"other": case.reference}):
        assert desk.post(at(person, "faire/mandat/"), {**mandate, **fault}).status_code == 400, fault
    made = Mandate.objects.get()
    assert (made.principal, made.holder, made.proof) == (person, mother, "livret de famille vu")
    assert "livret de famille vu" in desk.get(at(mother)).content.decode()
    assert desk.post(at(mother, "faire/retirer-mandat/"), {"mandate": made.pk}).status_code == 302
    made.refresh_from_db()
    assert made.ended_at is not None


def test_duplicates_are_compared_merged_and_undone(
    desk: Client, case: Case, person: Person, make_person: Callable[..., Person], team: Team
) -> None:
    other = make_person(team, town="Poitiers", civility="mme")
    actions.propose_duplicate(person, other, reason="même nom", score=70)
    assert "même nom" in desk.get("/bureau/doublons/").content.decode()
    assert "Comparer avec" in desk.get(at(person)).content.decode()
    page = desk.get(at(person, f"comparer/{other.pk}/")).content.decode()
    assert "Marennes" in page and "Poitiers" in page
    response = desk.post(at(person, f"comparer/{other.pk}/"), {"decision": "reunir", "town": "b"})
    assert response["Location"] == at(person)
    person.refresh_from_db()
    assert person.town == "Poitiers"
    assert desk.get(at(other))["Location"] == at(person)  # the old address leads to the one that stays
    page = desk.get(at(person)).content.decode()
    assert "Annuler la réunion" in page and other.cases.get().spoken_reference in page
    merge = Merge.objects.get()
    assert desk.post(at(person, f"reunions/{merge.pk}/annuler/")).status_code == 302
    person.refresh_from_db()
    assert person.town == "Marennes" and desk.get(at(other)).status_code == 200
    assert desk.post(at(person, f"reunions/{merge.pk}/annuler/")).status_code == 409


def test_not_the_same_person(
    desk: Client, case: Case, person: Person, make_person: Callable[..., Person], team: Team
) -> None:
    other = make_person(team)
    actions.propose_duplicate(person, other, reason="même nom", score=70)
    assert desk.post(at(person, f"comparer/{other.pk}/"), {"decision": "distinguer"}).status_code == 302
    assert Duplicate.objects.get().state == "not_same"
    assert "Aucun doublon" in desk.get("/bureau/doublons/").content.decode()
    assert "ce sont deux personnes" in desk.get(at(person, f"comparer/{other.pk}/")).content.decode()


def test_a_record_of_another_team_is_neither_proposed_nor_compared(
    desk: Client, case: Case, person: Person, make_person: Callable[..., Person], other_team: Team
) -> None:
    other = make_person(other_team)
    actions.propose_duplicate(person, other, reason="même nom", score=70)
    assert "même nom" not in desk.get("/bureau/doublons/").content.decode()
    assert "Comparer avec" not in desk.get(at(person)).content.decode()
    for one, two in ((person, other), (other, person), (person, person)):
        address = at(one, f"comparer/{two.pk}/")
        assert desk.get(address).status_code == 404
        assert desk.post(address, {"decision": "reunir"}).status_code == 404
    assert not Merge.objects.exists()


def test_exchanges_are_paged_and_queries_do_not_grow(desk: Client, case: Case, person: Person) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert desk.get(at(person)).status_code == 200
        return len(seen)

    few = queries()
    now = timezone.now()
    Interaction.objects.bulk_create(
        [
            Interaction(case=case, channel="email", direction="in", text="x", at=now - timedelta(hours=n // 2))
            for n in range(70)
        ]
    )
    assert queries() <= few + 1
    address, seen = at(person), []
    while address:
        context = desk.get(address).context
        seen += [i.pk for _, i in context["exchanges"]]
        address = at(person) + f"?avant={context['following']}" if context["following"] else ""
    assert len(seen) == len(set(seen)) == 71


def test_the_case_page_leads_to_the_person(desk: Client, case: Case, person: Person) -> None:
    assert f'href="{at(person)}"' in desk.get(f"/bureau/demandes/{case.reference}/").content.decode()
