"""An administrator opens a team, closes it a day, gives it a topic and an agent, who signs in."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visits
from tests.journeys.looking import check, go
from tests.journeys.site import Site
from tests.journeys.test_agent import enter

pytestmark = pytest.mark.browser


def open_list(page: Page, site: Site, name: str) -> None:
    page.goto(f"{site.url}/bureau/reglages/")
    go(page, page.get_by_role("main").get_by_role("link", name=re.compile(f"^{name}")))


def saved(page: Page) -> None:
    go(page, page.get_by_role("button", name="Enregistrer"))
    expect(page.get_by_text("C'est enregistré.")).to_be_visible()


def test_a_team_from_nothing_to_its_first_agent(visits: Visits, site: Site) -> None:
    page = visits.page()
    enter(page, site, "chef@agents.example")
    go(page, page.get_by_role("link", name="Réglages"))
    check(page, "réglages")

    open_list(page, site, "Équipes")
    check(page, "équipes")
    go(page, page.get_by_role("link", name="Nouvelle équipe"))
    page.locator("#id_name").fill("Cars 16")
    page.get_by_label("Lundi").fill("le matin")
    go(page, page.get_by_role("button", name="Enregistrer"))
    expect(page.get_by_text("ne se lit pas")).to_be_visible()
    check(page, "équipe refusée")
    page.locator("#id_code").fill("CAR-16")
    page.get_by_label("Lundi").fill("8h30-12h30, 13h30-18h")
    page.get_by_label("Rattachée à").select_option(label="Région")
    saved(page)
    expect(page.get_by_label("Lundi")).to_have_value("08:30-12:30, 13:30-18:00")
    expect(page.get_by_text("Équipe créée")).to_be_visible()
    check(page, "équipe")

    open_list(page, site, "Fermetures")
    check(page, "aucune fermeture")
    go(page, page.get_by_role("link", name="Nouvelle fermeture"))
    page.locator("#id_team").select_option(label="Cars 16")
    page.get_by_label("Premier jour").fill("2027-05-07")
    page.get_by_label("Dernier jour").fill("2027-05-07")
    page.get_by_label("Motif").fill("Pont")
    saved(page)

    open_list(page, site, "Sujets")
    go(page, page.get_by_role("link", name="Nouveau sujet"))
    page.locator("#id_label").fill("Cars de la Charente")
    page.locator("#id_code").fill("cars_charente")
    page.locator("#id_team").select_option(label="Cars 16")
    saved(page)
    check(page, "sujet")

    open_list(page, site, "Agents et droits")
    go(page, page.get_by_role("link", name="Nouvel agent"))
    page.get_by_label("Prénom").fill("Ana")
    page.locator("#id_last_name").fill("Duval")
    page.locator("#id_email").fill("ana@agents.example")
    page.locator("#id_team_0").select_option(label="Cars 16")
    go(page, page.get_by_role("button", name="Enregistrer"))
    check(page, "mot de passe provisoire")
    password = page.locator(".provisoire").inner_text()
    go(page, page.get_by_role("link", name="Continuer"))
    check(page, "agent")

    theirs = visits.page()
    theirs.goto(f"{site.url}/bureau/")
    theirs.get_by_label("Adresse e-mail").fill("ana@agents.example")
    theirs.get_by_label("Mot de passe").fill(password)
    go(theirs, theirs.get_by_role("button", name="Se connecter"))
    expect(theirs.get_by_text("Votre mot de passe est provisoire")).to_be_visible()
    check(theirs, "mot de passe à choisir")
    theirs.get_by_label("Ancien mot de passe").fill(password)
    theirs.get_by_label("Nouveau mot de passe", exact=True).fill("une phrase bien longue 42")
    theirs.get_by_label("Confirmation du nouveau mot de passe").fill("une phrase bien longue 42")
    go(theirs, theirs.get_by_role("button", name="Changer le mot de passe"))
    theirs.goto(f"{site.url}/bureau/")
    expect(theirs.get_by_role("link", name=re.compile("^Cars 16"))).to_be_visible()
    expect(theirs.get_by_role("link", name="Réglages")).to_have_count(0)
