"""Settings in the desk: each change is one action, told in the journal; what is used is not lost."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from guichet.accounts.models import Membership, Session, User
from guichet.cases.models import Case, ReplyTemplate
from guichet.desk.forms.agents import TemplateForm
from guichet.desk.forms.settings import read_spans
from guichet.desk.sections import SECTIONS
from guichet.journal.models import Event
from guichet.organisation.models import Closure, Commitment, CompetentBody, Team, TeamAddress, Topic, TopicRoute
from tests.factories import Region, case_of, mail, receive

DESK = "/bureau/reglages"


@pytest.fixture
def chief(region: Region) -> Client:
    client = Client()
    client.force_login(region.chief)
    return client


def form_of(client: Client, address: str) -> dict[str, Any]:
    """What the page would send as it is shown."""
    found: dict[str, Any] = {}
    for field in client.get(address).context["form"]:
        value = field.value()
        if value is not None and value is not False and value != []:
            found[field.html_name] = "on" if value is True else value
    return found


def save(client: Client, address: str, **changes: Any) -> Any:
    data = {**form_of(client, address), **changes, "action": "enregistrer"}
    return client.post(address, {name: value for name, value in data.items() if value != ""})


def test_a_form_saved_as_it_is_changes_nothing(chief: Client, region: Region) -> None:
    """Every section, one row each: what is shown is what is stored."""
    ReplyTemplate.objects.create(name="Perte", text="Bonjour {nom}.")
    Closure.objects.create(first_day="2026-07-14", last_day="2026-07-14", reason="Pont")
    body = CompetentBody.objects.get()
    body.departments = ["17"]
    body.save()
    body.topics.add(region.card)
    region.transport.hours = {"0": [["08:30", "12:30"], ["13:30", "18:00"]]}
    region.transport.departments = ["17"]
    region.transport.save()
    for section in SECTIONS.values():
        rows = list(section.rows(""))
        assert rows, section.key
        for row in rows:
            if getattr(row, "email", "") == region.chief.email:
                continue  # created without a name
            before = type(row).objects.filter(pk=row.pk).values().get()
            answer = save(chief, f"{DESK}/{section.key}/{row.pk}/")
            assert answer.status_code == 302, (section.key, row, answer.context["form"].errors)
            assert type(row).objects.filter(pk=row.pk).values().get() == before
    assert TopicRoute.objects.get().team == region.transport
    assert TeamAddress.objects.get().team == region.youth
    assert list(body.topics.all()) == [region.card]
    assert not [e.data["changes"] for e in Event.objects.exclude(data__changes=None) if e.data["changes"]]


def test_a_team_changes_and_its_history_says_who(chief: Client, region: Region) -> None:
    address = f"{DESK}/equipes/{region.youth.pk}/"
    assert "14 rue François-de-Sourdis" in chief.get(address).content.decode()  # what a blank takes from above
    save(
        chief,
        address,
        name="Jeunesse",
        day_0="8h30-12h30, 13h30 à 18h",
        addresses="Jeunes@x.example\njeunesse@x.example",
    )
    team = Team.objects.get(pk=region.youth.pk)
    assert team.hours == {"0": [["08:30", "12:30"], ["13:30", "18:00"]]}
    assert set(team.addresses.values_list("address", flat=True)) == {"jeunes@x.example", "jeunesse@x.example"}
    page = chief.get(address).content.decode()
    assert "nom : « Aides aux jeunes » → « Jeunesse »" in page
    assert region.chief.full_name in page


@pytest.mark.parametrize(
    ("typed", "spans"),
    [
        ("", []),
        ("9h-12h", [["09:00", "12:00"]]),
        ("08:30–12:30 et 14h00 à 17h15", [["08:30", "12:30"], ["14:00", "17:15"]]),
    ],
)
def test_hours_are_read_as_people_write_them(typed: str, spans: list[list[str]]) -> None:
    assert read_spans(typed) == spans


@pytest.mark.parametrize("typed", ["matin", "12h-9h", "25h-26h", "9h-12h, 11h-14h", "9h-"])
def test_hours_that_cannot_be_are_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        read_spans(typed)


def test_a_team_with_open_cases_stays(chief: Client, region: Region) -> None:
    case_of(receive(mail()))
    address = f"{DESK}/equipes/{region.transport.pk}/"
    answer = save(chief, address, is_active="")
    assert answer.status_code == 409
    assert "encore 1 demande en cours" in answer.content.decode()
    Case.objects.update(team=region.youth)
    assert save(chief, address, is_active="").status_code == 302
    assert "hors d&#x27;usage" in chief.get(f"{DESK}/equipes/").content.decode().replace("d'usage", "d&#x27;usage")


def test_one_address_is_of_one_team(chief: Client, region: Region) -> None:
    answer = save(chief, f"{DESK}/equipes/{region.transport.pk}/", addresses="jeunes@nouvelle-aquitaine.example")
    assert answer.status_code == 400
    assert "déjà celle de l&#x27;équipe Aides aux jeunes" in answer.content.decode()


def test_a_topic_is_made_routed_and_put_out_of_use(chief: Client, region: Region) -> None:
    answer = chief.post(f"{DESK}/sujets/nouveau/", {
        "label": "Lignes scolaires", "code": "transport_scolaire.lignes", "nature": "demand", "silence": "rejection",
        "silence_months": "2", "sensitivity": "0", "position": "3", "is_active": "on", "is_in_use": "on",
        "route_17": region.transport.pk, "action": "enregistrer",
    })  # fmt: skip
    assert answer.status_code == 302
    topic = Topic.objects.get(code="transport_scolaire.lignes")
    assert topic.routes.get().team == region.transport
    save(chief, f"{DESK}/sujets/{topic.pk}/", is_in_use="", route_17="")
    topic.refresh_from_db()
    assert (topic.is_in_use, topic.is_active, topic.routes.count()) == (False, False, 0)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"silence": "rejection", "silence_months": ""}, "combien de mois"),
        ({"code": "Été 2026"}, "Des minuscules sans accent"),
        ({"code": "aides.permis"}, "existe déjà"),
        ({"label": ""}, "obligatoire"),
    ],
)
def test_a_wrong_topic_is_said(chief: Client, region: Region, changes: dict[str, str], said: str) -> None:
    answer = save(chief, f"{DESK}/sujets/{region.card.pk}/", **changes)
    assert answer.status_code == 400
    assert said in answer.content.decode()


def test_what_is_removed_is_confirmed(chief: Client, region: Region) -> None:
    row = Commitment.objects.get(channel="email")
    chief.post(f"{DESK}/engagements/{row.pk}/supprimer/")
    assert Commitment.objects.filter(pk=row.pk).exists()
    chief.post(f"{DESK}/engagements/{row.pk}/supprimer/", {"sure": "oui"})
    assert not Commitment.objects.filter(pk=row.pk).exists()
    assert chief.post(f"{DESK}/equipes/{region.youth.pk}/supprimer/", {"sure": "oui"}).status_code == 404


def test_a_body_that_was_written_to_stays(chief: Client, region: Region) -> None:
    body = CompetentBody.objects.get()
    case = case_of(receive(mail()))
    Case.objects.filter(pk=case.pk).update(transmitted_to=body)
    page = chief.post(f"{DESK}/organismes/{body.pk}/supprimer/", {"sure": "oui"}, follow=True).content.decode()
    assert "Des demandes lui ont été transmises" in page
    assert CompetentBody.objects.exists()


def test_a_template_says_its_variables(chief: Client) -> None:
    data = {"name": "Carte", "text": "Bonjour {civilité} {nom}, le {jour}", "is_active": "on"}
    assert "Variable inconnue : {jour}" in chief.post(f"{DESK}/modeles/nouveau/", data).content.decode()
    data["text"] = "Bonjour {civilité} {nom}."
    seen = chief.post(f"{DESK}/modeles/nouveau/", {**data, "action": "voir"}).content.decode()
    assert "Bonjour Madame Lacoste." in seen
    assert not ReplyTemplate.objects.exists()
    chief.post(f"{DESK}/modeles/nouveau/", data)
    template = ReplyTemplate.objects.get()
    save(chief, f"{DESK}/modeles/{template.pk}/", text="Bonjour.")
    template.refresh_from_db()
    assert (template.version, template.text) == (2, "Bonjour.")
    assert TemplateForm(instance=template).preview() == "Bonjour."


# -- agents ------------------------------------------------------------------------------------------------------------


def new_agent(client: Client, region: Region) -> tuple[User, str]:
    answer = client.post(f"{DESK}/agents/nouveau/", {
        "first_name": "Ana", "last_name": "Duval", "email": "Ana@agents.example", "clearance": "1",
        "team_0": region.transport.pk, "role_0": "supervisor", "watched_0": "on", "action": "enregistrer",
    })  # fmt: skip
    assert answer.status_code == 200
    return User.objects.get(email="ana@agents.example"), answer.context["password"]


def test_what_a_form_asks_is_not_called_optional(chief: Client) -> None:
    labels = re.findall(r"<label[^>]*>(.*?)</label>", chief.get(f"{DESK}/agents/nouveau/").content.decode())
    said = {label.partition(" <")[0]: "facultatif" in label for label in labels}
    assert (said["Prénom"], said["Nom"], said["Adresse e-mail"], said["Téléphone"]) == (False, False, False, True)


def test_a_new_agent_changes_the_password_first(chief: Client, region: Region) -> None:
    agent, password = new_agent(chief, region)
    membership = agent.memberships.get()
    assert (membership.team, membership.role, membership.needs_approval) == (region.transport, "supervisor", True)
    assert password not in str(list(Event.objects.values()))
    client = Client()
    client.post("/bureau/connexion/", {"email": agent.email, "password": password})
    assert client.get("/bureau/")["Location"] == "/bureau/compte/"
    assert "provisoire" in client.get("/bureau/compte/").content.decode()
    own = "une phrase bien longue 42"
    client.post("/bureau/compte/mot-de-passe/", {"old_password": password, "new_password1": own, "new_password2": own})
    assert client.get("/bureau/").status_code == 200


def test_an_agent_leaves_and_the_work_stays(chief: Client, region: Region) -> None:
    cases = [case_of(receive(mail(message_id=f"<{n}@x.example>"))) for n in range(2)]
    Case.objects.update(assignee=region.nadia, status="in_progress")
    Case.objects.filter(pk=cases[1].pk).update(sensitivity=2)
    ana, _ = new_agent(chief, region)
    act = f"{DESK}/agents/{region.nadia.pk}/faire/"
    assert chief.post(act, {"action": "desactiver", "heir": ana.pk}).status_code == 400  # not confirmed
    Session.objects.create(session_key="k" * 32, user=region.nadia, expire_date="2099-01-01T00:00Z", session_data="")
    chief.post(act, {"action": "desactiver", "heir": ana.pk, "sure": "on"})
    region.nadia.refresh_from_db()
    assert not region.nadia.is_active
    assert not Session.objects.filter(user=region.nadia).exists()
    given, kept = (Case.objects.get(pk=case.pk) for case in cases)
    assert (given.assignee, given.status) == (ana, "in_progress")
    assert (kept.assignee, kept.status) == (None, "assigned")  # she may not read it: back to the list
    chief.post(act, {"action": "reactiver"})
    region.nadia.refresh_from_db()
    assert region.nadia.is_active


def test_an_administrator_keeps_his_own_right(chief: Client, region: Region) -> None:
    region.chief.first_name, region.chief.last_name = "Sam", "Leroy"
    region.chief.save()
    answer = save(chief, f"{DESK}/agents/{region.chief.pk}/", is_administrator="")
    assert answer.status_code == 409
    assert "demandez-le à un autre administrateur" in answer.content.decode()
    page = chief.post(
        f"{DESK}/agents/{region.chief.pk}/faire/", {"action": "desactiver", "sure": "on"}, follow=True
    ).content.decode()
    assert "votre propre compte" in page
    assert User.objects.get(pk=region.chief.pk).is_active


def test_two_accounts_never_share_an_address_nor_a_team_twice(chief: Client, region: Region) -> None:
    answer = save(chief, f"{DESK}/agents/{region.leo.pk}/", email="NADIA@agents.example")
    assert answer.status_code == 400
    answer = save(chief, f"{DESK}/agents/{region.leo.pk}/", team_1=region.youth.pk)
    assert "déjà choisie" in answer.content.decode()
    assert Membership.objects.filter(user=region.leo).count() == 1


def test_lists_are_searched(chief: Client, region: Region) -> None:
    page = chief.get(f"{DESK}/agents/?q=belk").content.decode()
    assert "Nadia Belkacem" in page
    assert "Léo Roux" not in page
    assert "Rien ne correspond" in chief.get(f"{DESK}/sujets/?q=zzzz").content.decode()
    assert chief.get(f"{DESK}/inconnu/").status_code == 404
