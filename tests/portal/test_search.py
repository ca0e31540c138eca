"""The search of the portal: the answer in the result, facets, spelling, never a dead end."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from django.test import Client

from guichet.accounts.machines import GUICHET, machine
from guichet.knowledge import finding
from guichet.knowledge.actions import archive, note_asked, opened
from guichet.knowledge.models import Article, Asked
from guichet.portal import searching
from guichet.portal.searching import marked
from tests.factories import article
from tests.portal.factories import Region
from tests.portal.test_guide import AID, text
from tests.portal.test_pages import check


@pytest.fixture(autouse=True)
def base(region: Region) -> None:
    finding.forget()
    searching._titles = (0.0, [])
    article("carte-perdue", owner=region.service, topics=["transport.carte"],
            wordings=("j'ai perdu ma carte de car", "carte de bus perdue"))  # fmt: skip
    article("carte-solidaire", title="Carte Solidaire", kind="aid", owner=region.service, topics=["transport"],
            answer="La Carte Solidaire donne 80 % de réduction.", aid=AID)  # fmt: skip
    article("horaires", title="Horaires du standard", kind="contact", owner=region.service, topics=["transport"],
            answer="Appelez du lundi au vendredi.")  # fmt: skip


def test_results_are_marked_and_the_question_kept_without_who(client: Client) -> None:
    page = text(client, "/recherche/?q=carte+perdue+moi@exemple.fr")
    assert "Carte de transport perdue" in page
    asked = Asked.objects.get()
    assert asked.place == "search"
    assert "exemple.fr" not in asked.text
    link = re.search(r'href="(/reponses/carte-perdue/\?de=[^"]+)"', page)
    assert link
    client.get(link[1])
    asked.refresh_from_db()
    assert asked.opened
    check(client.get("/recherche/?q=carte").content.decode())


def test_facets_narrow_and_ask_nothing_again(client: Client) -> None:
    page = text(client, "/recherche/?q=carte")
    facet = re.search(r'href="(\?[^"]*nature=aid[^"]*)"', page)
    assert facet
    page = text(client, "/recherche/" + facet[1].replace("&amp;", "&"))
    assert '<a href="/aides/carte-solidaire/?de=' in page
    assert "/reponses/carte-perdue/" not in page.partition('class="fiches')[2]
    assert Asked.objects.count() == 1


def test_nothing_found_is_no_dead_end(client: Client) -> None:
    page = text(client, "/recherche/?q=zzqx+wwkj")
    assert "Nous n’avons pas trouvé de réponse" in page
    assert "/contact/?message=zzqx%20wwkj" in page
    assert "05 36 49 12 12" in page
    assert "Souvent demandé" in page
    assert Asked.objects.get().outcome == "none"
    assert "zzqx wwkj</textarea>" in client.get("/contact/?message=zzqx%20wwkj").content.decode()


def test_spelling_is_said(client: Client) -> None:
    assert "Nous avons compris" in text(client, "/recherche/?q=carte+perdeu+transprot")
    assert "Nous avons compris" not in text(client, "/recherche/?q=carte+perdue")


def test_suggestions_while_typing(client: Client) -> None:
    page = text(client, "/recherche/suggestions/?q=carte+so")
    assert 'href="/aides/carte-solidaire/"' in page
    assert text(client, "/recherche/suggestions/?q=c") == "<ul></ul>"
    assert not Asked.objects.exists()


def test_words_are_marked_whatever_their_accents_and_nothing_is_html() -> None:
    assert marked("Un <b> été, des étés", ("ete",)) == "Un &lt;b&gt; <mark>été</mark>, des <mark>étés</mark>"
    assert marked("rien", ()) == "rien"


def test_what_is_opened_most_comes_first(client: Client) -> None:
    cache.clear()
    standard = Article.objects.get(code="horaires")
    asked = note_asked("téléphone", place="search", outcome="offered", by=machine(GUICHET))
    opened(asked.pk, standard, by=machine(GUICHET))
    assert [row.code for row in searching.most_asked(2)] == ["horaires", "carte-perdue"]
    archive(standard, "fini", by=machine(GUICHET))
    assert [row.code for row in searching.most_asked(1)] == ["carte-perdue"]
    home = text(client, "/")
    assert "Que cherchez-vous" in home
    assert 'href="/reponses/carte-perdue/"' in home
    assert 'href="/reponses/sujet/transport/"' in home
    assert 'href="/aides/theme/transports/"' in home


def test_an_empty_search_offers_what_is_asked_most(client: Client) -> None:
    assert "Carte de transport perdue" in text(client, "/recherche/")
