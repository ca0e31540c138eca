from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases import actions
from guichet.cases.models import Case
from guichet.core.spelling import damerau
from guichet.desk import searching
from guichet.desk.searching import Filters, search
from guichet.organisation.models import Team
from guichet.people.actions import set_keys
from guichet.people.models import ContactPoint, Person

Make = Callable[..., Case]


@pytest.fixture
def make_person() -> Callable[..., Person]:
    def make(first: str, family: str, **fields: str) -> Person:
        person = Person(first_name=first, family_name=family, **fields)
        set_keys(person)
        person.save()
        return person

    return make


def cases(words: str, user: User, filters: Filters = Filters()) -> list[int]:  # noqa: B008 (never changed)
    return [hit.case.pk for hit in search(words, user, filters).hits]


def test_a_number_leads_to_its_case(case: Case, make_case: Make, other_team: Team, desk: Client, agent: User) -> None:
    hidden = make_case(other_team)
    for typed in (case.reference, f"N° {case.spoken_reference}", f" {case.reference[:3]} {case.reference[3:]}"):
        assert desk.get("/bureau/recherche/", {"q": typed})["Location"] == f"/bureau/demandes/{case.reference}/"
    assert desk.get("/bureau/recherche/", {"q": hidden.reference}).status_code == 200
    assert cases(hidden.reference, agent) == []
    assert desk.get("/bureau/", {"q": "a b"})["Location"] == "/bureau/recherche/?q=a+b"


def test_persons(case: Case, make_case: Make, make_person: Callable[..., Person], team: Team, agent: User) -> None:
    compound = make_case(team, person=make_person("Anne-Lise", "Saint-Martin"))
    for words in ("sandrine@courriel.example", "SANDRINE@courriel.example", "84127", "06 39 98 41 27", "Lacoste",
                  "sandrine lac", "LACOSTE Sand", "lacoste"):  # fmt: skip
        assert cases(words, agent) == [case.pk], words
    for words in ("saint martin", "Martin anne", "anne-lise", "Saint-Martin"):
        assert cases(words, agent) == [compound.pk], words
    for words in ("99999", "%", "@", "' | !", "a:*", "x" * 500, "\\", "&&", "(", "-", "œ"):
        assert cases(words, agent) == [], words


@pytest.mark.parametrize("typed", ["Lacsote", "lacosté", "Lacost", "Lakoste", "Laccoste", "Sandrin Lacoste", "Lacotse"])
def test_names_typed_with_a_mistake(case: Case, agent: User, typed: str) -> None:
    assert cases(typed, agent) == [case.pk]
    assert [person.pk for person in search(typed, agent).people] == [case.person_id]


def test_a_short_name_is_another_name(case: Case, make_person: Callable[..., Person], team: Team, agent: User) -> None:
    make_person("Lou", "Lam")
    assert cases("Lim", agent) == []
    assert search("Lacsote", agent).corrected == ["lacoste"]
    assert damerau("lacoste", "lacsote", 2) == damerau("roux", "rouxe", 2) == 1
    assert damerau("roux", "loup", 2) == 2


def test_words_of_messages_and_notes(make_case: Make, team: Team, agent: User) -> None:
    one = make_case(team, text="Ma carte a été refusée à la gare d'Angoulême.")
    two = make_case(team, text="Je demande le remboursement des trajets.")
    actions.note(two, by=agent, text="Rémunération du stagiaire à vérifier.")
    for words in ("refusée", "refusee", "REFUSÉES", "angouleme", "gare carte", "carte gare", "Angoul"):
        assert cases(words, agent) == [one.pk], words
    for words in ("remboursements", "rembours", "remuneration", "stagiaires remboursement"):
        assert cases(words, agent) == [two.pk], words
    assert cases("gare remboursement", agent) == []
    assert cases("stagiaire", agent, Filters(kind="notes")) == [two.pk]
    assert cases("stagiaire", agent, Filters(kind="messages")) == []
    assert cases("remboursement", agent, Filters(kind="messages")) == [two.pk]
    [hit] = search("refusee", agent).hits
    assert (hit.before, hit.found, hit.after) == ("Ma carte a été ", "refusée", " à la gare d'Angoulême.")


def test_an_answer_is_found_at_once_and_follows_a_merge(make_case: Make, team: Team, agent: User) -> None:
    one, two = make_case(team), make_case(team)
    actions.reply(two, by=agent, text="Votre tramway est rétabli.")
    assert cases("tramway", agent) == [two.pk]
    actions.merge(one, two, by=agent)
    assert cases("tramway", agent) == [one.pk]
    actions.undo_merge(one.merges.get(), by=agent)
    assert cases("tramway", agent) == [two.pk]


@pytest.mark.parametrize("rare", [searching.RARE, -1])
def test_rights_and_filters_whatever_the_plan(
    make_case: Make, make_agent: Callable[..., User], team: Team, other_team: Team, agent: User, rare: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A common word is looked for among the latest, a rare one everywhere: both give the same."""
    monkeypatch.setattr(searching, "RARE", rare)
    now = timezone.now()
    seen = make_case(team, text="Panne du car", channel="phone")
    over = make_case(team, text="Panne du car", status="closed", closed_at=now, received_at=now - timedelta(days=90))
    given = make_case(other_team, text="Panne du car", assignee=agent, received_at=now - timedelta(days=9))
    hidden = make_case(other_team, text="Panne du car", received_at=now - timedelta(days=10))
    secret = make_case(team, text="Panne du car", sensitivity=2, received_at=now - timedelta(days=11))
    chief = make_agent("chef@agents.example", is_administrator=True, clearance=2)
    assert cases("panne car", agent) == [seen.pk, given.pk, over.pk]
    assert cases("panne car", chief) == [seen.pk, given.pk, hidden.pk, secret.pk, over.pk]
    assert cases("panne", make_agent("seul@agents.example")) == []
    for filters, expected in [
        (Filters(state="ouvertes"), [seen, given]), (Filters(state="terminees"), [over]),
        (Filters(days=30), [seen, given]), (Filters(channel="phone"), [seen]),
        (Filters(team=other_team.pk), [given]), (Filters(team=team.pk, state="ouvertes"), [seen]),
    ]:  # fmt: skip
        assert cases("panne", agent, filters) == [case.pk for case in expected], filters
    assert search("lacoste", agent).people
    assert not search("lacoste", make_agent("leo@agents.example")).people


def test_the_page(case: Case, desk: Client) -> None:
    page = desk.get("/bureau/recherche/", {"q": "perdue", "etat": "ouvertes"}).content.decode()
    assert "<mark>perdue</mark>" in page
    page = desk.get("/bureau/recherche/", {"q": "perdue", "equipe": "²", "periode": "x"}).content.decode()
    assert page.count("pas appliqué") == 2
    assert "Rien ne correspond" in desk.get("/bureau/recherche/", {"q": "<b>zzz"}).content.decode()
    assert "data-resultats" in desk.get("/bureau/recherche/").content.decode()


def test_many_are_cut_and_said(make_case: Make, team: Team, agent: User, desk: Client) -> None:
    for _ in range(searching.AT_MOST + 1):
        make_case(team)
    assert search("perdue", agent).more
    assert "précisez" in desk.get("/bureau/recherche/", {"q": "perdue"}).content.decode()


def test_a_person_without_a_case_that_is_seen_is_not_found(make_person: Callable[..., Person], agent: User) -> None:
    person = make_person("Ana", "Etcheverry")
    ContactPoint.objects.create(person=person, kind="phone", value="+33639980000", source="form")
    for words in ("Etcheverry", "80000", "Etchevery"):
        assert not search(words, agent).people, words
