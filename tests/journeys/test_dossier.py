"""A student files a mobility aid on her telephone, is asked for a document, sends a photograph, receives the decision
and three payments; her file is appraised in the desk meanwhile, by two agents."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from guichet.demo.procedures import examples
from tests.journeys.conftest import Visits
from tests.journeys.looking import check, go
from tests.journeys.seed import PASSWORD, STUDENT
from tests.journeys.site import Site
from tests.journeys.test_agent import enter

pytestmark = pytest.mark.browser
ANSWERS = {**examples()["mobilite-internationale"], "prenom": "Léa", "nom": "Marchand"}
PHOTOS = ("Convention de stage signée", "Carte européenne d'assurance maladie", "Pièce d'identité")


def sign_in(page: Page, site: Site, address: str = STUDENT) -> None:
    page.goto(f"{site.url}/mes-demarches/")
    page.get_by_label("Adresse e-mail").fill(address)
    page.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
    go(page, page.get_by_role("button", name="Se connecter"))


def photograph(path: Path, shade: int) -> Path:
    noise = np.random.default_rng(shade).integers(-40, 40, (1800, 1300)) + shade
    written = io.BytesIO()
    Image.fromarray(np.clip(noise, 0, 255).astype(np.uint8), "L").convert("RGB").save(written, "JPEG")
    path.write_bytes(written.getvalue())
    return path


def fill_page(page: Page, answers: dict[str, Any] = ANSWERS) -> None:
    """Every question of the page that is shown, with the answers of the example; what is proved is not typed."""
    for field in page.locator("form[data-brouillon] :is(input, textarea)[name]").all():
        name, kind = field.get_attribute("name") or "", field.get_attribute("type") or ""
        if name in answers and kind in {"radio", "checkbox"}:
            if field.get_attribute("value") == answers[name]:
                field.check()
        elif name in answers and field.is_editable():
            field.fill(str(answers[name]))


def send(page: Page, label: str, path: Path) -> None:
    piece = page.locator("li.piece", has_text=label)
    if not piece.locator("input[type=file]").is_visible():
        piece.locator("summary").click()
    piece.locator("input[type=file]").set_input_files(path)
    go(page, piece.get_by_role("button", name="Envoyer"))


def test_from_the_first_page_to_the_last_third(visits: Visits, site: Site, tmp_path: Path) -> None:
    student = visits.page(width=390, height=844)
    sign_in(student, site)
    check(student, "tableau de bord vide")
    go(student, student.get_by_role("main").get_by_role("link", name="Faire une demande", exact=True))
    go(student, student.get_by_role("link", name="Aide à la mobilité internationale"))
    check(student, "démarche")
    go(student, student.get_by_role("button", name="Commencer"))
    for turn in range(12):
        if "/documents/" in student.url:
            break
        fill_page(student)
        if turn == 0:
            check(student, "formulaire")
        go(student, student.get_by_role("button", name="Enregistrer et continuer"))
    check(student, "documents du brouillon")
    for number, label in enumerate(PHOTOS):
        send(student, label, photograph(tmp_path / f"photo{number}.jpg", 110 + number * 10))
    go(student, student.get_by_role("link", name="Continuer"))
    check(student, "récapitulatif")
    go(student, student.get_by_role("button", name="Déposer mon dossier"))
    expect(student.get_by_role("heading", name="Votre dossier est déposé")).to_be_visible()
    check(student, "dossier déposé")
    go(student, student.get_by_role("link", name="Suivre mon dossier"))
    number = re.search(r"/dossier/(\d+)/", student.url)
    assert number
    at_desk = f"{site.url}/bureau/dossiers/{number[1]}/"

    officer, second = visits.page(), visits.page()
    enter(officer, site, "leo@agents.example")
    enter(second, site, "maud@agents.example")
    officer.goto(f"{site.url}/bureau/dossiers/")
    check(officer, "dossiers à instruire")
    officer.goto(at_desk)
    go(officer, officer.get_by_role("button", name="Demande recevable"))
    for label in PHOTOS:
        go(officer, officer.locator("#t-docs ~ ul").get_by_role("link", name=label))
        if label == PHOTOS[1]:
            officer.get_by_label("S'il ne convient pas").fill("La photo est floue : le numéro ne se lit pas.")
            go(officer, officer.get_by_role("button", name="À renvoyer"))
        else:
            go(officer, officer.get_by_role("button", name="Accepter"))
    check(officer, "dossier à compléter")
    go(officer, officer.get_by_role("button", name="Envoyer la demande"))

    student.goto(f"{site.url}/mes-demarches/")
    expect(student.get_by_text("Étape 3/7")).to_be_visible()
    check(student, "tableau de bord, un document à envoyer")
    go(student, student.locator(".afaire").get_by_role("link", name="Envoyer"))
    check(student, "dossier, un document refusé")
    send(student, PHOTOS[1], photograph(tmp_path / "nette.jpg", 170))
    send(student, "Relevé d'identité bancaire", photograph(tmp_path / "rib.jpg", 150))

    officer.goto(at_desk)
    for label in (PHOTOS[1], "Relevé d'identité bancaire"):
        go(officer, officer.locator("#t-docs ~ ul").get_by_role("link", name=label))
        go(officer, officer.get_by_role("button", name="Accepter"))
    go(officer, officer.get_by_role("button", name="Pièces examinées, instruire"))
    student.goto(f"{site.url}/mes-demarches/")
    expect(student.get_by_text("Étape 4/7")).to_be_visible()

    officer.get_by_label("Montant, s'il n'est pas celui du calcul").fill("400")
    officer.get_by_label("Pourquoi un autre montant").fill("Séjour ramené à la durée de la convention.")
    go(officer, officer.get_by_role("button", name="Proposer", exact=True))
    second.goto(at_desk)
    check(second, "avis à confirmer")
    go(second, second.get_by_role("button", name="Confirmer l'avis"))
    student.goto(f"{site.url}/mes-demarches/dossier/{number[1]}/")
    expect(student.get_by_text("favorable")).to_have_count(0)  # never told before the vote

    officer.goto(f"{site.url}/bureau/dossiers/seances/")
    officer.get_by_label("Date de la séance").fill(officer.evaluate("new Date().toLocaleDateString('sv')"))
    go(officer, officer.get_by_role("button", name="Créer la séance"))
    go(officer, officer.get_by_role("button", name="Inscrire les dossiers cochés"))
    check(officer, "ordre du jour")
    go(officer, officer.get_by_role("button", name="Arrêter la liste"))
    go(officer, officer.get_by_role("button", name=re.compile("^Accorder les")))
    officer.get_by_label("Délibération n°").fill("2026.12")
    go(officer, officer.get_by_role("button", name="Séance tenue : décider et notifier"))
    officer.goto(f"{site.url}/bureau/dossiers/versements/")
    check(officer, "versements")
    go(officer, officer.get_by_role("button", name="Préparer l'ordre de paiement"))
    second.goto(officer.url)
    go(second, second.get_by_role("button", name=re.compile("^Valider")))
    check(second, "ordre de paiement")

    student.reload()
    for amount, times in (("133,33", 2), ("133,34", 1)):
        expect(student.locator("#versements").get_by_text(amount)).to_have_count(times)
    check(student, "dossier accordé")
    with student.expect_download() as letter:
        student.get_by_role("link", name="Lire la décision").click()
    assert Path(letter.value.path()).read_bytes().startswith(b"%PDF")
    officer.goto(at_desk)
    expect(officer.get_by_text(re.compile("Notifiée le .*, lue le"))).to_be_visible()
    check(officer, "dossier décidé")
    go(student, student.get_by_role("link", name="Comment ce montant est calculé"))
    check(student, "calcul du montant")


def test_without_javascript_and_by_keyboard(visits: Visits, site: Site) -> None:
    page = visits.page(javascript=False)
    page.goto(f"{site.url}/mes-demarches/demarches/mobilite-internationale/puis-je/")
    page.get_by_label("Date de naissance").fill("1980-01-01")
    page.keyboard.press("Enter")
    expect(page.get_by_text("L'aide s'arrête à 30 ans révolus.")).to_be_visible()
    expect(page.get_by_role("link", name="Déposer un dossier malgré tout")).to_be_visible()
