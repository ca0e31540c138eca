"""Noa as citizens meet it: by telephone at night, without a script, on another site; then a person takes over."""

from __future__ import annotations

import re
from datetime import date

import holidays
import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visits
from tests.journeys.looking import check
from tests.journeys.site import Site
from tests.journeys.test_agent import enter

pytestmark = pytest.mark.browser
LOST = "j'ai perdu ma carte de car"
QUESTION = re.compile("Votre question|Votre message")


def ask(page: Page, text: str) -> None:
    page.get_by_label(QUESTION).fill(text)
    page.get_by_role("button", name="Envoyer", exact=True).click()


def test_a_lost_card_at_night_on_a_telephone(visits: Visits, site: Site) -> None:
    page = visits.page(width=390, height=844)
    page.goto(f"{site.url}/noa/")
    check(page, "accueil")
    ask(page, LOST)
    answer = page.locator(".bulle", has_text="duplicata")
    expect(answer).to_be_visible()
    expect(answer.get_by_text("D’où vient cette réponse")).to_be_visible()
    expect(answer.get_by_role("link", name="Carte de transport perdue")).to_be_visible()
    check(page, "réponse")
    answer.get_by_role("button", name="Oui").click()
    expect(answer.get_by_role("button", name="Oui")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label(QUESTION)).to_be_focused()
    ask(page, "je vais me suicider")
    expect(page.get_by_role("alert")).to_contain_text("3114")
    check(page, "danger")


def test_a_danger_said_first_leaves_where_to_write(visits: Visits, site: Site) -> None:
    page = visits.page(width=390, height=844)
    page.goto(f"{site.url}/noa/")
    ask(page, "je vais me suicider")
    expect(page.get_by_role("alert")).to_contain_text("3114")
    page.get_by_label("Votre adresse e-mail").fill("parent@courriel.example")
    save = page.get_by_role("button", name="Enregistrer")
    assert save.evaluate("e => e.scrollWidth <= e.clientWidth")  # its word is inside
    save.click()
    expect(page.get_by_text("la suite vous sera envoyée à parent@courriel.example")).to_be_visible()
    page.locator("summary", has_text="Joindre un document").click()
    check(page, "document")


def test_without_a_script(visits: Visits, site: Site) -> None:
    page = visits.page(javascript=False)
    page.goto(f"{site.url}/noa/")
    ask(page, LOST)
    expect(page.locator(".bulle", has_text="duplicata")).to_be_visible()
    page.get_by_role("button", name="Non").click()
    ask(page, "zzz qqq")
    expect(page.get_by_text("le dire autrement")).to_be_visible()


def test_beside_any_page_and_kept_from_one_to_the_next(visits: Visits, site: Site) -> None:
    page = visits.page()
    page.goto(site.url)
    page.get_by_role("button", name="Demander à Noa").click()
    frame = page.frame_locator("iframe.noa-volet")
    frame.get_by_label(QUESTION).fill(LOST)
    frame.get_by_role("button", name="Envoyer", exact=True).click()
    expect(frame.locator(".bulle", has_text="duplicata")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("iframe.noa-volet")).to_be_hidden()
    page.goto(f"{site.url}/aides/")
    page.get_by_role("button", name="Demander à Noa").click()
    expect(page.frame_locator("iframe.noa-volet").locator(".bulle", has_text="duplicata")).to_be_visible()


def test_an_agent_takes_over_in_the_same_window(visits: Visits, site: Site) -> None:
    if date.today() in holidays.country_holidays("FR"):
        pytest.skip("the desk is closed on public holidays")
    desk = visits.page()
    enter(desk, site, "chef@agents.example")
    citizen = visits.page(width=390, height=844)
    citizen.goto(f"{site.url}/noa/")
    ask(citizen, LOST)
    expect(citizen.locator(".bulle", has_text="duplicata")).to_be_visible()
    citizen.get_by_role("button", name=re.compile("Parler à une personne")).click()
    expect(citizen.get_by_text("Une personne va vous répondre ici")).to_be_visible()
    check(citizen, "en attente")
    desk.goto(f"{site.url}/bureau/conversations/")
    check(desk, "file")
    desk.get_by_role("button", name=re.compile("^Prendre : j'ai perdu")).click()
    expect(desk.get_by_text("duplicata").first).to_be_visible()  # the transcript came with it
    desk.get_by_label("Votre message").fill("Bonjour, je regarde votre dossier.")
    desk.get_by_role("button", name="Envoyer").click()
    expect(citizen.get_by_text("Bonjour, je regarde votre dossier.")).to_be_visible()
    ask(citizen, "Merci, c'est pour demain")
    expect(desk.get_by_text("Merci, c'est pour demain")).to_be_visible()
    check(desk, "conversation")
    desk.get_by_role("button", name="Terminer").click()
    expect(citizen.get_by_role("link", name="Nouvelle question")).to_be_visible()
