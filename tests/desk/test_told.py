"""A visit or a call written down by an agent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.models import Attachment, Case, Clock, Interaction, Status
from guichet.desk.forms.counter import new_key
from guichet.journal.models import Event
from guichet.organisation.models import Team, Topic
from guichet.outbox.models import Parcel
from guichet.people.models import ContactPoint, Mandate, Person

Make = Callable[..., Case]
PAGE = "/bureau/nouvelle-demande/"


@pytest.fixture
def topic(team: Team) -> Topic:
    return Topic.objects.create(code="transport.carte", label="Carte de transport", team=team)


def filled(topic: Topic | None, **more: Any) -> dict[str, Any]:
    return {
        "key": new_key(), "channel": "counter", "at": timezone.localtime().strftime("%Y-%m-%dT%H:%M"),
        "who": "new", "kind": "citizen", "first_name": "Karim", "last_name": "Benali", "phone": "06 39 98 12 34",
        "text": "Il a perdu la carte de car de sa fille.", "topic": str(topic.pk) if topic else "",
        "keep": "on", **more,
    }  # fmt: skip


def test_a_visit_becomes_a_case_of_the_agent(desk: Client, agent: User, team: Team, topic: Topic) -> None:
    answer = desk.post(PAGE, filled(topic, files=[SimpleUploadedFile("piece.txt", b"bonjour")]))
    case = Case.objects.get()
    assert answer.status_code == 302 and case.reference in answer["Location"]
    assert (case.channel, case.team, case.assignee, case.status) == ("counter", team, agent, Status.IN_PROGRESS)
    assert case.person is not None and case.person.full_name == "Karim Benali"
    message = case.interactions.get(direction="in")
    assert (message.author, message.person, message.sender_name) == (agent, case.person, "Karim Benali")
    assert message.text == "Il a perdu la carte de car de sa fille."
    assert Attachment.objects.get(interaction=message).name == "piece.txt"
    assert Event.objects.filter(verb="case.received", case_id=case.pk, actor=agent).exists()
    assert not Parcel.objects.exists()  # no address: nothing is sent, and nothing is owed in writing (L112-3)
    assert not case.clocks.filter(kind=Clock.Kind.REGISTRATION).exists()


def test_a_double_click_opens_one_case(desk: Client, topic: Topic) -> None:
    data = filled(topic)
    desk.post(PAGE, data)
    desk.post(PAGE, data)
    assert Case.objects.count() == 1
    desk.post(PAGE, {**data, "key": "abc:forged"})
    assert Case.objects.count() == 1


def test_an_answer_given_at_once_closes_it(desk: Client, agent: User, topic: Topic) -> None:
    desk.post(PAGE, filled(topic, answer="Duplicata demandé avec lui, 15 €.", result="answered"))
    case = Case.objects.get()
    assert (case.status, case.result) == (Status.CLOSED, "answered") and case.first_answered_at is not None
    said = case.interactions.get(direction="out")
    assert (said.channel, said.author, said.parcel) == ("counter", agent, None)
    assert not case.clocks.filter(stopped_at__isnull=True).exists()
    page = desk.get(f"/bureau/demandes/{case.reference}/").content.decode()
    assert "Duplicata demandé avec lui" in page and "Réponse donnée de vive voix" in page


def test_who_comes_for_another_brings_a_mandate(desk: Client, topic: Topic) -> None:
    without = desk.post(PAGE, filled(topic, helped="on", helper_first_name="Anne", helper_last_name="Roy"))
    assert without.status_code == 400 and "comment le mandat est prouvé" in without.content.decode()
    assert "perdu la carte de car" in without.content.decode() and not Case.objects.exists()
    desk.post(
        PAGE,
        filled(
            topic, helped="on", helper_first_name="Anne", helper_last_name="Roy", helper_phone="06 39 98 55 66",
            scope="Conseiller France Services", proof="Accord signé, vu ce jour",
        ),
    )  # fmt: skip
    mandate = Mandate.objects.get()
    case = Case.objects.get()
    assert (mandate.principal, mandate.holder.full_name) == (case.person, "Anne Roy")
    assert mandate.proof == "Accord signé, vu ce jour"
    message = case.interactions.get()
    assert message.person == mandate.holder and message.sender_name == "Anne Roy"


def test_a_known_person_is_chosen_among_those_one_may_see(
    desk: Client, person: Person, topic: Topic, make_case: Make, team: Team, other_team: Team
) -> None:
    make_case(other_team, person=person)
    assert "Sandrine Lacoste" not in desk.get(PAGE, {"q": "lacoste"}).content.decode()
    assert desk.get(PAGE, {"personne": person.pk}).status_code == 404
    assert desk.get(PAGE, {"personne": "abc"}).status_code == 404
    make_case(team, person=person)
    assert "Sandrine Lacoste" in desk.get(PAGE, {"q": "lacoste"}).content.decode()
    assert desk.get(f"{PAGE}?personne={person.pk}").context["form"].initial["who"] == "known"
    desk.post(f"{PAGE}?personne={person.pk}", filled(topic, who="known"))
    case = Case.objects.latest("pk")
    assert case.person == person and Person.objects.count() == 1
    assert case.interactions.filter(direction="in").get().sender_address == "sandrine@courriel.example"


def test_a_receipt_goes_to_the_proved_address(
    desk: Client, person: Person, topic: Topic, make_case: Make, team: Team
) -> None:
    make_case(team, person=person)
    ContactPoint.objects.create(
        person=person, kind="email", value="prouvee@courriel.example", source="form", verified_at=timezone.now()
    )
    desk.post(f"{PAGE}?personne={person.pk}", filled(topic, who="known"))
    message = Case.objects.latest("pk").interactions.get(direction="in")
    assert message.sender_address == "prouvee@courriel.example"


def test_nobody_gives_a_name(desk: Client, topic: Topic) -> None:
    assert desk.post(PAGE, filled(topic, last_name="")).status_code == 400
    desk.post(PAGE, filled(topic, who="nobody", last_name="", first_name="", phone=""))
    assert Case.objects.get().person is None and not Person.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("text", "", "obligatoire"),
        ("email", "karim@", "adresse complète"),
        ("phone", "12", "pas complet"),
        ("at", (timezone.now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M"), "à venir"),
        ("result", "answered", "ce que vous avez répondu"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(
    desk: Client, topic: Topic, field: str, value: str, said: str
) -> None:
    page = desk.post(PAGE, filled(topic, **{field: value}))
    assert page.status_code == 400 and said in page.content.decode() and 'value="Benali"' in page.content.decode()
    assert not Case.objects.exists()


def test_a_case_of_another_team_is_opened_and_left_to_it(desk: Client, other_team: Team, agent: User) -> None:
    theirs = Topic.objects.create(code="aides.permis", label="Aide au permis", team=other_team)
    answer = desk.post(PAGE, filled(theirs), follow=True)
    case = Case.objects.get()
    assert (case.team, case.assignee) == (other_team, None)
    assert case.spoken_reference in answer.content.decode() and "Aides aux jeunes" in answer.content.decode()


def test_danger_is_read_in_what_was_said(desk: Client, topic: Topic) -> None:
    desk.post(PAGE, filled(topic, text="Elle dit que son mari la frappe et qu'elle a peur de rentrer chez elle."))
    assert Interaction.objects.get().case.tasks.filter(kind="danger").exists()
