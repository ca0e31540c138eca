"""An agent enters with two steps, reads, answers, takes it back, answers again, notes, transfers, closes."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from django_otp.oath import totp
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visits
from tests.journeys.looking import check, go
from tests.journeys.site import Site, text_of
from tests.journeys.test_citizen import fill, number_of, open_follow_up, send

pytestmark = pytest.mark.browser

PASSWORD = "un mot de passe long"
ADDRESS = "sandrine.lacoste@courriel.example"


def enter(page: Page, site: Site, who: str = "nadia@agents.example") -> None:
    page.goto(f"{site.url}/bureau/")
    page.get_by_label("Adresse e-mail").fill(who)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    go(page, page.get_by_role("button", name="Se connecter"))


def code_of(secret: str, *, steps_ahead: int = 0) -> str:
    import base64

    key = base64.b32decode(secret.replace(" ", ""))
    return f"{totp(key, t0=-30 * steps_ahead):06d}"


@pytest.fixture
def number(visits: Visits, site: Site, photo: Path) -> str:
    page = visits.page()
    page.goto(f"{site.url}/contact/")
    fill(page, address=ADDRESS)
    page.get_by_label("Pièces jointes").set_input_files(photo)
    send(page)
    return number_of(page)


def test_the_second_factor(visits: Visits, site: Site) -> None:
    page = visits.page()
    page.goto(f"{site.url}/bureau/")
    check(page, "connexion")
    page.get_by_label("Adresse e-mail").fill("leo@agents.example")
    page.get_by_label("Mot de passe").fill("faux")
    go(page, page.get_by_role("button", name="Se connecter"))
    check(page, "connexion refusée")
    enter(page, site, "leo@agents.example")
    page.locator(".menu--compte summary").click()
    go(page, page.get_by_role("link", name="Mon compte"))
    check(page, "compte")
    go(page, page.get_by_role("link", name=re.compile("[Aa]ctiver")))
    check(page, "second facteur")
    secret = page.get_by_text("Sans appareil photo").locator("b").inner_text()
    page.get_by_label("Code").fill("000000")
    go(page, page.get_by_role("button", name="Activer"))
    check(page, "second facteur refusé")
    eventual = page.get_by_role("heading", name="La vérification en deux étapes est activée")
    page.get_by_label("Code").fill(code_of(secret))
    go(page, page.get_by_role("button", name="Activer"))
    expect(eventual).to_be_visible()
    check(page, "codes de secours")
    spare = page.locator("ul.panneau b").first.inner_text()
    page.locator(".menu--compte summary").click()
    go(page, page.get_by_role("button", name="Se déconnecter"))

    enter(page, site, "leo@agents.example")
    expect(page.get_by_role("heading", name="Vérification en deux étapes")).to_be_visible()
    check(page, "code du second facteur")
    page.goto(f"{site.url}/bureau/")  # the password alone opens nothing
    expect(page).to_have_url(re.compile("/bureau/connexion/"))
    page.goto(f"{site.url}/bureau/connexion/code/")
    page.get_by_label("Code").fill(spare)
    go(page, page.get_by_role("button", name="Continuer"))
    expect(page).to_have_url(re.compile(r"/bureau/(\?.*)?$"))


def test_a_case_from_reading_to_closing(visits: Visits, site: Site, number: str) -> None:
    page = visits.page()
    enter(page, site)
    check(page, "boîte")
    go(page, page.get_by_role("link", name=re.compile("Transports 17")))
    go(page, page.get_by_role("link", name=re.compile("Sandrine Lacoste")).first)
    expect(page.get_by_role("heading", level=1)).to_have_text("Carte de car perdue")
    expect(page.get_by_text("<b>Merci</b>")).to_be_visible()
    check(page, "demande au bureau")
    page.get_by_role("link", name=re.compile("attestation.pdf")).click()
    shown = page.get_by_role("dialog", name="Pièce jointe")
    expect(shown.get_by_role("heading", name=re.compile("attestation.pdf"))).to_be_focused()
    with page.expect_download():
        shown.get_by_role("link", name="Télécharger").click()
    shown.get_by_role("button", name="Fermer").click()  # Escape is the PDF viewer's, once it has the focus
    expect(page.get_by_role("link", name=re.compile("attestation.pdf"))).to_be_focused()

    # Answered too fast, taken back, answered again.
    page.get_by_label("Votre réponse").fill("Bonjour Madame, votre crate.")
    go(page, page.get_by_role("button", name="Envoyer", exact=True))
    check(page, "réponse à l'instant")
    go(page, page.get_by_role("button", name="Annuler l'envoi").first)
    expect(page.get_by_label("Votre réponse")).to_have_value("Bonjour Madame, votre crate.")
    check(page, "envoi annulé")
    page.get_by_label("Votre réponse").fill("Bonjour Madame, votre carte est refaite.")
    go(page, page.get_by_role("button", name="Envoyer", exact=True))
    expect(page.get_by_text("Votre réponse est prête.")).to_be_visible()
    sent = time.monotonic()

    # A note of the house.
    page.locator("label", has=page.locator("#onglet-note")).click()
    page.get_by_label("Note interne").fill("Carte refaite par le prestataire.")
    go(page, page.get_by_role("button", name="Enregistrer la note"))
    expect(page.get_by_role("status").first).to_contain_text("La note est enregistrée")
    check(page, "note enregistrée")

    # It leaves after the fifteen seconds, once, and only the second text.
    left = site.mail(ADDRESS, "votre carte est refaite")
    assert time.monotonic() - sent > 5
    assert "crate" not in "".join(text_of(mail) for mail in site.mails())
    assert "prestataire" not in "".join(text_of(mail) for mail in site.mails())
    assert "Nadia Belkacem" in text_of(left)  # CRPA L111-2

    citizen = visits.page()
    open_follow_up(citizen, site, number, ADDRESS)
    expect(citizen.get_by_text("votre carte est refaite")).to_be_visible()
    assert "crate" not in citizen.content()
    assert "prestataire" not in citizen.content()
    check(citizen, "demande répondue")

    # A search, a refusal that loses nothing, then the transfer with its reason.
    page.get_by_role("searchbox", name=re.compile("^Chercher un usager")).fill("lacoste")
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("Enter")
    check(page, "recherche")
    page.goto(f"{site.url}/bureau/demandes/{number}/")
    page.get_by_label("Votre réponse").fill("Vous trouverez ci-joint la carte.")
    go(page, page.get_by_role("button", name="Envoyer", exact=True))
    check(page, "pièce jointe oubliée")
    expect(page.get_by_label("Votre réponse")).to_have_value("Vous trouverez ci-joint la carte.")
    page.get_by_text("Transférer", exact=True).first.click()
    check(page, "transférer")
    page.get_by_label("Équipe").select_option(label="Aides aux jeunes")
    go(page, page.get_by_role("button", name="Transférer", exact=True))
    check(page, "transfert sans raison")
    page.get_by_label("Pourquoi").fill("Aide au permis")
    page.get_by_label("Équipe").select_option(label="Aides aux jeunes")
    go(page, page.get_by_role("button", name="Transférer", exact=True))
    expect(page.get_by_role("status").first).to_contain_text("transférée")
    page.goto(f"{site.url}/bureau/demandes/{number}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Rien à cette adresse")
    check(page, "demande d'une autre équipe")

    # The chief closes it where it is.
    chief = visits.page()
    enter(chief, site, "chef@agents.example")
    chief.goto(f"{site.url}/bureau/demandes/{number}/")
    chief.get_by_label("Autres actions").click()
    check(chief, "autres actions")
    chief.get_by_text("Clôturer", exact=True).first.click()
    go(chief, chief.get_by_role("button", name="Clôturer", exact=True))
    expect(chief.get_by_role("status").first).to_contain_text("clôturée")
    check(chief, "demande close au bureau")
    for path in ("quarantaine/", "envois/", "courriels-sortants/"):
        chief.goto(f"{site.url}/bureau/{path}")
        check(chief, path.strip("/"))
    go(chief, chief.get_by_role("row").nth(1).get_by_role("link"))
    check(chief, "courriel sortant")

    citizen.reload()
    expect(citizen.get_by_role("heading", name="Il manque quelque chose ?")).to_be_visible()
