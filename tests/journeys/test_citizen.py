"""A citizen writes, is answered for the reception, follows, adds, closes, opens again; in a real browser."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import Frame, Page, expect
from pypdf import PdfReader

from tests.journeys.conftest import Visits
from tests.journeys.looking import check, go
from tests.journeys.site import Site, text_of

pytestmark = pytest.mark.browser

MESSAGE = "Bonjour,\nmon fils a perdu sa carte de car. <b>Merci</b>"


def fill(page: Page | Frame, *, address: str, subject: str = "Carte de car perdue") -> None:
    page.get_by_label("Sujet").select_option("transport_scolaire.carte")
    page.get_by_label("Objet").fill(subject)
    page.get_by_label("Votre message").fill(MESSAGE)
    page.get_by_role("radio", name="Particulier").check()
    page.get_by_label("Civilité").select_option("mme")
    page.get_by_label("Prénom").fill("Sandrine")
    page.get_by_label("Nom", exact=True).fill("Lacoste")
    page.get_by_label("Adresse e-mail").fill(address)
    page.get_by_role("textbox", name=re.compile("^Téléphone")).fill("06 39 98 41 27")
    page.get_by_label("Adresse postale").fill("8 chemin des Grives\n17320 Marennes")


def send(page: Page) -> None:
    page.wait_for_timeout(2100)  # nobody fills a form in less: faster is taken for a machine
    go(page, page.get_by_role("button", name="Envoyer mon message"))


def number_of(page: Page | Frame) -> str:
    return re.sub(r"\D", "", page.locator(".ticket__no").inner_text())


def open_follow_up(page: Page, site: Site, number: str, address: str) -> None:
    page.goto(f"{site.url}/suivi/")
    page.get_by_label("Numéro de demande").fill(number)
    page.get_by_label("Adresse e-mail").fill(address)
    go(page, page.get_by_role("button", name="Recevoir un code"))
    expect(page).to_have_url(f"{site.url}/suivi/code/")
    code = str(site.mail(address, "votre code de suivi")["Subject"])[:6]
    page.get_by_label("Code reçu").fill(code)
    go(page, page.get_by_role("button", name="Ouvrir ma demande"))
    expect(page).to_have_url(re.compile("/suivi/demande/"))


def path_of_the_citizen(page: Page, site: Site, photo: Path, *, address: str, look: bool) -> None:
    def see(state: str) -> None:
        if look:
            check(page, state)

    page.goto(site.url)
    see("accueil")
    go(page, page.get_by_role("link", name="Formulaire de contact"))
    see("formulaire")

    # An error first: nothing typed is lost, the file neither.
    fill(page, address="sandrine@")
    page.get_by_label("Pièces jointes").set_input_files(photo)
    send(page)
    expect(page.get_by_role("alert")).to_contain_text("Il reste quelque chose à corriger")
    expect(page).to_have_title(re.compile("^Erreur"))
    if look:
        expect(page.get_by_role("alert")).to_be_focused()
    see("formulaire avec erreur")
    expect(page.get_by_label("Votre message")).to_have_value(MESSAGE)
    expect(page.get_by_label("Objet")).to_have_value("Carte de car perdue")
    expect(page.get_by_label("Adresse postale")).to_have_value("8 chemin des Grives\n17320 Marennes")
    expect(page.get_by_label("Civilité")).to_have_value("mme")
    expect(page.get_by_text("Déjà ajoutés")).to_be_visible()
    page.get_by_role("link", name=re.compile("^Adresse e-mail")).click()
    expect(page.get_by_label("Adresse e-mail")).to_be_focused()
    page.get_by_label("Adresse e-mail").fill(address)
    send(page)

    # Received: number, PDF, mail.
    expect(page.get_by_role("heading", level=1)).to_have_text("Nous avons bien reçu votre message")
    see("confirmation")
    number = number_of(page)
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("Télécharger l’accusé")).click()
    receipt = PdfReader(io.BytesIO(Path(download.value.path()).read_bytes()))
    words = " ".join("\n".join(sheet.extract_text() for sheet in receipt.pages).split())
    spoken = f"{int(number):,}".replace(",", " ")
    for mention in (spoken, "Transports scolaires", "05 36 49 12 12", "attestation.pdf", "R. 112-11-1"):
        assert mention in words, (mention, words)
    mail = site.mail(address, "Transports scolaires")
    assert spoken in text_of(mail).replace("\u00a0", " ").replace("\u202f", " ")
    assert "05 36 49 12 12" in text_of(mail).replace("\u00a0", " ")

    # Followed with the number and the code.
    open_follow_up(page, site, number, address)
    see("demande suivie")
    expect(page.get_by_role("heading", level=1)).to_have_text("Carte de car perdue")
    expect(page.get_by_text("mon fils a perdu sa carte de car. <b>Merci</b>")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("attestation.pdf")).click()
    assert Path(download.value.path()).read_bytes() == photo.read_bytes()

    # Something forgotten, then an answer with a document.
    go(page, page.get_by_role("button", name="Envoyer"))
    see("message vide refusé")
    expect(page.get_by_role("alert")).to_contain_text("Écrivez un message")
    page.get_by_label("Votre message").fill("Je l'ai retrouvée dans son sac.")
    page.get_by_label("Pièces jointes").set_input_files(photo)
    go(page, page.get_by_role("button", name="Envoyer"))
    expect(page.get_by_role("status")).to_contain_text("Votre message est arrivé")
    see("message ajouté")
    expect(page.get_by_text("Je l'ai retrouvée dans son sac.")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("attestation.pdf"))).to_have_count(2)

    # Closed, then opened again.
    go(page, page.get_by_role("link", name="Je n’ai plus besoin de réponse"))
    see("terminer")
    go(page, page.get_by_role("button", name="Terminer ma demande"))
    expect(page.get_by_role("status")).to_contain_text("Votre demande est terminée")
    see("demande terminée")
    page.get_by_label("Que manque-t-il").fill("Finalement, la carte est cassée.")
    go(page, page.get_by_role("button", name="Rouvrir ma demande"))
    expect(page.get_by_role("status")).to_contain_text("rouverte")
    expect(page.get_by_text("Finalement, la carte est cassée.")).to_be_visible()

    # Left: this device opens nothing any more.
    go(page, page.get_by_role("button", name="Quitter le suivi"))
    page.goto(f"{site.url}/suivi/demande/")
    expect(page).to_have_url(f"{site.url}/suivi/")


def test_the_whole_path(visits: Visits, site: Site, photo: Path) -> None:
    path_of_the_citizen(visits.page(), site, photo, address="sandrine.lacoste@courriel.example", look=True)


def test_the_whole_path_without_javascript(visits: Visits, site: Site, photo: Path) -> None:
    page = visits.page(javascript=False)
    path_of_the_citizen(page, site, photo, address="sans.script@courriel.example", look=False)


def test_a_link_of_the_mail_opens_by_its_button_only(visits: Visits, site: Site) -> None:
    page, address = visits.page(), "lien@courriel.example"
    page.goto(f"{site.url}/contact/?sujet=transport_scolaire.carte")
    fill(page, address=address)
    send(page)
    number = number_of(page)
    page.goto(f"{site.url}/suivi/?numero={number}")
    expect(page.get_by_label("Numéro de demande")).to_have_value(number)
    check(page, "suivre")
    page.get_by_label("Adresse e-mail").fill(address)
    go(page, page.get_by_role("button", name="Recevoir un code"))
    check(page, "code de suivi")
    page.get_by_label("Code reçu").fill("12")
    go(page, page.get_by_role("button", name="Ouvrir ma demande"))
    check(page, "code de suivi refusé")
    found = re.search(r"http://\S+/suivi/lien/\S+", text_of(site.mail(address, "votre code de suivi")))
    assert found
    other = visits.page()
    for _ in range(2):  # a scanner reads it, then the person
        other.goto(found[0])
        check(other, "lien de suivi")
    go(other, other.get_by_role("button", name="Ouvrir ma demande"))
    expect(other.get_by_role("heading", level=1)).to_have_text("Carte de car perdue")


@pytest.mark.parametrize(
    "path", ["/accessibilite/", "/donnees-personnelles/", "/mentions-legales/", "/nulle-part/", "/contact/?kind=x"]
)
def test_pages_that_only_say_something(visits: Visits, site: Site, path: str) -> None:
    page = visits.page()
    page.goto(site.url + path)
    check(page, f"page {path.strip('/').split('/')[0]}")


def test_an_organisation_shows_its_fields(visits: Visits, site: Site) -> None:
    page = visits.page()
    page.goto(f"{site.url}/contact/")
    expect(page.get_by_label("Numéro SIRET")).to_be_hidden()
    page.get_by_role("radio", name="Entreprise").check()
    expect(page.get_by_label("Numéro SIRET")).to_be_visible()
    expect(page.get_by_label("Numéro RNA")).to_be_hidden()
    check(page, "formulaire entreprise")
    page.get_by_role("radio", name="Association").check()
    expect(page.get_by_label("Numéro RNA")).to_be_visible()
    check(page, "formulaire association")
