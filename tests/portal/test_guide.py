"""The guide des aides and the pages of articles, as a citizen and as a machine read them."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from guichet.accounts.machines import GUICHET, machine
from guichet.knowledge.actions import archive, note_asked
from guichet.knowledge.models import Article, Asked, SeasonEvent, Vote
from guichet.portal.sheets import documents_of, sign_asked
from tests.factories import article
from tests.portal.factories import Region
from tests.portal.test_pages import check

AID: dict[str, Any] = {
    "for_whom": "Jeunes en formation", "amount": "400 à 1 200 €", "when": "Toute l'année", "reply": "6 semaines",
    "themes": ["transports", "jeunesse"], "profiles": ["lyceen", "apprenti"], "ages": [17, 25],
    "conditions": ["vous habitez en Nouvelle-Aquitaine"], "exclusions": ["vous avez déjà le permis B"],
}  # fmt: skip
DOUBT = "Le barème date de 2019 : vérifiez-le."
BODY = """## Combien vais-je recevoir ?

| Revenu | Aide |
|---|---|
| moins de 6 000 € | 1 200 € |

## Quels documents ?

- **Devis** : signé
- **RIB**

## Questions fréquentes

### Est-ce trop tard </script> ?

Non : demandez avant l'examen.
"""


@pytest.fixture
def permit(region: Region) -> Article:
    return article(
        "aide-permis",
        title="Aide au permis de conduire",
        kind="aid",
        owner=region.service,
        aid=AID,
        body=BODY,
        topics=["transport.carte"],
        uncertain=DOUBT,
    )


def text(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status, (path, response.status_code)
    return " ".join(re.sub(r"[\u00a0\u202f]", " ", response.content.decode()).split())


def linked_data(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert found
    return {row["@type"]: row for row in json.loads(found[1])["@graph"]}


def test_the_page_of_an_aid_says_everything(client: Client, permit: Article) -> None:
    page = text(client, "/aides/aide-permis/")
    for words in ("Jeunes en formation", "De 17 à 25 ans", "400 à 1 200 €", "vous avez déjà le permis B",
                  DOUBT, 'href="#combien-vais-je-recevoir"', "<strong>Devis<",
                  "par le service Transports scolaires", "https://exemple.example/r", "Est-ce trop tard"):  # fmt: skip
        assert words in page, words
    raw = client.get("/aides/aide-permis/").content.decode()
    check(raw)
    data = linked_data(raw)
    assert data["GovernmentService"]["name"] == "Aide au permis de conduire"
    assert data["FAQPage"]["mainEntity"][0]["name"] == "Est-ce trop tard </script> ?"


def test_each_nature_has_one_address(client: Client, permit: Article, region: Region) -> None:
    article("carte-perdue", owner=region.service, topics=["transport.carte"])
    article("consigne", owner=region.service, audience="agent", kind="instruction", topics=["transport"])
    article("modele", owner=region.service, kind="template", topics=["transport"])
    assert client.get("/reponses/aide-permis/")["Location"] == "/aides/aide-permis/"
    assert client.get("/aides/carte-perdue/")["Location"] == "/reponses/carte-perdue/"
    page = client.get("/reponses/carte-perdue/").content.decode()
    check(page)
    assert linked_data(page)["FAQPage"]["mainEntity"][0]["name"] == "Carte de transport perdue"
    for code in ("consigne", "modele", "inconnue"):
        assert client.get(f"/reponses/{code}/").status_code == 404


def test_what_ended_says_so_and_offers_a_search(client: Client, permit: Article) -> None:
    archive(permit, "fin du dispositif", by=machine(GUICHET))
    page = text(client, "/aides/aide-permis/", 404)
    assert "Cette aide est terminée" in page
    assert 'value="Aide au permis de conduire"' in page
    assert "Page introuvable" in text(client, "/aides/jamais-vue/", 404)
    assert "aide-permis" not in text(client, "/sitemap.xml")


def test_shelves_count_and_narrow(client: Client, permit: Article, region: Region) -> None:
    article("aide-club", title="Aide aux clubs", kind="aid", owner=region.service, topics=["transport"],
            aid=AID | {"themes": ["sport", "jeunesse"], "profiles": ["association"]})  # fmt: skip
    page = text(client, "/aides/")
    assert re.search(r'href="/aides/theme/jeunesse/">[^<]+</a> <span>2 aides<', page)
    assert "/aides/theme/culture/" not in page
    assert 'href="/aides/profil/association/"' in page
    page = text(client, "/aides/theme/jeunesse/?profil=association")
    assert "Aide aux clubs" in page
    assert "Aide au permis" not in page
    assert client.get("/aides/profil/martien/").status_code == 404
    assert client.get("/aides/theme/martien/").status_code == 404


def test_four_questions_propose_with_reasons_and_doubts(client: Client, permit: Article, region: Region) -> None:
    article("aide-landes", title="Aide des Landes", kind="aid", owner=region.service, departments=["40"],
            topics=["transport"], aid=AID | {"themes": ["transports"], "profiles": ["lyceen"]})  # fmt: skip
    page = text(client, "/aides/trouver/?profil=lyceen&age=18&departement=33&theme=transports")
    for words in ("1 aide à regarder", "Elle concerne votre profil : lycéen",
                  "De 17 à 25 ans : vous avez 18 ans.", "donc en Gironde", "À vérifier : vous habitez",
                  "Le barème date de 2019", "1 aide écartée", "que dans ces départements : Landes."):  # fmt: skip
        assert words in page, words
    page = text(client, "/aides/trouver/?age=40")
    assert "De 17 à 25 ans : vous avez 40 ans." in page.partition("écartée")[2]
    assert "Elle est pour certains profils" in text(client, "/aides/trouver/?departement=40")
    assert "nous ne savons pas votre âge" in text(client, "/aides/trouver/?profil=lyceen")
    assert "Écrivez votre âge en chiffres" in text(client, "/aides/trouver/?age=dix")
    assert "Répondez à une question au moins" in text(client, "/aides/trouver/?profil=")


def test_a_vote_then_what_was_missing(client: Client, permit: Article) -> None:
    path = "/reponses/aide-permis/avis/"
    response = client.post(path, {"utile": "non"})
    assert response["Location"].startswith("/aides/aide-permis/?avis=")
    page = text(client, response["Location"])
    ballot = re.search(r'name="bulletin" value="([^"]+)"', page)
    assert ballot
    response = client.post(path, {"bulletin": ballot[1], "remarque": "Il manque le plafond, écrivez à moi@exemple.fr"})
    assert "Merci, c’est noté" in text(client, response["Location"])
    client.post(path, {"bulletin": ballot[1], "remarque": "Autre chose"})
    given = Vote.objects.get()
    assert (given.value, given.version_id, given.remark) == ("non", permit.live_id, "Il manque le plafond, écrivez à …")
    assert client.post(path, {"utile": "peut-être"}).status_code == 400
    assert client.post(path, {"bulletin": "faux", "remarque": "x"}).status_code == 400
    fragment = client.post(path, {"utile": "oui"}, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert "Merci de votre avis" in fragment


def test_opening_a_result_follows_the_question(client: Client, permit: Article) -> None:
    asked = note_asked("permis", place=Asked.Place.SEARCH, outcome="offered", by=machine(GUICHET))
    client.get("/aides/aide-permis/?de=faux")
    assert not Asked.objects.get().opened
    client.get(f"/aides/aide-permis/?de={sign_asked(asked.pk)}")
    asked.refresh_from_db()
    assert asked.opened
    assert asked.article == permit


def test_questions_by_domain(client: Client, permit: Article, region: Region) -> None:
    article("carte-perdue", owner=region.service, topics=["transport.carte"])
    page = text(client, "/reponses/")
    assert 'href="/reponses/sujet/transport/"' in page
    assert "Carte de transport perdue" in page
    page = client.get("/reponses/sujet/transport/").content.decode()
    check(page)
    assert "Commandez un duplicata" in page
    assert client.get("/reponses/sujet/rien/").status_code == 404


def test_the_season_is_shown_in_its_time(client: Client, permit: Article) -> None:
    today = timezone.localdate()
    SeasonEvent.objects.create(title="Inscrivez-vous", day=today + timedelta(days=9), shown_from=today,
                               shown_until=today, article=permit, link_label="S'inscrire")  # fmt: skip
    assert "Inscrivez-vous" in text(client, "/aides/")
    SeasonEvent.objects.update(shown_from=today - timedelta(days=3), shown_until=today - timedelta(days=1))
    assert "Inscrivez-vous" not in text(client, "/aides/")


def test_what_machines_read(client: Client, permit: Article, settings: Any) -> None:
    settings.PUBLIC_URL = "https://demarches.example"
    places = [
        node.text
        for node in ElementTree.fromstring(client.get("/sitemap.xml").content).iter()
        if node.tag.endswith("loc")
    ]
    assert "https://demarches.example/aides/aide-permis/" in places
    assert "https://demarches.example/aides/theme/transports/" in places
    for place in places:
        assert place and client.get(place.removeprefix("https://demarches.example")).status_code == 200, place
    assert "Sitemap: https://demarches.example/sitemap.xml" in client.get("/robots.txt").content.decode()
    atom = "{http://www.w3.org/2005/Atom}"
    feed = ElementTree.fromstring(client.get("/aides/flux.xml").content)
    entry = feed.find(f"{atom}entry")
    assert entry is not None
    assert entry.findtext(f"{atom}id") == "https://demarches.example/aides/aide-permis/"
    assert (entry.findtext(f"{atom}summary") or "").startswith("Nouvelle aide.")
    rows = json.loads(client.get("/aides/donnees.json").content)["aides"]
    assert rows[0]["aid"]["amount"] == "400 à 1 200 €"
    assert "wordings" not in rows[0]
    table = list(
        csv.DictReader(io.StringIO(client.get("/aides/donnees.csv").content.decode("utf-8-sig")), delimiter=";")
    )
    assert table[0]["code"] == "aide-permis"
    assert "wordings" not in table[0]


def test_documents_are_a_list_or_a_text() -> None:
    assert documents_of("- **RIB** : au nom d'un parent\n- Photo") == [("RIB", "au nom d'un parent"), ("Photo", "")]
    assert documents_of("- **RIB** : [modèle](https://exemple.fr)") == []
    assert documents_of("Aucun document.") == []


@pytest.mark.parametrize("path", ["/aides/", "/aides/trouver/?age=18", "/reponses/", "/reponses/sujet/transport/",
                                  "/aides/donnees.json", "/sitemap.xml", "/recherche/?q=aide"])  # fmt: skip
def test_queries_do_not_grow(client: Client, permit: Article, region: Region, path: str) -> None:
    def count() -> int:
        client.get(path)
        with CaptureQueriesContext(connection) as seen:
            assert client.get(path).status_code == 200
        return len(seen)

    few = count()
    for n in range(12):
        article(f"aide-{n}", title=f"Aide {n}", kind="aid", owner=region.service, aid=AID, topics=["transport.carte"],
                related=["aide-permis"])  # fmt: skip
    assert count() == few
    assert few <= 40
