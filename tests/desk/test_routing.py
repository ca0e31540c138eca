"""What the case page says of the routing, and what its buttons do."""

from __future__ import annotations

import pytest
from django.test import Client

from guichet.cases import actions
from guichet.cases.models import Case, RoutingDecision, Task
from guichet.organisation import directory
from guichet.organisation.models import CompetentBody
from tests.factories import Region, case_of, mail, receive

NOBODYS = "contact@nouvelle-aquitaine.example"


@pytest.fixture
def case(region: Region) -> Case:
    found = case_of(receive(mail(to=NOBODYS)))
    found.routing_decisions.update(
        proposals=[
            ["transport_scolaire.carte", 0.71, ["cart", "perdu"]],
            ["aides.permis", 0.2, []],
            ["disparu", 0.1, []],
        ]
    )
    return found


@pytest.fixture
def chief(region: Region) -> Client:
    client = Client()
    client.force_login(region.chief)
    return client


def page_of(client: Client, case: Case) -> str:
    return client.get(f"/bureau/demandes/{case.reference}/").content.decode()


def test_the_proposals_say_their_team_and_words(chief: Client, case: Case) -> None:
    page = page_of(chief, case)
    assert page.count('class="proposition"') == 2  # a topic that disappeared is not proposed
    assert 'value="transport_scolaire.carte" data-orientation="1"' in page
    assert "71 %" in page
    assert "« carte », « perdue »" in page
    assert "Aides aux jeunes" in page
    assert "un agent choisit" in page


def test_one_button_orients_and_can_be_taken_back(chief: Client, case: Case, region: Region) -> None:
    answer = chief.post(
        f"/bureau/demandes/{case.reference}/orienter/?file=a-traiter",
        {"topic": "aides.permis", "version": case.version}, follow=True,
    )  # fmt: skip
    page = answer.content.decode()
    assert "file=a-traiter" in answer.redirect_chain[-1][0]
    assert "Annuler ce choix" in page
    assert 'class="proposition"' not in page
    case.refresh_from_db()
    assert case.team == region.youth
    decision = case.routing_decisions.get()
    page = chief.post(f"/bureau/orientations/{decision.pk}/annuler/", follow=True).content.decode()
    assert "revenue comme avant" in page
    assert 'class="proposition"' in page


def test_who_orients_out_of_his_sight_may_take_back_from_the_list(case: Case, region: Region) -> None:
    actions.transfer(case, region.transport, by=region.chief, reason="essai")
    nadia = Client()
    nadia.force_login(region.nadia)
    answer = nadia.post(f"/bureau/demandes/{case.reference}/orienter/", {"topic": "aides.permis"}, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/bureau/?")
    assert f"/bureau/orientations/{case.routing_decisions.get().pk}/annuler/" in answer.content.decode()
    leo = Client()
    leo.force_login(region.leo)
    assert "Annuler ce choix" not in leo.get(answer.redirect_chain[-1][0]).content.decode()


@pytest.mark.parametrize(
    ("typed", "team"), [("carte de transport", "transport"), ("CARTÉ", "transport"), ("aides.permis", "youth")]
)
def test_another_topic_is_found_by_its_name(chief: Client, case: Case, region: Region, typed: str, team: str) -> None:
    chief.post(f"/bureau/demandes/{case.reference}/orienter/", {"other": typed, "department": "17"})
    case.refresh_from_db()
    assert case.team == getattr(region, team)


@pytest.mark.parametrize(
    ("typed", "said"), [("", "Choisissez un sujet"), ("zzz", "Aucun sujet ne porte ce nom"), ("a", "Plusieurs sujets")]
)
def test_a_topic_that_is_not_found_is_said(chief: Client, case: Case, typed: str, said: str) -> None:
    answer = chief.post(f"/bureau/demandes/{case.reference}/orienter/", {"other": typed})
    assert answer.status_code == 400
    assert said in answer.content.decode()


def test_danger_comes_first_and_is_taken_in_charge(chief: Client, region: Region) -> None:
    case = case_of(receive(mail(to=NOBODYS, body="Je n'en peux plus, je veux mourir.", message_id="<d@x.example>")))
    page = page_of(chief, case)
    assert 'role="alert"' in page
    assert "Un agent appelle tout de suite" in page
    assert 'href="tel:3114"' in page
    task = Task.objects.get(case=case, kind=Task.Kind.DANGER)
    chief.post(f"/bureau/demandes/{case.reference}/taches/{task.pk}/fait/")
    assert "Un agent appelle tout de suite" not in page_of(chief, case)


def test_a_message_about_two_things_is_split_by_its_topic(chief: Client, case: Case, region: Region) -> None:
    case.routing_decisions.update(also=["aides.permis"])
    assert "Ouvrir aussi « Aide au permis »" in page_of(chief, case)
    first = case.interactions.get(direction="in")
    chief.post(
        f"/bureau/demandes/{case.reference}/echanges/{first.pk}/separer/",
        {"topic": "aides.permis", "subject": "Aide au permis"},
    )
    other = Case.objects.exclude(pk=case.pk).get()
    assert (other.team, other.subject) == (region.youth, "Aide au permis")
    assert "Ouvrir aussi" not in page_of(chief, case)


def test_what_is_not_ours_has_its_letter_ready(chief: Client, case: Case, region: Region) -> None:
    body = CompetentBody.objects.get()
    assert f"Transmettre à {body.name}" not in page_of(chief, case)
    body.topics.add(region.card)
    directory.forget()
    page = page_of(chief, case)
    assert f"Transmettre à {body.name}" in page
    assert "ne relève pas de la Région" in page
    chief.post(
        f"/bureau/demandes/{case.reference}/faire/transmettre/", {"body": body.pk, "version": _version(case)}
    )  # fmt: skip
    case.refresh_from_db()
    assert case.status == "transmitted"


def _version(case: Case) -> int:
    return Case.objects.get(pk=case.pk).version


def test_two_teams_are_settled_by_a_supervisor(chief: Client, case: Case, region: Region) -> None:
    from guichet.accounts.actions import create_agent, join

    arbiter = create_agent("resp@agents.example", by=region.chief, first_name="Inès", last_name="Poitevin")
    join(arbiter, region.root, by=region.chief, role="supervisor")
    for team in (region.transport, region.youth, region.transport):
        actions.transfer(case, team, by=region.chief, reason="pas pour nous")
        case.refresh_from_db()
    assert "Faire trancher" not in page_of(chief, case)  # one return only: from « À orienter » to the first is none
    actions.transfer(case, region.youth, by=region.chief, reason="pas pour nous")
    page = page_of(chief, case)
    assert "Transférée 4 fois" in page
    chief.post(f"/bureau/demandes/{case.reference}/trancher/", {"to": arbiter.pk})
    case.refresh_from_db()
    assert case.assignee == arbiter


def test_why_says_the_rule_by_its_conditions(chief: Client, region: Region) -> None:
    from guichet.cases.actions.routing import save_rule
    from guichet.cases.models import RoutingRule

    rule = RoutingRule(name="Cartes", words=["carte"], departments=[], topic=region.card)
    save_rule(rule, by=region.chief)
    case = case_of(receive(mail(to=NOBODYS, message_id="<r@x.example>")))
    assert case.routing_decisions.get().source == RoutingDecision.Source.RULE
    page = page_of(chief, case)
    assert "La règle « Cartes » l&#x27;a décidé : le message contient « carte »." in page
