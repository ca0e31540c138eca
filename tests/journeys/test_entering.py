"""A form came on paper with its documents: an agent types it from the matter where it came, a colleague goes on, the
receipt leaves; it stands in the worklist of the service and in the account of the citizen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visits
from tests.journeys.looking import check, go
from tests.journeys.seed import STUDENT
from tests.journeys.site import Site, text_of
from tests.journeys.test_agent import enter
from tests.journeys.test_dossier import ANSWERS, sign_in

pytestmark = pytest.mark.browser


def brought(page: Page, site: Site, files: list[Path]) -> None:
    """Léa brings her file to the counter; the service of the aid has it."""
    page.goto(f"{site.url}/bureau/nouvelle-demande/")
    page.get_by_label("Prénom", exact=False).first.fill("Léa")
    page.get_by_label("Nom", exact=True).fill("Marchand")
    page.get_by_label("Adresse e-mail (facultatif)", exact=True).fill(STUDENT)
    page.get_by_label("Sujet").select_option(label="Aide au permis")
    page.get_by_label("Ce que la personne demande").fill("Dépose son dossier de mobilité rempli à la main.")
    page.get_by_label("Documents remis").set_input_files(files)
    go(page, page.get_by_role("button", name="Ouvrir la demande"))


def type_page(page: Page, *, leave_out: str = "") -> None:
    for field in page.locator("form.saisie-page :is(input, textarea)[name]").all():
        name, kind = field.get_attribute("name") or "", field.get_attribute("type") or ""
        if name not in ANSWERS or name == leave_out:
            continue
        if kind in {"radio", "checkbox"}:
            if field.get_attribute("value") == ANSWERS[name]:
                field.check()
        else:
            field.fill(str(ANSWERS[name]))


def on(page: Page) -> None:
    go(page, page.get_by_role("button", name="Enregistrer et continuer"))


def test_from_the_letter_to_the_receipt(visits: Visits, site: Site, photo: Path) -> None:
    leo = visits.page()
    enter(leo, site, "leo@agents.example")
    brought(leo, site, [photo])
    go(leo, leo.get_by_role("link", name="Saisir un dossier pour cette personne"))
    check(leo, "saisie, arrivée")
    expect(leo.get_by_label("Son nom", exact=True)).to_be_hidden()
    leo.get_by_label("Par courrier").check()
    leo.get_by_label("Cachet de la poste").fill("2099-01-01")
    go(leo, leo.get_by_role("button", name="Commencer la saisie"))
    expect(leo.get_by_role("alert").first).to_contain_text("Rien n'est perdu")
    check(leo, "saisie, arrivée refusée")
    leo.get_by_label("Démarche").select_option(label="Aide à la mobilité internationale")
    leo.get_by_label("Cachet de la poste").fill(leo.get_by_label("Reçue le").input_value())
    go(leo, leo.get_by_role("button", name="Commencer la saisie"))
    check(leo, "saisie, première page")
    type_page(leo, leave_out="date_naissance")
    on(leo)
    expect(leo.get_by_role("alert")).to_contain_text("Répondez à cette question")
    expect(leo.get_by_role("alert")).to_be_focused()
    check(leo, "saisie, page refusée")
    go(leo, leo.get_by_role("button", name="Enregistrer et finir plus tard"))
    check(leo, "saisies en cours")

    # A colleague of the service goes on with it.
    maud = visits.page()
    enter(maud, site, "maud@agents.example")
    maud.goto(f"{site.url}/bureau/dossiers/")
    check(maud, "dossiers à instruire, une saisie en cours")
    go(maud, maud.get_by_role("link", name="La reprendre"))
    go(maud, maud.get_by_role("link", name=re.compile("Aide à la mobilité internationale")))
    for _ in range(12):
        if "/documents/" in maud.url:
            break
        type_page(maud)
        on(maud)
    piece = maud.locator("section.piece", has_text="Convention de stage signée")
    piece.get_by_label("Document du courrier").select_option(label="attestation.pdf")
    go(maud, piece.get_by_role("button", name="Le joindre"))
    expect(piece.get_by_text("Joint", exact=True)).to_be_visible()
    check(maud, "saisie, documents")
    go(maud, maud.get_by_role("link", name="Continuer"))
    expect(maud.get_by_text(f"L'accusé de réception partira à {STUDENT}.")).to_be_visible()
    check(maud, "saisie, vérification")
    go(maud, maud.get_by_role("button", name="Déposer le dossier"))
    check(maud, "saisie déposée")
    found = re.search(r"/dossiers/(\d+)/depose/", maud.url)
    assert found
    assert "L. 112-3" in text_of(site.mail(STUDENT, "Accusé de réception – demande"))
    maud.goto(f"{site.url}/bureau/dossiers/")
    go(maud, maud.locator(f'a[href="/bureau/dossiers/{found[1]}/"]'))
    expect(maud.get_by_text(re.compile("courrier, cachet du .*, saisi par Léo Roux"))).to_be_visible()

    lea = visits.page(width=390, height=844)
    sign_in(lea, site)
    expect(lea.get_by_text("Étape 2/7")).to_be_visible()
    go(lea, lea.get_by_role("link", name="Aide à la mobilité internationale", exact=True))
    expect(lea.get_by_text(re.compile("arrivée par courrier"))).to_be_visible()
    check(lea, "dossier saisi par un agent")


def test_by_keyboard_without_javascript_for_who_has_no_address(visits: Visits, site: Site) -> None:
    """Told at the counter by somebody's father; the receipt is a letter to print."""
    page = visits.page(javascript=False)
    enter(page, site, "leo@agents.example")
    page.goto(f"{site.url}/bureau/nouvelle-demande/")
    page.get_by_label("Prénom", exact=False).first.fill("Tom")
    page.get_by_label("Nom", exact=True).fill("Barbier")
    page.get_by_label("Adresse postale").fill("4 rue du Port\n17000 La Rochelle")
    page.get_by_label("Sujet").select_option(label="Aide au permis")
    page.get_by_label("Ce que la personne demande").fill("Son père dépose le dossier.")
    go(page, page.get_by_role("button", name="Ouvrir la demande"))
    go(page, page.get_by_role("link", name="Tom Barbier", exact=True))
    go(page, page.get_by_role("link", name="Saisir un dossier", exact=True))
    page.get_by_label("Démarche").select_option(label="Aide à la mobilité internationale")
    page.get_by_label("À l'accueil").check()
    page.get_by_label("Reçue le").fill(page.evaluate("new Date().toLocaleDateString('sv')"))
    page.get_by_label("Son représentant légal").focus()
    page.keyboard.press("Space")
    page.get_by_label("Son nom", exact=True).fill("Barbier")
    page.get_by_label("Preuve ou accord").fill("Livret de famille vu")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    for _ in range(12):
        if "/documents/" in page.url:
            break
        type_page(page)
        on(page)
    go(page, page.get_by_role("link", name="Continuer"))
    page.get_by_role("button", name="Déposer le dossier").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("À imprimer et à poster à .*4 rue du Port"))).to_be_visible()
    letter = page.get_by_role("link", name="Imprimer l'accusé de réception (PDF)").get_attribute("href")
    answer = page.request.get(f"{site.url}{letter}")
    assert answer.ok and answer.body().startswith(b"%PDF")
    page.goto(f"{site.url}/bureau/dossiers/")
    expect(page.get_by_role("cell", name="Tom Barbier")).to_be_visible()
