"""With the keyboard alone: the form of the citizen, then inbox, case, answer at the desk."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visits
from tests.journeys.site import Site
from tests.journeys.test_agent import PASSWORD
from tests.journeys.test_citizen import number_of

pytestmark = pytest.mark.browser
AT_MOST = 120

# What has the focus: its words, and whether an outline or a shadow shows it.
FOCUSED = """() => {
  const e = document.activeElement;
  const style = getComputedStyle(e);
  const label = e.labels && e.labels[0] ? e.labels[0].innerText : '';
  const around = getComputedStyle(e.closest('label, .saisie, .recherche') || e);
  const drawn = (s) => (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== 'none';
  const seen = drawn(style) || drawn(around);
  const box = e.getBoundingClientRect();
  return { words: [label, e.innerText, e.getAttribute('aria-label'), e.name, e.id].filter(Boolean).join(' | '), seen,
           shown: box.bottom > 0 && box.top < innerHeight && box.width > 0 };
}"""


def tab_to(page: Page, words: str) -> None:
    """Tab until that control has the focus; every stop on the way shows its focus and is on the screen."""
    for _ in range(AT_MOST):
        page.keyboard.press("Tab")
        here = page.evaluate(FOCUSED)
        assert here["shown"], here
        assert here["seen"], here
        if re.search(words, here["words"]):
            return
    raise AssertionError(f"the keyboard never reached: {words}")


def write(page: Page, words: str, text: str) -> None:
    tab_to(page, words)
    page.keyboard.insert_text(text)


def test_the_form(visits: Visits, site: Site) -> None:
    page = visits.page()
    page.goto(site.url)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, "Formulaire de contact")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/contact/"))
    tab_to(page, "^Sujet")
    page.keyboard.type("Carte")
    write(page, "^Objet", "Carte perdue")
    write(page, "^Votre message", "Bonjour, la carte est perdue.")
    tab_to(page, "kind")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="Entreprise")).to_be_checked()
    page.keyboard.press("ArrowUp")
    write(page, "^Prénom", "Ana")
    write(page, "^Nom", "Etcheverry")
    write(page, "^Adresse e-mail", "ana@courriel.example")
    write(page, "^Adresse postale", "3 rue du Port, 64500 Ciboure")
    page.wait_for_timeout(2100)
    tab_to(page, "Envoyer mon message")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nous avons bien reçu votre message")
    assert number_of(page)


def test_the_desk(visits: Visits, site: Site) -> None:
    page = visits.page()
    page.goto(f"{site.url}/bureau/")
    expect(page.get_by_label("Adresse e-mail")).to_be_focused()
    page.keyboard.insert_text("chef@agents.example")
    write(page, "^Mot de passe", PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/bureau/(\?.*)?$"))
    tab_to(page, "Transports 17|À orienter")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("file=equipe-"))
    tab_to(page, r"^(Formulaire|E-mail)[^|]*Ana Etcheverry")  # not the box that ticks its line
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Carte perdue")

    page.keyboard.press("Shift+?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("r")
    expect(page.get_by_label("Votre réponse")).to_be_focused()
    page.keyboard.insert_text("Bonjour, votre carte est refaite. e n r")
    tab_to(page, r"^Envoyer \| action$")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Votre réponse est prête.")).to_be_visible()
    page.keyboard.press("n")
    expect(page.get_by_label("Note interne")).to_be_focused()
    page.keyboard.insert_text("Fait au clavier.")
    tab_to(page, "Enregistrer la note")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Fait au clavier.")).to_be_visible()
