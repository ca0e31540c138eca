"""The pages where the routing is set: rules in order, tried, switched; versions, examples."""

from __future__ import annotations

import pytest
from django.test import Client

from guichet.accounts.actions import create_agent, join
from guichet.cases import actions
from guichet.cases.actions.routing import learn_when_asked, save_rule
from guichet.cases.models import Case, RoutingModel, RoutingRule, TopicExample
from guichet.cases.routing.measuring import measured
from guichet.cases.routing.trying import try_rule
from guichet.core import files
from guichet.core.jobs import is_asked
from guichet.journal.models import Event
from tests.factories import Region, case_of, mail, receive

NOBODYS = "contact@nouvelle-aquitaine.example"


@pytest.fixture
def chief(region: Region) -> Client:
    return entered(region.chief)


def entered(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


def filled(**changes: object) -> dict[str, object]:
    return {
        "name": "Permis",
        "words": "permis\ncode de la route",
        "topic": "Aide au permis",
        "is_active": "on",
        **changes,
    }


def test_a_rule_is_tried_before_it_is_saved(chief: Client, region: Region) -> None:
    ours = case_of(receive(mail(to=NOBODYS, body="Je passe mon permis.", message_id="<1@x.example>")))
    case_of(receive(mail(to=NOBODYS, message_id="<2@x.example>")))
    page = chief.post("/bureau/orientation/regles/nouvelle/", filled(action="essayer")).content.decode()
    assert "Sur 2 demandes relues, la règle en décide <strong>1</strong>, et <strong>1</strong> serait" in page
    assert ours.spoken_reference in page
    assert not RoutingRule.objects.exists()
    assert chief.post("/bureau/orientation/regles/nouvelle/", filled(action="enregistrer")).status_code == 302
    rule = RoutingRule.objects.get()
    assert (rule.words, rule.topic, rule.position) == (["permis", "code de la route"], region.licence, 1)


def test_the_trial_counts_what_it_may_not_show(region: Region) -> None:
    case_of(receive(mail(to=NOBODYS, body="Je passe mon permis.", message_id="<1@x.example>")))
    region.nadia.is_editor = True
    region.nadia.save()
    trial = try_rule(RoutingRule(name="x", words=["permis"], topic=region.licence), user=region.nadia)
    assert (trial.tried, trial.matched, trial.changed, trial.changes) == (1, 1, 1, [])


def test_an_earlier_rule_keeps_what_it_decided(region: Region) -> None:
    save_rule(RoutingRule(name="Tout", words=["carte"], topic=region.card), by=region.chief)
    case_of(receive(mail(to=NOBODYS)))
    last = try_rule(RoutingRule(name="x", words=["fils"], topic=region.licence), user=region.chief)
    assert (last.matched, last.changed) == (0, 0)
    save_rule(RoutingRule(name="Fils", words=["fils"], topic=region.licence), by=region.chief)
    first = RoutingRule.objects.get(name="Tout")
    assert try_rule(first, user=region.chief).matched == 1  # at its place, before the one that would decide too
    RoutingRule.objects.exclude(pk=first.pk).delete()
    off = RoutingRule.objects.get()
    off.is_active = False
    assert try_rule(off, user=region.chief).changed == 1  # switching it off sends the case to nobody


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"words": ""}, "au moins une condition"),
        ({"topic": ""}, "Dites ce que fait la règle"),
        ({"topic": "inconnu"}, "Aucun sujet ne porte ce nom"),
        ({"first_day": "2026-07-02", "last_day": "2026-07-01"}, "vient avant le premier"),
        ({"words": "x" * 81}, "est trop long"),
        ({"name": ""}, "obligatoire"),
    ],
)
def test_a_wrong_rule_is_said(chief: Client, changes: dict[str, object], said: str) -> None:
    answer = chief.post("/bureau/orientation/regles/nouvelle/", filled(**changes, action="enregistrer"))
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not RoutingRule.objects.exists()


def test_rules_move_rest_and_go(chief: Client, region: Region) -> None:
    first, second = (
        save_rule(RoutingRule(name=name, words=[name], topic=region.card), by=region.chief) for name in ("un", "deux")
    )

    def act(rule: RoutingRule, action: str, **more: str) -> list[str]:
        chief.post(f"/bureau/orientation/regles/{rule.pk}/faire/", {"action": action, **more})
        return [r.name for r in RoutingRule.objects.all()]

    assert act(second, "monter") == ["deux", "un"]
    assert act(second, "monter") == ["deux", "un"]
    assert act(second, "descendre") == ["un", "deux"]
    act(first, "reposer")
    assert not RoutingRule.objects.get(pk=first.pk).is_active
    assert act(first, "supprimer") == ["un", "deux"]  # not confirmed
    assert act(first, "supprimer", sure="oui") == ["deux"]
    assert Event.objects.filter(verb="routing.rule_deleted").count() == 1


def test_supervisors_read_and_change_nothing(region: Region) -> None:
    boss = create_agent("resp@agents.example", by=region.chief)
    join(boss, region.transport, by=region.chief, role="supervisor")
    client = entered(boss)
    rule = save_rule(RoutingRule(name="un", words=["un"], topic=region.card), by=region.chief)
    for page in ("", f"regles/{rule.pk}/", "journal/", "qualite/", "exemples/"):
        shown = client.get(f"/bureau/orientation/{page}")
        assert shown.status_code == 200
        assert "btn btn--danger" not in shown.content.decode()
    for page, data in (
        ("regles/nouvelle/", filled(action="enregistrer")), ("regles/nouvelle/", filled(action="essayer")),
        (f"regles/{rule.pk}/faire/", {"action": "supprimer", "sure": "oui"}),
        ("qualite/faire/", {"action": "apprendre"}), ("exemples/", {"text": "x", "topic": "carte"}),
    ):  # fmt: skip
        assert client.post(f"/bureau/orientation/{page}", data).status_code == 403
    assert RoutingRule.objects.count() == 1


def test_decisions_are_those_of_cases_one_may_see(chief: Client, region: Region) -> None:
    case = case_of(receive(mail(to=NOBODYS)))
    assert case.spoken_reference in chief.get("/bureau/orientation/journal/").content.decode()
    region.leo.is_editor = True
    region.leo.save()
    assert case.spoken_reference not in entered(region.leo).get("/bureau/orientation/journal/").content.decode()


def test_what_agents_said_is_counted(region: Region) -> None:
    cases = [case_of(receive(mail(to=NOBODYS, message_id=f"<{n}@x.example>"))) for n in range(3)]
    for case in cases[:2]:  # as if the model had said « carte »
        case.routing_decisions.update(source="model", topic=region.card)
        Case.objects.filter(pk=case.pk).update(topic=region.card, topic_guessed=True)
    assert [(line.topic.code, line.waiting) for line in measured().lines] == [(region.card.code, 2)]
    for case, topic in zip(cases, (region.card, region.licence, region.licence), strict=True):
        case.refresh_from_db()
        actions.qualify(case, topic, by=region.chief)
    measure = measured()
    found = {line.topic.code: (line.right, line.corrected, line.waiting, line.left) for line in measure.lines}
    assert found == {region.card.code: (1, 1, 0, 0), region.licence.code: (0, 0, 0, 1)}
    assert measure.confusions == [(region.card, region.licence, 1)]


def test_learning_is_asked_once_and_a_failure_is_said(chief: Client, region: Region) -> None:
    page = chief.post("/bureau/orientation/qualite/faire/", {"action": "apprendre"}, follow=True).content.decode()
    assert "apprentissage en cours" in page
    assert is_asked("cases.learn_routing")
    page = chief.post("/bureau/orientation/qualite/faire/", {"action": "apprendre"}, follow=True).content.decode()
    assert "déjà demandé" in page
    learn_when_asked(by=region.chief)  # there is nothing to learn from
    assert "n'a pas pu se faire" in chief.get("/bureau/orientation/qualite/").content.decode()


def test_an_earlier_version_is_put_back(chief: Client) -> None:
    content = files.keep(b"x", name="x.npz")
    old, new = (
        RoutingModel.objects.create(
            content=content, examples=3, threshold=0.5, domain_threshold=0.5, is_current=current
        )
        for current in (False, True)
    )
    chief.post("/bureau/orientation/qualite/faire/", {"version": old.pk})
    assert RoutingModel.objects.get(is_current=True) == old
    assert new.pk != old.pk


def test_examples_are_found_added_and_removed(chief: Client, region: Region) -> None:
    case = case_of(receive(mail(to=NOBODYS)))
    actions.qualify(case, region.card, by=region.chief)
    chief.post("/bureau/orientation/exemples/", {"text": "Où passer le code ?", "topic": "Aide au permis"})
    assert TopicExample.objects.count() == 2
    page = chief.get("/bureau/orientation/exemples/?q=passer").content.decode()
    assert "Où passer le code ?" in page
    assert "Mon fils a perdu" not in page
    assert "Mon fils a perdu" in chief.get("/bureau/orientation/exemples/?q=perdu").content.decode()
    region.leo.is_editor = True
    region.leo.save()
    unseen = entered(region.leo).get("/bureau/orientation/exemples/").content.decode()
    assert "que vous ne pouvez pas voir" in unseen
    assert "Mon fils a perdu" not in unseen
    assert "Mon fils a perdu" not in entered(region.leo).get("/bureau/orientation/exemples/?q=fils").content.decode()
    written = TopicExample.objects.get(interaction=None)
    chief.post(f"/bureau/orientation/exemples/{written.pk}/retirer/")
    assert not TopicExample.objects.filter(pk=written.pk).exists()
