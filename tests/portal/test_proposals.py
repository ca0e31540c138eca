"""Answers proposed before a message is sent: shown, opened, enough. What is typed stays typed."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from guichet.knowledge import finding
from guichet.knowledge.actions import build_indexes
from guichet.knowledge.effect import FormEffect, form_effect
from guichet.knowledge.models import Asked, Vote
from guichet.understanding.answers.engine import Answer, Outcome
from tests.factories import article
from tests.portal.factories import Region

SUBJECT, MESSAGE = "Carte de car perdue", "Bonjour, mon fils Hugo a perdu sa carte de car. 06 39 98 41 27"
WORDINGS = ("carte de car perdue", "j'ai perdu ma carte de car", "mon fils a perdu sa carte", "carte de bus perdue")


@pytest.fixture(autouse=True)
def base(region: Region) -> None:
    article("carte-perdue", owner=region.service, topics=["transport.carte"], wordings=WORDINGS)
    article("horaires", title="Horaires du standard", owner=region.service, topics=["transport"],
            answer="Appelez du lundi au vendredi.", wordings=("ouvert le samedi", "heures du standard"))  # fmt: skip
    build_indexes()
    finding.forget()


def propose(client: Client, **more: str) -> str:
    response = client.post("/contact/reponses/", {"subject": SUBJECT, "message": MESSAGE, **more})
    assert response.status_code == 200
    return response.content.decode()


def token_of(page: str) -> str:
    found = re.search(r'data-de="([^"]+)"', page)
    assert found
    return found[1]


def test_an_answer_that_is_enough_is_a_contact_avoided(client: Client) -> None:
    page = propose(client)
    assert 'data-code="carte-perdue"' in page
    assert "Commandez un duplicata" in page
    asked = Asked.objects.get()
    assert (asked.place, asked.text, asked.opened) == ("form", SUBJECT, False)
    said = {"code": "carte-perdue", "de": token_of(page)}
    assert client.post("/contact/reponses/suite/", {**said, "fait": "ouvert"}).status_code == 204
    assert "rien de ce que vous avez écrit" in client.post(
        "/contact/reponses/suite/", {**said, "fait": "suffit"}
    ).content.decode().replace("\u00a0", " ")
    assert Vote.objects.get().place == "form"
    now = timezone.now()
    assert form_effect(now - timedelta(hours=1), now) == FormEffect(shown=1, opened=1, avoided=1)


def test_a_message_being_typed_is_one_question(client: Client) -> None:
    page = propose(client, message="Bonjour, mon fils")
    propose(client, de=token_of(page))
    assert Asked.objects.count() == 1
    propose(client)
    assert Asked.objects.count() == 2


def test_nothing_is_proposed_for_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "data-code=" not in propose(client, subject="", message="Bonjour")
    assert not Asked.objects.exists()
    lost = Answer(Outcome.NONE, (), ("carte-perdue",), 0.0, 0.0, "")
    monkeypatch.setattr(finding, "answer", lambda text: lost)
    assert "data-code=" not in propose(client)
    assert Asked.objects.get().outcome == "none"


def test_a_forged_follow_up_is_refused(client: Client) -> None:
    for said in ({"de": "faux", "fait": "suffit"}, {"de": "", "fait": "ouvert"}):
        assert client.post("/contact/reponses/suite/", {"code": "carte-perdue", **said}).status_code == 400
    page = token_of(propose(client))
    assert client.post("/contact/reponses/suite/", {"code": "carte-perdue", "de": page, "fait": "x"}).status_code == 400
    assert client.post("/contact/reponses/suite/", {"code": "absente", "de": page, "fait": "suffit"}).status_code == 404
    assert not Vote.objects.exists()


def test_the_form_inside_another_site_proposes_nothing(client: Client, settings: object) -> None:
    settings.EMBED_ORIGINS = ["https://jeunes.region.example"]  # type: ignore[attr-defined]
    assert "data-reponses" in client.get("/contact/").content.decode()
    assert "data-reponses" not in client.get("/contact/?integre=1").content.decode()
