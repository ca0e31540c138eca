"""A morning at the desk with the keyboard alone; and a case that two teams pass to each other."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visits
from tests.journeys.looking import check, go
from tests.journeys.site import Site, text_of
from tests.journeys.test_agent import PASSWORD, enter
from tests.journeys.test_citizen import fill, number_of, send
from tests.journeys.test_keyboard import tab_to, write

pytestmark = pytest.mark.browser
FIRST, SECOND = "claire.moreau@courriel.example", "denis.roux@courriel.example"


def ask(visits: Visits, site: Site, address: str) -> str:
    """One demand sent with the form; its number."""
    page = visits.page()
    page.goto(f"{site.url}/contact/")
    fill(page, address=address)
    send(page)
    return re.sub(r"\D", "", number_of(page))


def reach(page: Page, number: str) -> None:
    """From the list, by J, to the line of a case; then Enter."""
    for _ in range(30):
        page.keyboard.press("j")
        if page.evaluate("() => document.activeElement.getAttribute('href') || ''").find(number) >= 0:
            page.keyboard.press("Enter")
            page.wait_for_url(re.compile(number))
            return
    raise AssertionError(f"J never reached {number}")


def test_read_insert_send_and_go_on(visits: Visits, site: Site) -> None:
    numbers = [ask(visits, site, FIRST), ask(visits, site, SECOND)]
    page = visits.page()
    page.goto(f"{site.url}/bureau/")
    expect(page.get_by_label("Adresse e-mail")).to_be_focused()  # a browser gives it once the page is drawn
    page.keyboard.insert_text("nadia@agents.example")
    write(page, "^Mot de passe", PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/bureau/(\?.*)?$"))
    tab_to(page, "Transports 17")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("file=equipe-"))

    for number, address in zip(numbers, (FIRST, SECOND), strict=True):
        reach(page, number)
        expect(page.get_by_role("heading", level=1)).to_have_text("Carte de car perdue")
        with page.expect_navigation(wait_until="load"):
            page.keyboard.press("a")
        expect(page.get_by_text("Attribuée à vous")).to_be_visible()
        page.keyboard.press("?")
        expect(page.get_by_role("button", name="Fermer", exact=True)).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("1")  # the first suggested answer, filled from the case
        zone = page.get_by_label("Votre réponse")
        expect(zone).to_be_focused()
        expect(zone).to_have_value(re.compile("^Bonjour Madame"))
        page.keyboard.press("Control+End")
        page.keyboard.insert_text("\n\nVotre carte est refaite.")
        with page.expect_navigation(wait_until="load"):
            page.keyboard.press("Control+Enter")
        expect(page.get_by_text("Votre réponse est prête.")).to_be_visible()
        left = site.mail(address, "Votre carte est refaite")
        assert "Bonjour Madame" in text_of(left)
    check(page, "fin de matinée")


def test_two_teams_pass_a_case_to_each_other(visits: Visits, site: Site) -> None:
    number = ask(visits, site, "paul.vidal@courriel.example")
    page = visits.page()
    enter(page, site, "chef@agents.example")
    page.goto(f"{site.url}/bureau/demandes/{number}/")
    due = page.locator(".delais").inner_text()
    for team, times in (("Aides aux jeunes", 1), ("Transports 17", 2), ("Aides aux jeunes", 3)):
        page.get_by_text("Transférer", exact=True).first.click()
        page.locator("#transferer-team").select_option(label=team)
        page.locator("#transferer-reason").fill(f"Ce n'est pas pour nous, essai {times}.")
        go(page, page.locator("form[action*='faire/transferer']").get_by_role("button", name="Transférer"))
        expect(page.get_by_text(f"essai {times}").first).to_be_visible()
        # The citizen's delays go on as if nothing had moved.
        assert page.locator(".delais").inner_text().split("reste")[0] == due.split("reste")[0]
    expect(page.get_by_text(re.compile("[Tt]ransférée 3 fois")).first).to_be_visible()
    check(page, "va-et-vient")
