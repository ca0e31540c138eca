"""A visit is written down; its documents are looked at; cases are parted, put together, and set apart again."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visits
from tests.journeys.looking import check, go
from tests.journeys.site import Site
from tests.journeys.test_agent import enter

pytestmark = pytest.mark.browser


def visit(page: Page, site: Site, text: str, *, files: list[Path] | None = None) -> str:
    """Open a case for who came; returns its number as it is dictated."""
    page.goto(f"{site.url}/bureau/nouvelle-demande/")
    page.get_by_label("Prénom", exact=False).first.fill("Karim")
    page.get_by_label("Nom", exact=True).fill("Benali")
    page.get_by_label("Téléphone (facultatif)", exact=True).fill("06 39 98 12 34")
    page.get_by_label("Sujet").select_option(label="Carte de transport")
    page.get_by_label("Département").select_option("17")
    page.get_by_label("Ce que la personne demande").fill(text)
    if files:
        page.get_by_label("Documents remis").set_input_files(files)
    go(page, page.get_by_role("button", name="Ouvrir la demande"))
    found = re.search(r"La demande N° ([\d\s]+\d) est ouverte", page.locator("body").inner_text())
    assert found, page.locator("body").inner_text()[:500]
    return found[1]


def digits(number: str) -> str:
    return re.sub(r"\D", "", number)


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    path = tmp_path / "mot.txt"
    path.write_text("Carte perdue dans le car de la ligne 12.")
    return path


def test_a_visit_for_somebody_else(visits: Visits, site: Site, photo: Path, text_file: Path) -> None:
    page = visits.page()
    enter(page, site)
    page.keyboard.press("Control+k")
    page.keyboard.insert_text("> nouvelle")
    expect(page.get_by_role("option", name="Nouvelle demande")).to_have_attribute("aria-selected", "true")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    check(page, "nouvelle demande")
    # What is not needed is not there, until it is.
    expect(page.get_by_label("Son nom", exact=True)).to_be_hidden()
    page.get_by_label("Quelqu'un d'autre est venu").check()
    expect(page.get_by_label("Son nom", exact=True)).to_be_visible()
    page.get_by_label("Son nom", exact=True).fill("Roy")
    page.get_by_label("Ce que la personne demande").fill("Son fils a perdu sa carte de car.")
    go(page, page.get_by_role("button", name="Ouvrir la demande"))
    expect(page.get_by_role("alert").first).to_contain_text("Rien n'est perdu")
    expect(page.get_by_label("Ce que la personne demande")).to_have_value("Son fils a perdu sa carte de car.")
    check(page, "nouvelle demande refusée")
    page.get_by_label("Nom", exact=True).fill("Lacoste")
    page.get_by_label("Preuve du mandat").fill("Livret de famille vu")
    page.get_by_label("Sujet").select_option(label="Carte de transport")
    page.get_by_label("Département").select_option("17")
    page.get_by_label("Documents remis").set_input_files([photo, text_file])
    go(page, page.get_by_role("button", name="Ouvrir la demande"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Son fils a perdu sa carte de car.")
    expect(page.get_by_text("Attribuée à vous")).to_be_visible()

    # Its documents, one after the other, without leaving the case.
    page.get_by_role("link", name=re.compile("attestation.pdf")).click()
    window = page.get_by_role("dialog", name="Pièce jointe")
    expect(window.get_by_text("document 1 sur 2")).to_be_visible()
    window.get_by_role("link", name=re.compile("Suivant")).click()
    expect(window.get_by_text("Carte perdue dans le car de la ligne 12.")).to_be_visible()
    check(page, "pièce jointe dans sa fenêtre")
    page.keyboard.press("Escape")
    expect(window).to_be_hidden()
    go(page, page.get_by_role("link", name="Lacoste", exact=True))
    expect(page.get_by_text("Livret de famille vu")).to_be_visible()

    # Everything that happened, and the whole of it to take away.
    page.go_back()
    page.get_by_label("Autres actions").click()
    go(page, page.get_by_role("link", name="Tout l'historique, exporter"))
    expect(page.get_by_role("cell", name="Demande enregistrée").first).to_be_visible()
    check(page, "historique entier")
    with page.expect_download() as waited:
        page.get_by_role("button", name="Exporter la demande").click()
    with zipfile.ZipFile(waited.value.path()) as folder:
        assert {"historique.csv", "pieces/attestation.pdf", "pieces/mot.txt"} <= set(folder.namelist())


def test_without_script_a_document_has_its_page(visits: Visits, site: Site, text_file: Path) -> None:
    page = visits.page(javascript=False)
    enter(page, site)
    visit(page, site, "Il apporte un mot.", files=[text_file])
    go(page, page.get_by_role("link", name=re.compile("mot.txt")))
    expect(page.get_by_text("Carte perdue dans le car de la ligne 12.")).to_be_visible()
    go(page, page.get_by_role("link", name=re.compile("Demande N°")))
    expect(page.get_by_role("heading", level=1)).to_have_text("Il apporte un mot.")

    # And so has the form of an act, which a script would have put in the menu.
    page.get_by_label("Autres actions").click()
    page.get_by_text("Ajouter une tâche", exact=True).click()
    go(page, page.get_by_role("link", name="Remplir sur une page : Ajouter une tâche"))
    page.get_by_label("À faire", exact=True).fill("Lire le mot")
    address = page.url
    go(page, page.get_by_role("button", name="Ajouter", exact=True))
    expect(page.get_by_text("À faire : Lire le mot")).to_be_visible()
    looked = visits.page()
    enter(looked, site)
    looked.goto(address)
    check(looked, "action sur sa page")


def test_parted_then_joined_then_set_apart(visits: Visits, site: Site) -> None:
    page = visits.page()
    enter(page, site)
    first = visit(page, site, "La carte est perdue, et il demande aussi le remboursement de mars.")

    # One message, two matters.
    page.get_by_text("Ouvrir une autre demande à partir de ce message").click()
    page.get_by_label("Objet de la nouvelle demande").fill("Remboursement de mars")
    go(page, page.get_by_role("button", name="Ouvrir la demande"))
    expect(page.get_by_text("issue du même message").first).to_be_visible()
    check(page, "demande séparée")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Remboursement de mars")
    second = page.locator(".cas__meta b").inner_text()

    # After all they are one: looked at, joined, and set apart again with one click.
    page.get_by_label("Autres actions").click()
    page.get_by_text("Réunir", exact=True).click()
    page.locator("#reunir-other").fill(digits(first))
    go(page, page.get_by_role("button", name="Voir avant de réunir"))
    check(page, "réunion à confirmer")
    go(page, page.get_by_role("button", name="Réunir les deux demandes"))
    expect(page.get_by_role("heading", name="Demandes réunies à celle-ci")).to_be_visible()
    check(page, "demandes réunies")
    page.goto(f"{site.url}/bureau/demandes/{digits(first)}/")
    expect(page.get_by_text("Cette demande est réunie à la demande")).to_be_visible()
    page.goto(f"{site.url}/bureau/demandes/{digits(second)}/")
    go(page, page.get_by_role("button", name=re.compile("Annuler la réunion")))
    expect(page.get_by_role("heading", name="Demandes réunies à celle-ci")).to_have_count(0)
    page.goto(f"{site.url}/bureau/demandes/{digits(first)}/")
    expect(page.get_by_text("Cette demande est réunie à la demande")).to_have_count(0)
    expect(page.locator(".cas__meta .etat").first).not_to_contain_text("Réunie")


def test_a_task_holds_the_closing_back(visits: Visits, site: Site) -> None:
    page = visits.page()
    enter(page, site)
    visit(page, site, "Il attend un appel du transporteur.")
    page.get_by_label("Autres actions").click()
    page.get_by_text("Ajouter une tâche", exact=True).click()
    page.get_by_label("À faire", exact=True).fill("Appeler le transporteur")
    go(page, page.get_by_role("button", name="Ajouter", exact=True))
    expect(page.get_by_text("À faire : Appeler le transporteur")).to_be_visible()
    page.keyboard.press("e")
    expect(page.get_by_label("Résultat", exact=True)).to_be_focused()
    go(page, page.locator("#acte-clore").get_by_role("button", name="Clôturer"))
    expect(page.get_by_text("Une tâche reste à faire")).to_be_visible()
    check(page, "clôture retenue")
    page.get_by_label("Clôturer malgré ce qui reste à faire").check()
    go(page, page.locator("#acte-clore").get_by_role("button", name="Clôturer"))
    expect(page.locator(".cas__meta .etat").first).to_contain_text("Clôturée")
