"""Fifty people write about one breakdown: an agent ticks them, answers all at once, each gets his own answer."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visits
from tests.journeys.fifty import COUNT
from tests.journeys.looking import check, go, unfold
from tests.journeys.site import Site, command, eventually, text_of
from tests.journeys.test_agent import enter

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def fifty(site: Site) -> None:
    command(site, "-m", "tests.journeys.fifty")


def in_queue(page: Page, site: Site) -> None:
    enter(page, site)
    go(page, page.get_by_role("link", name=re.compile("Transports 17")))


def test_without_javascript(visits: Visits, site: Site, fifty: None) -> None:
    page = visits.page(javascript=False)
    in_queue(page, site)
    page.locator(".ligne input").first.check()
    go(page, page.get_by_role("button", name="Agir sur la sélection"))
    unfold(page, "Clôturer")
    go(page, page.get_by_role("button", name="Voir avant de confirmer"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("sur 1")
    go(page, page.get_by_role("button", name="Ne rien faire"))
    expect(page.get_by_text("Rien n'a été fait.")).to_be_visible()


def test_an_answer_to_fifty(visits: Visits, site: Site, fifty: None) -> None:
    page = visits.page()
    in_queue(page, site)
    rows = page.locator(".ligne")
    expect(rows).to_have_count(30)
    page.locator(".ligne a").first.focus()
    page.keyboard.press("x")
    expect(page.get_by_text("1 demande cochée")).to_be_visible()
    page.locator(".ligne input").nth(4).click(modifiers=["Shift"])
    expect(page.get_by_text("5 demandes cochées")).to_be_visible()
    check(page, "demandes cochées")
    page.get_by_label(re.compile("Toutes les demandes de cette liste")).check()
    go(page, page.get_by_role("button", name="Agir sur la sélection"))
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Que faire de {COUNT} demandes ?")
    check(page, "action groupée à choisir")
    unfold(page, "Répondre")
    page.get_by_label("Réponse", exact=True).fill("Bonjour {nom},\n\nLe car {inconnu} est réparé. Demande {numéro}.")
    go(page, page.get_by_role("button", name="Voir avant d'envoyer"))
    expect(page.get_by_text("Il manque de quoi remplir {inconnu}.").first).to_be_visible()
    check(page, "action groupée sans effet")
    unfold(page, "Changer l'action")
    page.get_by_label("Réponse", exact=True).fill("Bonjour {nom},\n\nLe car est réparé. Votre demande : {numéro}.")
    page.get_by_label("Clôturer aussi").check()
    go(page, page.get_by_role("button", name="Voir avant d'envoyer"))
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Répondre : {COUNT} demandes sur {COUNT}")
    check(page, "action groupée à confirmer")
    go(page, page.get_by_role("button", name=f"Confirmer : répondre {COUNT} demandes"))
    expect(page.get_by_text(f"{COUNT} faits.")).to_be_visible(timeout=60_000)  # without reloading
    expect(page.get_by_role("button", name="Annuler l'envoi de toutes")).to_be_visible()
    check(page, "action groupée terminée")

    def all_left() -> list[str] | None:
        mails = [m for m in site.mails() if "Le car est réparé" in text_of(m)]
        return [str(m["To"]) for m in mails] if len(mails) >= COUNT else None

    to = eventually(all_left, "fifty answers", seconds=120)
    assert len(to) == len(set(to)) == COUNT
    assert any("Bonjour Numero7," in text_of(m) for m in site.mails())
    page.goto(f"{site.url}/bureau/")
    go(page, page.get_by_role("link", name=re.compile("Transports 17")))
    expect(page.get_by_text("Tout est traité")).to_be_visible()
    check(page, "file vide")
