"""Ctrl K: an agent finds a person by a misspelled name, a case by its words, and acts, with the keyboard alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Visits
from tests.journeys.looking import axe, check, go
from tests.journeys.site import Site, command
from tests.journeys.test_agent import enter

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def fifty(site: Site) -> None:
    command(site, "-m", "tests.journeys.fifty")


def test_the_palette(visits: Visits, site: Site, fifty: None) -> None:
    page = visits.page()
    enter(page, site)
    page.keyboard.press("Control+k")
    window = page.get_by_role("dialog", name="Chercher ou agir")
    expect(window).to_be_visible()
    expect(window.get_by_role("option", name="Aller à : Toutes mes files")).to_be_visible()
    page.keyboard.type("numreo7")
    expect(window.get_by_role("option", name=re.compile("Usager Numero7")).first).to_be_visible()
    assert not axe(page)
    page.keyboard.press("Control+a")
    page.keyboard.type("panne arret")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Car en panne ce matin")
    page.keyboard.press("Control+k")
    page.keyboard.type("> attribuer cette")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_text("La demande est attribuée.")).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.press("Escape")
    expect(window).to_be_hidden()


def test_the_page_without_javascript(visits: Visits, site: Site, fifty: None) -> None:
    page = visits.page(javascript=False)
    enter(page, site)
    page.get_by_role("searchbox", name="Chercher un usager").fill("panne")
    go(page, page.get_by_role("button", name="Chercher").first)
    expect(page.locator("mark").first).to_have_text("panne")
    found = page.url
    page.get_by_label("État").select_option("terminees")
    go(page, page.get_by_role("button", name="Chercher").last)
    expect(page.get_by_text("Rien ne correspond")).to_be_visible()
    looked = visits.page()  # what looks for faults is itself a script
    enter(looked, site)
    for address, state in ((found, "recherche"), (page.url, "recherche sans résultat")):
        looked.goto(address)
        check(looked, state)
