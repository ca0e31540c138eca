"""Writing in the base: drafts that are not written over, what is wrong said while typing, new articles."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from guichet.accounts.models import User
from guichet.desk.forms.articles import TextForm
from guichet.knowledge import actions, finding
from guichet.knowledge.content import content_of
from guichet.knowledge.models import Article, VersionState
from tests.desk.test_base import SOURCES, editor, entered, text
from tests.factories import Region, article

WRITE = "/bureau/base/carte-perdue/ecrire/"


@pytest.fixture(autouse=True)
def fresh() -> None:
    finding.forget()


@pytest.fixture
def plume(region: Region) -> User:
    return editor("Plume")


@pytest.fixture
def relire(region: Region) -> User:
    return editor("Relire")


@pytest.fixture
def card(region: Region) -> Article:
    return article(owner=region.transport, wordings=("j'ai perdu ma carte de car",))


def typed(client: Client, **changes: object) -> dict[str, object]:
    """The form as the browser would send it back."""
    seen = re.search(r'name="seen" value="([^"]*)"', text(client, WRITE))
    assert seen
    return {
        "title": "Carte de transport perdue", "answer": "Le duplicata coûte 12 €.\r\nIl arrive en 8 jours.",
        "topics": ["transport_scolaire.carte"], "sources": "Règlement | https://exemple.example/r | délibération",
        "seen": seen[1], **changes,
    }  # fmt: skip


def test_what_a_version_says_comes_back_whole_from_its_form(region: Region) -> None:
    found = article(
        "permis",
        owner=region.youth,
        kind="aid",
        body="## Qui ?\nVous.",
        related=["carte-perdue"],
        departments=["17"],
        topics=["aides.permis"],
        sms="100 €",
        spoken="Cent euros",
        uncertain="La date.",
        valid_from="2026-01-01",
        sources=[{**SOURCES[0], "kind": "law", "checked": "2026-11-02"}],
        aid={
            "for_whom": "Jeunes",
            "amount": "100 €",
            "when": "Toute l'année",
            "themes": ["jeunesse"],
            "profiles": ["apprenti"],
            "ages": [16, 25],
            "conditions": ["habiter ici", "avoir 16 ans"],
        },
    )
    shown = TextForm(version=found.live)
    sent = {name: shown[name].value() for name in shown.fields if shown[name].value() not in (None, "")}
    form = TextForm(sent, version=found.live)
    assert form.is_valid(), form.errors
    assert found.live
    assert form.content() == content_of(found.live)


def test_written_then_given_to_review(card: Article, plume: User) -> None:
    client = entered(plume)
    assert not card.versions.filter(state=VersionState.DRAFT).exists()
    text(client, WRITE)
    assert card.versions.count() == 1, "looking writes nothing"
    assert client.post(WRITE, typed(client, remark="Prix")).status_code == 302
    draft = card.versions.get(number=2)
    assert (draft.answer, draft.remark) == ("Le duplicata coûte 12 €.\nIl arrive en 8 jours.", "Prix")
    assert draft.sources[0]["kind"] == "deliberation"
    assert client.post(WRITE, typed(client, action="soumettre")).status_code == 302
    draft.refresh_from_db()
    assert draft.state == VersionState.IN_REVIEW


def test_what_cannot_be_published_is_kept_and_said(card: Article, plume: User) -> None:
    client = entered(plume)
    page = client.post(WRITE, typed(client, action="soumettre", sources=""))
    assert page.status_code == 400
    assert "Enregistré, mais : Il manque une source" in page.content.decode()
    assert card.versions.get(number=2).state == VersionState.DRAFT


@pytest.mark.parametrize(("name", "value", "said"), [
    ("title", "", "Ce champ est obligatoire"), ("answer", "x" * 1201, "1200 au plus"),
    ("sms", "x" * 307, "306 au plus"), ("sources", "Règlement | hier", "ni une adresse"),
    ("valid_until", "2026-13-01", "date"), ("topics", ["rien"], "rien"),
])  # fmt: skip
def test_bad_input_is_said_in_french_and_kept(card: Article, plume: User, name: str, value: Any, said: str) -> None:
    client = entered(plume)
    page = client.post(WRITE, typed(client, **{name: value}))
    assert page.status_code == 400
    assert said in page.content.decode()
    assert "Il arrive en 8 jours" in page.content.decode() or name == "answer"
    assert card.versions.count() == 1


def test_a_draft_is_not_written_over(card: Article, plume: User, relire: User) -> None:
    first, second = entered(plume), entered(relire)
    mine, other = typed(first), typed(second, answer="Le duplicata coûte 15 €.")
    assert first.post(WRITE, mine).status_code == 302
    page = second.post(WRITE, other)
    assert page.status_code == 409
    content = page.content.decode()
    assert "<del>12</del>" in content
    assert "<ins>15</ins>" in content
    assert card.versions.get(number=2).answer.startswith("Le duplicata coûte 12 €.")
    seen = re.search(r'name="seen" value="([^"]*)"', content)
    assert seen
    assert second.post(WRITE, {**other, "seen": seen[1]}).status_code == 302, "seen, then decided"
    assert card.versions.get(number=2).answer == "Le duplicata coûte 15 €."


def test_a_changed_text_in_review_is_a_draft_again(card: Article, plume: User, relire: User) -> None:
    client = entered(plume)
    client.post(WRITE, typed(client, action="soumettre"))
    assert "il redevient un brouillon" in text(entered(relire), WRITE)
    client.post(WRITE, typed(client, answer="Le duplicata coûte 13 €."))
    assert card.versions.get(number=2).state == VersionState.DRAFT


def test_help_says_jargon_long_sentences_and_sums(card: Article, plume: User) -> None:
    client = entered(plume)
    long = "Le duplicata " + "bien utile " * 15 + "coûte 12 €."
    page = client.post(WRITE, typed(client, action="aide", answer=long, sms="Duplicata : 15 euros"))
    content = page.content.decode()
    assert page.status_code == 200
    assert "<html" not in content
    assert "Phrase de 34 mots" in content
    assert "Le SMS dit 15 €, que la réponse ne dit pas." in content
    assert card.versions.count() == 1, "nothing is kept"
    whole = client.post(WRITE, typed(client, action="verifier", answer=long)).content.decode()
    assert "Phrase de 34 mots" in whole
    assert "bien utile bien utile" in whole


def test_a_new_article_is_a_draft_nobody_reads(region: Region, plume: User) -> None:
    client = entered(plume)
    given = {
        "title": "Vélo dans le TER",
        "answer": "Oui.",
        "kind": "question",
        "audience": "citizen",
        "owner": region.transport.pk,
        "wordings": "mon vélo dans le train\nvélo ter",
    }
    page = client.post("/bureau/base/nouveau/", given)
    assert (page.status_code, page["Location"]) == (302, "/bureau/base/velo-dans-le-ter/ecrire/")
    made = Article.objects.get(code="velo-dans-le-ter")
    assert (made.live_id, made.wordings.count()) == (None, 2)
    again = client.post("/bureau/base/nouveau/", given)
    assert again.status_code == 400
    assert "a déjà l&#x27;adresse" in again.content.decode()
    for taken in ("travail", "Pas Bien"):
        assert client.post("/bureau/base/nouveau/", {**given, "code": taken}).status_code == 400
    assert "Lecture" in client.post("/bureau/base/nouveau/", {**given, "action": "aide"}).content.decode()


def test_place_is_changed_apart(card: Article, plume: User, region: Region) -> None:
    client = entered(plume)
    given = {"kind": "procedure", "audience": "citizen", "owner": region.youth.pk, "position": 5}
    assert client.post("/bureau/base/carte-perdue/ranger/", given).status_code == 302
    card.refresh_from_db()
    assert (card.kind, card.owner_id, card.position) == ("procedure", region.youth.pk, 5)
    assert client.post("/bureau/base/carte-perdue/ranger/", {**given, "owner": 0}).status_code == 400


def test_only_editors_write(card: Article, region: Region, plume: User) -> None:
    client = entered(region.nadia)
    for address in (WRITE, "/bureau/base/nouveau/"):
        assert client.get(address).status_code == 403
        assert client.post(address, {}).status_code == 403
    assert "Modifier" not in text(client, "/bureau/base/carte-perdue/")
    actions.archive(card, "x", by=plume)
    assert client.get("/bureau/base/carte-perdue/").status_code == 200
