"""A citizen finds an answer: by the search, the guide, the form before sending; with and without JavaScript."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visits
from tests.journeys.looking import check, go
from tests.journeys.site import Site

pytestmark = pytest.mark.browser


def path_to_an_answer(page: Page, site: Site, *, look: bool) -> None:
    def see(state: str) -> None:
        if look:
            check(page, state)

    page.goto(site.url)
    page.get_by_role("searchbox" if not look else "combobox", name=re.compile("^Rechercher")).fill("cart de car perdu")
    go(page, page.get_by_role("button", name="Rechercher"))
    see("résultats")
    go(page, page.get_by_role("link", name=re.compile("Carte de transport perdue|Lire la page")).first)
    expect(page.get_by_role("heading", level=1)).to_have_text("Carte de transport perdue")
    see("réponse")
    page.get_by_role("button", name="En partie").click()
    page.get_by_label(re.compile("Que manque-t-il")).fill("Le prix en 2027")
    see("avis")
    page.get_by_role("button", name="Envoyer la remarque").click()
    expect(page.get_by_role("status").filter(has_text="c’est noté")).to_be_visible()
    go(page, page.get_by_role("link", name="Aide au permis de conduire"))
    expect(page.get_by_text("400 à 1 200 €")).to_be_visible()
    see("aide")
    go(page, page.get_by_role("navigation", name="Navigation principale").get_by_role("link", name="Guide des aides"))
    see("guide")
    go(page, page.get_by_role("link", name=re.compile("Répondez à 4 questions")))
    page.get_by_label("Vous êtes").select_option("lyceen")
    page.get_by_label("Votre âge").fill("18")
    go(page, page.get_by_role("button", name="Voir les aides"))
    expect(page.get_by_text("De 17 à 25 ans : vous avez 18 ans.")).to_be_visible()
    see("mes aides")
    page.goto(f"{site.url}/recherche/?q=zzqx")
    see("rien")
    expect(page.get_by_role("link", name="Nous écrire avec cette question")).to_be_visible()
    for where in ("/reponses/", "/reponses/sujet/transport_scolaire.carte/", "/aides/theme/transports/", "/rien/"):
        page.goto(site.url + where)
        see(f"page {where.strip('/').replace('/', '-')}")


def test_to_an_answer(visits: Visits, site: Site) -> None:
    path_to_an_answer(visits.page(), site, look=True)


def test_to_an_answer_without_javascript(visits: Visits, site: Site) -> None:
    path_to_an_answer(visits.page(javascript=False, width=390, height=844), site, look=False)


def test_suggestions_with_the_keyboard(visits: Visits, site: Site) -> None:
    page = visits.page()
    page.goto(site.url)
    field = page.get_by_role("combobox", name=re.compile("^Rechercher"))
    field.press_sequentially("carte")
    option = page.get_by_role("option", name=re.compile("Carte de transport perdue"))
    expect(option).to_be_visible()
    check(page, "suggestions")
    field.press("Escape")
    expect(option).to_have_count(0)
    field.press_sequentially(" de")
    expect(option).to_be_visible()
    field.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    field.press("Enter")
    expect(page).to_have_url(re.compile("/reponses/carte-perdue/"))


def test_an_answer_in_the_form_spares_a_message(visits: Visits, site: Site) -> None:
    page = visits.page()
    page.goto(f"{site.url}/contact/")
    page.get_by_label("Objet").fill("Carte de car perdue")
    page.get_by_label("Votre message").press_sequentially("Bonjour, mon fils a perdu sa carte de car.")
    answer = page.get_by_text("Carte de transport perdue")
    expect(answer).to_be_visible()
    answer.click()
    expect(page.get_by_text("Commandez un duplicata")).to_be_visible()
    check(page, "réponses dans le formulaire")
    page.get_by_role("button", name="Cela répond à ma question").click()
    expect(page.get_by_text("Tant mieux")).to_be_visible()
    expect(page.get_by_label("Objet")).to_have_value("Carte de car perdue")
