"""Synonyms, the calendar of the season, files of articles in and out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from guichet.accounts.models import User
from guichet.knowledge import finding
from guichet.knowledge.models import Article, Revision, SeasonEvent, Synonym
from tests.desk.test_base import editor, entered, text
from tests.factories import Region, article

IMPORT = "/bureau/base/importer/"


@pytest.fixture(autouse=True)
def fresh() -> None:
    finding.forget()


@pytest.fixture
def plume(region: Region) -> User:
    return editor("Plume")


def file(content: object, name: str = "base.json") -> SimpleUploadedFile:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return SimpleUploadedFile(name, raw)


def test_a_synonym_is_added_corrected_removed(region: Region, plume: User) -> None:
    client = entered(plume)
    assert client.post("/bureau/base/synonymes/", {"said": "bus", "meant": "car"}).status_code == 302
    row = Synonym.objects.get()
    assert client.post("/bureau/base/synonymes/", {"said": "bus", "meant": "autre"}).status_code == 400
    assert client.post("/bureau/base/synonymes/", {"said": "a=b", "meant": "c"}).status_code == 400
    before = Revision.objects.get().number
    client.post("/bureau/base/synonymes/", {"synonyme": row.pk, "said": "bus", "meant": "car scolaire"})
    row.refresh_from_db()
    assert row.meant == "car scolaire"
    assert Revision.objects.get().number > before, "the search is made again"
    assert "car scolaire" in text(client, "/bureau/base/synonymes/?q=bus")
    client.post("/bureau/base/synonymes/", {"synonyme": row.pk, "action": "supprimer"})
    assert not Synonym.objects.exists()
    assert client.post("/bureau/base/synonymes/", {"synonyme": row.pk, "said": "x", "meant": "y"}).status_code == 409


def test_an_event_of_the_season(region: Region, plume: User) -> None:
    article(owner=region.transport)
    client = entered(plume)
    given = {
        "title": "Rentrée",
        "day": "2026-09-01",
        "shown_from": "2026-08-01",
        "shown_until": "2026-09-02",
        "article": "carte-perdue",
    }
    for wrong in ({"shown_until": "2026-07-01"}, {"article": "rien"}, {"day": "hier"}, {"title": ""}):
        assert client.post("/bureau/base/saison/nouveau/", {**given, **wrong}).status_code == 400, wrong
    assert client.post("/bureau/base/saison/nouveau/", given).status_code == 302
    event = SeasonEvent.objects.get()
    assert event.article is not None
    address = f"/bureau/base/saison/{event.pk}/"
    assert client.post(address, {**given, "title": "La rentrée"}).status_code == 302
    assert "La rentrée" in text(client, "/bureau/base/saison/")
    client.post(address, {"action": "supprimer"})
    assert not SeasonEvent.objects.exists()


ROW = {"code": "velo-car", "title": "Vélo dans le car", "answer": "Non.", "topics": ["transport_scolaire.carte"]}


def test_a_file_is_tried_before_it_becomes_drafts(region: Region, plume: User) -> None:
    client = entered(plume)
    tried = client.post(IMPORT, {"file": file([ROW]), "owner": region.transport.pk})
    assert tried.status_code == 200
    assert "1 nouveau, 0 changé, 0 déjà là. Rien n'est encore écrit" in tried.content.decode()
    assert not Article.objects.exists()
    given = {"action": "importer", "content": json.dumps([ROW]), "name": "base.json", "owner": region.transport.pk}
    assert client.post(IMPORT, given).status_code == 302
    made = Article.objects.get()
    assert (made.live_id, made.owner) == (None, region.transport)


@pytest.mark.parametrize(("content", "name", "said"), [
    ([{**ROW, "topics": ["rien"]}], "b.json", "Sujet inconnu : rien"), ([ROW], "b.json", "équipe"),
    (b"{", "b.json", "illisible"), (b"\xff\xfe", "b.json", "UTF-8"), ([ROW], "b.docx", "Nature de fichier"),
    (b"sans tete", "b.md", "+++"), (b"x" * 1_500_001, "b.csv", "1,5 Mo"), (b'{"code": 1}\n{', "b.jsonl", "ligne"),
])  # fmt: skip
def test_a_bad_file_says_why_and_changes_nothing(
    region: Region, plume: User, content: Any, name: str, said: str
) -> None:
    page = entered(plume).post(IMPORT, {"file": file(content, name)})
    assert page.status_code == 400
    assert said in page.content.decode()
    assert not Article.objects.exists()


def test_what_goes_out_comes_back_and_keeps_rights(region: Region, plume: User) -> None:
    article(owner=region.transport, wordings=("plus de carte",))
    article("consigne", title="Consigne", owner=region.youth, kind="instruction", audience="team")
    mine, every = entered(region.nadia), entered(plume)
    assert "Consigne" not in text(mine, "/bureau/base/exporter/csv/")
    rows = json.loads(text(every, "/bureau/base/exporter/json/"))
    assert [row["code"] for row in rows] == ["carte-perdue", "consigne"]
    back = every.post(IMPORT, {"file": file(rows)})
    assert "0 nouveau, 0 changé, 2 déjà là" in back.content.decode()
    whole = every.post(IMPORT, {"file": file(text(every, "/bureau/base/carte-perdue/article.md").encode(), "c.md")})
    assert "1 déjà là" in whole.content.decode()
    assert mine.get("/bureau/base/exporter/xml/").status_code == 404
    assert mine.get("/bureau/base/consigne/article.md").status_code == 404
