"""An agent says what a case is about: it goes to its team and teaches; taken back while nothing followed."""

from __future__ import annotations

import pytest

from guichet.cases import actions
from guichet.cases.actions.routing import learn_routing
from guichet.cases.models import Case, Clock, Interaction, RoutingDecision, Task, TopicExample
from guichet.cases.pingpong import ping_pong
from guichet.core.refused import NotAllowed, Refused
from guichet.organisation import directory
from guichet.organisation.actions import save_topic
from guichet.organisation.models import Topic
from tests.factories import Region, case_of, mail, receive

NOBODYS = "contact@nouvelle-aquitaine.example"


@pytest.fixture
def case(region: Region) -> Case:
    """Sent to nobody in particular, about nothing we know: « À orienter »."""
    found = case_of(receive(mail(to=NOBODYS)))
    assert found.team == region.unrouted
    return found


def test_the_case_goes_to_the_team_of_the_topic_and_department(region: Region, case: Case) -> None:
    decision = actions.qualify(case, region.card, by=region.chief, department="17")
    case.refresh_from_db()
    assert (case.topic, case.team, case.status, case.is_qualified) == (region.card, region.transport, "assigned", True)
    assert decision.corrected_to == region.card
    example = TopicExample.objects.get()
    assert (example.topic, example.interaction) == (region.card, case.interactions.get(direction="in"))


def test_a_wrong_team_gives_it_away_without_a_transfer(region: Region, case: Case) -> None:
    actions.qualify(case, region.card, by=region.chief, department="17")
    actions.assign(case, region.nadia, by=region.nadia)
    case.refresh_from_db()
    actions.qualify(case, region.licence, by=region.nadia)
    case.refresh_from_db()
    assert (case.team, case.assignee, case.status, case.unread) == (region.youth, None, "assigned", True)
    assert case.transfers == 0
    assert TopicExample.objects.get().topic == region.licence


def test_taken_back_by_who_no_longer_sees_it(region: Region, case: Case) -> None:
    actions.transfer(case, region.transport, by=region.chief, reason="Carte")
    case.refresh_from_db()
    silence = case.clocks.get(kind=Clock.Kind.SILENCE)
    decision = actions.qualify(case, region.licence, by=region.nadia)
    assert not Case.objects.visible_to(region.nadia).filter(pk=case.pk).exists()
    actions.take_back_topic(decision, by=region.nadia)
    case.refresh_from_db()
    assert (case.topic, case.team, case.nature) == (None, region.transport, "information")
    again = case.clocks.get(kind=Clock.Kind.SILENCE)
    assert (again.due_at, again.stopped_at, again.effect) == (silence.due_at, None, silence.effect)
    assert not TopicExample.objects.exists()
    decision.refresh_from_db()
    assert (decision.corrected_to, decision.corrected_at) == (None, None)
    with pytest.raises(Refused):
        actions.take_back_topic(decision, by=region.nadia)


def test_taken_back_by_nobody_else_and_not_after_something_followed(region: Region, case: Case) -> None:
    decision = actions.qualify(case, region.card, by=region.chief, department="17")
    with pytest.raises(NotAllowed):
        actions.take_back_topic(decision, by=region.leo)
    case.refresh_from_db()
    actions.assign(case, region.nadia, by=region.nadia)
    with pytest.raises(Refused, match="a changé"):
        actions.take_back_topic(decision, by=region.chief)


def test_a_stale_screen_is_refused(region: Region, case: Case) -> None:
    with pytest.raises(Refused):
        actions.qualify(case, region.card, by=region.chief, version=case.version - 1)


def test_a_split_goes_to_its_topic_and_teaches_nothing(region: Region, case: Case) -> None:
    message = case.interactions.get(direction=Interaction.Direction.IN)
    new = actions.split(message, by=region.chief, subject="Aide au permis", topic=region.licence)
    assert (new.team, new.topic, new.is_qualified, new.nature) == (region.youth, region.licence, True, "demand")
    actions.qualify(new, region.card, by=region.chief)
    assert not TopicExample.objects.exists()
    assert RoutingDecision.objects.get(case=new).source == RoutingDecision.Source.AGENT
    reserved = save_topic(Topic(code="rh", label="Personnel", sensitivity=2), by=region.chief)
    actions.transfer(case, region.transport, by=region.chief, reason="pour voir")
    with pytest.raises(NotAllowed):
        actions.split(message, by=region.nadia, subject="x", topic=reserved)


def test_a_topic_out_of_use_is_not_decided(region: Region) -> None:
    region.card.is_in_use = False
    save_topic(region.card, by=region.chief)
    assert region.card.code not in directory.directory().topics_by_code
    assert region.card.pk in directory.directory().topics  # past cases still say it


def test_the_second_return_calls_for_a_supervisor(region: Region, case: Case) -> None:
    from guichet.accounts.actions import create_agent, join

    chief = create_agent("resp@agents.example", by=region.chief, first_name="Inès", last_name="Poitevin")
    join(chief, region.root, by=region.chief, role="supervisor")
    near = create_agent("resp17@agents.example", by=region.chief, first_name="Paul", last_name="Roy")
    join(near, region.transport, by=region.chief, role="supervisor")
    actions.qualify(case, region.card, by=region.chief, department="17")
    for team, returns in ((region.youth, 0), (region.transport, 0), (region.youth, 2)):
        case.refresh_from_db()
        actions.transfer(case, team, by=region.chief, reason="pas pour nous")
        case.refresh_from_db()
        assert ping_pong(case).returns == returns  # not even counted before there are enough transfers
    between = ping_pong(case)
    assert between.must_be_settled
    assert {team.pk for team in between.teams} == {region.transport.pk, region.youth.pk}
    assert between.arbiters == [chief, near]  # who answers for both comes first
    with pytest.raises(Refused):
        actions.ask_arbiter(case, region.nadia, by=region.leo)
    due = case.due_at
    actions.ask_arbiter(case, chief, by=region.leo)
    case.refresh_from_db()
    assert (case.assignee, case.due_at, case.status) == (chief, due, "in_progress")
    assert case.tasks.get(about="arbitration").label.startswith("Décider de l'équipe")


def test_what_is_learnt_is_what_was_corrected(region: Region, case: Case) -> None:
    """Two topics, a few examples each; the corrected message tips the next like one."""
    from guichet.cases.actions.routing import add_examples

    words = ["permis", "conduite", "auto-école", "code de la route", "heures de conduite", "examen du permis"]
    items = [(f"Bonjour, une question sur {word}, numéro {n}", "aides.permis") for n, word in enumerate(words)]
    items += [(f"Le car est en retard ce matin, ligne {n}", "transport_scolaire.carte") for n in range(6)]
    add_examples(items, by=region.chief)
    actions.qualify(case, region.card, by=region.chief)
    model = learn_routing(by=region.chief)
    assert model.corrections == 1


def test_a_danger_learnt_calls_a_person_though_no_expression_says_it(region: Region) -> None:
    from guichet.cases.actions.routing import add_examples
    from guichet.understanding.danger import signs_of_danger

    said = "Les pierres du préau penchent sur les petits"
    assert not signs_of_danger(said)
    save_topic(Topic(code="urgence", label="Urgences", team=region.youth), by=region.chief)
    person = save_topic(Topic(code="urgence.personne", label="Personne en danger", team=region.youth), by=region.chief)
    places = ("préau", "couloir", "gymnase", "porche", "portail", "plafond")
    items = [
        (f"Des pierres penchent au-dessus du {place}, les petits passent dessous", person.code) for place in places
    ]
    items += [(f"Le car est en retard ce matin, ligne {n}", "transport_scolaire.carte") for n in range(6)]
    add_examples(items, by=region.chief)
    learn_routing(by=region.chief)
    case = case_of(receive(mail(to=NOBODYS, body=said, message_id="<pierres@x.example>")))
    assert case.urgent
    assert "112" in case.tasks.get(kind=Task.Kind.DANGER).label
    calm = case_of(receive(mail(to=NOBODYS, body="Le car est en retard ce matin", message_id="<car@x.example>")))
    assert not calm.urgent
