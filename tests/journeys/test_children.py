"""A parent registers two children from one account; the same child twice is refused with the number of the first."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from guichet.demo.procedures import examples
from tests.journeys.conftest import Visits
from tests.journeys.looking import check, go
from tests.journeys.seed import PARENT
from tests.journeys.site import Site
from tests.journeys.test_dossier import fill_page, sign_in

pytestmark = pytest.mark.browser
HUGO = examples()["transport-scolaire"]


def first_page(page: Page, site: Site) -> None:
    """Of a new draft, or of the one that was begun."""
    page.goto(f"{site.url}/mes-demarches/demarches/transport-scolaire/")
    begun = page.get_by_role("link", name="Reprendre mon brouillon")
    go(page, begun if begun.count() else page.get_by_role("button", name="Commencer"))
    page.goto(re.sub(r"[^/]+/$", "responsable/", page.url))


def to_the_summary(page: Page, site: Site, first_name: str) -> None:
    first_page(page, site)
    for _ in range(12):
        if "/documents/" in page.url or "/recapitulatif/" in page.url:
            break
        fill_page(page, {**HUGO, "beneficiaire_prenom": first_name})
        go(page, page.get_by_role("button", name="Enregistrer et continuer"))
    if "/documents/" in page.url:
        go(page, page.get_by_role("link", name="Continuer"))


def test_a_parent_for_two_children(visits: Visits, site: Site) -> None:
    page = visits.page()
    sign_in(page, site, PARENT)
    for child in ("Hugo", "Manon"):
        to_the_summary(page, site, child)
        go(page, page.get_by_role("button", name="Déposer mon dossier"))
        expect(page.get_by_role("heading", name="Votre dossier est déposé")).to_be_visible()
    page.goto(f"{site.url}/mes-demarches/")
    for child in ("Hugo", "Manon"):
        expect(page.get_by_text(f"Pour {child} Lacoste", exact=True)).to_be_visible()
        expect(page.locator(".afaire").get_by_text(f"pour {child} Lacoste, demande N°")).to_be_visible()
    check(page, "tableau de bord, deux enfants")
    to_the_summary(page, site, "hugo")  # however it is typed
    go(page, page.get_by_role("button", name="Déposer mon dossier"))
    expect(page.get_by_role("alert")).to_contain_text("Vous avez déjà déposé un dossier pour cette démarche")
    page.goto(f"{site.url}/mes-demarches/")
    expect(page.locator(".demande").get_by_text("Pour ")).to_have_count(2)


def test_two_tabs_on_one_draft(visits: Visits, site: Site) -> None:
    one = visits.page()
    sign_in(one, site, PARENT)
    first_page(one, site)
    other = one.context.new_page()
    other.goto(one.url)
    one.get_by_label("Commune").fill("Saintes")
    go(one, one.get_by_role("button", name="Enregistrer et finir plus tard"))
    other.get_by_label("Commune").fill("Niort")
    go(other, other.get_by_role("button", name="Enregistrer et continuer"))
    expect(other.get_by_role("alert")).to_contain_text("a changé ailleurs")
    expect(other.get_by_label("Commune")).to_have_value("Saintes")
    expect(other.get_by_text("Niort", exact=True)).to_be_visible()
    check(other, "brouillon changé ailleurs")
    go(other, other.get_by_role("button", name="Enregistrer et finir plus tard"))


def test_the_end_of_a_session_in_mid_form_loses_nothing(visits: Visits, site: Site) -> None:
    page = visits.page()
    sign_in(page, site, PARENT)
    first_page(page, site)
    page.get_by_label("Commune").fill("Royan")
    page.context.clear_cookies(name="guichet_session")
    go(page, page.get_by_role("button", name="Enregistrer et continuer"))
    page.get_by_label("Adresse e-mail").fill(PARENT)
    page.get_by_label("Mot de passe", exact=True).fill("un mot de passe long")
    go(page, page.get_by_role("button", name="Se connecter"))
    expect(page.get_by_text("Votre session avait expiré")).to_be_visible()
    expect(page.get_by_label("Commune")).to_have_value("Royan")
    check(page, "brouillon retrouvé après la session")
