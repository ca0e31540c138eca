"""Two agents on one case: each sees the other, one takes over, what changed is said, and nothing written is lost."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visits
from tests.journeys.looking import check, go
from tests.journeys.site import Site, text_of
from tests.journeys.test_agent import ADDRESS, PASSWORD, enter
from tests.journeys.test_citizen import fill, number_of, send

pytestmark = pytest.mark.browser
CHOSEN = "(e => e.value.slice(e.selectionStart, e.selectionEnd))(document.activeElement)"


@pytest.fixture
def number(visits: Visits, site: Site) -> str:
    page = visits.page()
    page.goto(f"{site.url}/contact/")
    fill(page, address=ADDRESS)
    send(page)
    return number_of(page)


def open_case(page: Page, site: Site, number: str, who: str) -> None:
    enter(page, site, who)
    page.goto(f"{site.url}/bureau/demandes/{number}/")


def kept(page: Page) -> None:
    expect(page.locator("#ecrire [data-etat]")).to_contain_text("Brouillon conservé à")


def test_two_agents_on_one_case(visits: Visits, site: Site, number: str) -> None:
    nadia, chief = visits.page(), visits.page()
    open_case(nadia, site, number, "nadia@agents.example")
    open_case(chief, site, number, "chef@agents.example")
    others = chief.locator("[data-presence]")
    expect(others).to_contain_text("Nadia Belkacem consulte cette demande")

    # He types: seen at once, not read.
    nadia.get_by_label("Votre réponse").fill("Bonjour Madame, la carte")
    expect(others).to_contain_text("Nadia Belkacem rédige")
    expect(chief.locator("[data-presence-dite]")).to_contain_text("Nadia Belkacem rédige")
    kept(nadia)
    expect(chief.get_by_text("Voir son texte")).to_have_count(0)
    check(chief, "une collegue redige")

    # He shows it; the other reads it and goes on with it.
    go(nadia, nadia.get_by_role("button", name="Montrer mon brouillon à l'équipe"))
    expect(nadia.get_by_label("Votre réponse")).to_have_value("Bonjour Madame, la carte")
    chief.get_by_text("Voir son texte").click()
    expect(others).to_contain_text("Bonjour Madame, la carte")
    check(chief, "texte de la collegue")
    chief.get_by_text("Voir son texte").click()
    go(chief, chief.get_by_role("button", name=re.compile("Prendre la main")))
    expect(chief.get_by_label("Votre réponse")).to_have_value("Bonjour Madame, la carte")
    expect(nadia.locator("[data-presence]")).to_contain_text("a pris la main sur votre texte")
    expect(nadia.get_by_label("Votre réponse")).to_have_value("Bonjour Madame, la carte")
    check(nadia, "main prise")

    # Hers all the same; meanwhile the chief answers: she is told what changed, and keeps her text.
    go(nadia, nadia.get_by_role("button", name="Reprendre mon texte"))
    nadia.get_by_label("Votre réponse").fill("Bonjour Madame, la carte est à refaire.")
    chief.get_by_label("Votre réponse").fill("Bonjour Madame, la carte est refaite.")
    go(chief, chief.get_by_role("button", name="Envoyer", exact=True))
    expect(chief.get_by_text("Votre réponse est prête.")).to_be_visible()
    go(nadia, nadia.get_by_role("button", name="Envoyer", exact=True))
    panel = nadia.locator("#avant-envoi")
    expect(panel).to_contain_text("Cette demande a changé pendant que vous écriviez")
    expect(panel).to_contain_text("Réponse écrite")
    expect(panel).to_be_focused()
    expect(nadia.get_by_label("Votre réponse")).to_have_value("Bonjour Madame, la carte est à refaire.")
    check(nadia, "demande changee")
    go(nadia, nadia.get_by_role("button", name="Envoyer quand même"))
    expect(nadia.get_by_text("Votre réponse est prête.")).to_be_visible()
    assert "la carte est refaite" in text_of(site.mail(ADDRESS, "la carte est refaite"))
    assert "la carte est à refaire" in text_of(site.mail(ADDRESS, "la carte est à refaire"))

    # She leaves: seen too.
    nadia.goto(f"{site.url}/bureau/compte/")
    expect(others).not_to_contain_text("Nadia Belkacem consulte")


def test_a_session_that_ends_loses_no_text(visits: Visits, site: Site, number: str) -> None:
    page = visits.page()
    open_case(page, site, number, "nadia@agents.example")
    page.context.clear_cookies()
    page.get_by_label("Votre réponse").fill("Un texte long à écrire.")
    expect(page.locator("#ecrire [data-etat]")).to_contain_text("Votre session a expiré")
    go(page, page.get_by_role("button", name="Envoyer", exact=True))
    page.goto(f"{site.url}/bureau/connexion/?suite=/bureau/demandes/{number}/")
    page.get_by_label("Adresse e-mail").fill("nadia@agents.example")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    go(page, page.get_by_role("button", name="Se connecter"))
    expect(page.get_by_label("Votre réponse")).to_have_value("Un texte long à écrire.")
    expect(page.locator("#ecrire [data-etat]")).to_contain_text(re.compile("Texte retrouvé|Brouillon conservé"))
    kept(page)
    page.reload()
    expect(page.get_by_label("Votre réponse")).to_have_value("Un texte long à écrire.")


def test_before_sending_by_keyboard(visits: Visits, site: Site, number: str) -> None:
    page = visits.page()
    open_case(page, site, number, "nadia@agents.example")
    page.keyboard.press("1")  # the first suggested answer
    zone = page.get_by_label("Votre réponse")
    expect(zone).to_be_focused()
    expect(zone).to_have_value("Bonjour Madame Lacoste.")
    zone.fill("Bonjour {prénom}, voici.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("Il reste un champ à remplir")
    expect(zone).to_be_focused()
    assert page.evaluate(CHOSEN) == "{prénom}"
    check(page, "champ vide")
    zone.fill("Bonjour Madame Dupont,\n\nVoici **la carte**, ci-joint.")
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("Control+Enter")
    panel = page.locator("#avant-envoi")
    expect(panel).to_contain_text("s'adresse à « Dupont »")
    expect(panel).to_contain_text("annonce une pièce jointe")
    check(page, "avant d envoyer")
    page.locator("label.onglet--note").click()
    check(page, "note interne")
