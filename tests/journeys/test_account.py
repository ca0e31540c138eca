"""Citizens open an account, enter, protect and leave it; FranceConnect and ProConnect, in and out; a real browser, real
providers of identity beside."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from guichet.hosting.home import CHECKOUT
from tests.citizens.test_second_factor import code as code_of
from tests.journeys.conftest import Visits
from tests.journeys.looking import check, go
from tests.journeys.site import Site, address_of, database, eventually, free_port, running, text_of
from tests.journeys.test_dossier import fill_page

pytestmark = pytest.mark.browser
PASSWORD = "une longue phrase à retenir"
PROVIDERS = {"franceconnect": "ES256", "proconnect": "RS256"}


@pytest.fixture(scope="module")
def site(region_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """With both providers, each a process of its own."""
    with database(like=region_database) as name, contextlib.ExitStack() as stack:
        place = Site(tmp_path_factory.mktemp("guichet"), address_of(name))
        for kind, algorithm in PROVIDERS.items():
            issuer = stack.enter_context(_provider(kind, algorithm, place.url))
            place.more |= {
                f"GUICHET_{kind.upper()}_ISSUER": issuer, f"GUICHET_{kind.upper()}_CLIENT_ID": "guichet-test",
                f"GUICHET_{kind.upper()}_CLIENT_SECRET": "a-secret-of-tests",
            }  # fmt: skip
        stack.enter_context(running(place))
        yield place


@contextlib.contextmanager
def _provider(kind: str, algorithm: str, site: str) -> Iterator[str]:
    port = free_port()
    words = [sys.executable, "-m", "tests.oidc_provider", str(port), kind, algorithm, site]
    process = subprocess.Popen(words, cwd=CHECKOUT)
    issuer = f"http://127.0.0.1:{port}/api/v2"

    def answers() -> bool | None:
        try:
            with urllib.request.urlopen(f"{issuer}/jwks", timeout=2):
                return True
        except OSError:
            return None

    try:
        eventually(answers, f"the provider {kind}")
        yield issuer
    finally:
        process.terminate()
        process.wait(20)


def link_in(site: Site, address: str, words: str) -> str:
    found = re.search(r"http://\S+/mon-compte/lien/\S+", text_of(site.mail(address, words)))
    assert found
    return found[0]


def opened(page: Page, site: Site, address: str, *, look: bool = False) -> None:
    """An account, from the home page to the dashboard."""

    def see(state: str) -> None:
        if look:
            check(page, state)

    page.goto(site.url)
    go(page, page.get_by_role("link", name="Se connecter"))
    see("se connecter")
    go(page, page.get_by_role("link", name="Créer un compte"))
    see("créer un compte")
    page.get_by_label("Adresse e-mail").fill("ana@")
    go(page, page.get_by_role("button", name="Vérifier mon adresse"))
    expect(page.get_by_role("alert")).to_contain_text("adresse complète")
    see("créer un compte avec erreur")
    page.get_by_label("Adresse e-mail").fill(address)
    go(page, page.get_by_role("button", name="Vérifier mon adresse"))
    see("regardez vos e-mails")
    page.goto(link_in(site, address, "Ouvrez votre compte"))
    see("ouvrir mon compte")
    page.get_by_label("Prénom").fill("Ana")
    page.get_by_label("Nom de famille").fill("Etcheverry")
    page.get_by_label("Mot de passe").fill("court")
    go(page, page.get_by_role("button", name="Ouvrir mon compte"))
    see("ouvrir mon compte avec erreur")
    expect(page.get_by_label("Prénom")).to_have_value("Ana")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    go(page, page.get_by_role("button", name="Ouvrir mon compte"))
    expect(page.get_by_role("status")).to_contain_text("Votre compte est ouvert")
    expect(page.get_by_role("banner")).to_contain_text("Ana Etcheverry")


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "without"])
def test_an_account_from_the_first_click_to_its_end(visits: Visits, site: Site, javascript: bool) -> None:
    address = f"ana.{javascript}@courriel.example".lower()
    page = visits.page(javascript=javascript)
    look = javascript

    def see(state: str) -> None:
        if look:
            check(page, state)

    opened(page, site, address, look=look)
    page.goto(f"{site.url}/mon-compte/")
    see("mon compte")

    # A second proof, then out and in with it.
    go(page, page.get_by_role("link", name=re.compile("^Activer")))
    see("deux étapes")
    found = re.search(r"cette clé dans l’application : ([A-Z2-7 ]+)", page.locator("main").inner_text())
    assert found
    secret = found[1].replace(" ", "")
    page.get_by_label("Code").fill(code_of(secret, late=-1))
    go(page, page.get_by_role("button", name="Activer"))
    see("codes de secours")
    go(page, page.get_by_role("link", name="Je les ai notés"))
    go(page, page.get_by_role("button", name="Se déconnecter"))
    see("déconnecté")
    page.goto(f"{site.url}/mon-compte/adresse/")
    page.get_by_label("Adresse e-mail").fill(address)
    page.get_by_label("Mot de passe", exact=True).fill("ce n'est pas le bon")
    go(page, page.get_by_role("button", name="Se connecter"))
    expect(page.get_by_role("alert")).to_contain_text("n’est pas le bon")
    see("se connecter avec erreur")
    page.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
    go(page, page.get_by_role("button", name="Se connecter"))
    see("code de connexion")
    go(page, page.get_by_role("link", name="Je n’ai plus mon téléphone"))
    see("téléphone perdu")
    go(page, page.get_by_role("button", name="Demander le retrait"))
    expect(page.get_by_role("status")).to_contain_text("sera retirée")
    see("téléphone perdu, demandé")
    go(page, page.get_by_role("link", name="Connectez-vous avec"))
    page.get_by_label("Code").fill(code_of(secret))
    go(page, page.get_by_role("button", name="Continuer"))
    expect(page).to_have_url(f"{site.url}/mon-compte/adresse/")
    see("changer d'adresse")
    page.goto(f"{site.url}/mon-compte/mot-de-passe/")
    see("changer le mot de passe")
    page.goto(f"{site.url}/mon-compte/deux-etapes/retirer/")
    see("retirer les deux étapes")
    page.goto(f"{site.url}/mon-compte/fermer/")
    see("fermer mon compte")
    page.get_by_label("Oui, je veux fermer mon compte").check()
    page.get_by_label("Mot de passe").fill(PASSWORD)
    go(page, page.get_by_role("button", name="Fermer mon compte"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Votre compte est fermé")
    see("compte fermé")


def test_a_link_opened_on_the_telephone(visits: Visits, site: Site) -> None:
    """Asked for on the computer, read on the telephone: the telephone is in, the computer is not."""
    computer, telephone = visits.page(), visits.page(width=390, height=844)
    address = "ana.lien@courriel.example"
    opened(computer, site, address)
    computer.goto(f"{site.url}/mon-compte/")
    go(computer, computer.get_by_role("button", name="Se déconnecter"))
    computer.goto(f"{site.url}/mon-compte/connexion/")
    go(computer, computer.get_by_role("link", name="Recevoir un lien"))
    check(computer, "recevoir un lien")
    computer.get_by_label("Adresse e-mail").fill(address)
    go(computer, computer.get_by_role("button", name="Recevoir un lien"))
    link = link_in(site, address, "Votre lien de connexion")
    telephone.goto(link)
    check(telephone, "lien à confirmer")
    go(telephone, telephone.get_by_role("button", name="Me connecter"))
    expect(telephone.get_by_role("heading", level=1)).to_have_text("Bonjour Ana")
    computer.goto(link)
    expect(computer.get_by_role("heading", level=1)).to_have_text("Ce lien ne sert plus")
    check(computer, "lien qui ne sert plus")
    computer.goto(f"{site.url}/mon-compte/mot-de-passe-oublie/")
    check(computer, "mot de passe oublié")
    computer.get_by_label("Adresse e-mail").fill(address)
    go(computer, computer.get_by_role("button", name="Recevoir un lien"))
    computer.goto(link_in(site, address, "Choisissez votre mot de passe"))
    check(computer, "choisir un mot de passe")
    computer.get_by_label("Nouveau mot de passe").fill(f"{PASSWORD} encore")
    go(computer, computer.get_by_role("button", name="Enregistrer et me connecter"))
    expect(computer.get_by_role("heading", level=1)).to_have_text("Bonjour Ana")
    telephone.reload()  # what was open is closed
    expect(telephone.get_by_role("heading", level=1)).to_have_text("Se connecter")


def test_franceconnect_in_and_out(visits: Visits, site: Site) -> None:
    in_and_out(visits.page(), site, first=True)
    in_and_out(visits.page(javascript=False), site, first=False)


def in_and_out(page: Page, site: Site, *, first: bool) -> None:
    page.goto(f"{site.url}/mon-compte/connexion/")
    go(page, page.get_by_role("link", name="S’identifier avec FranceConnect"))
    go(page, page.get_by_role("link", name="renoncer"))
    expect(page.get_by_role("status")).to_contain_text("pas allé au bout")
    go(page, page.get_by_role("link", name="S’identifier avec FranceConnect"))
    go(page, page.get_by_role("link", name="camille"))
    if first:
        expect(page.get_by_role("heading", level=1)).to_have_text("Première connexion avec FranceConnect")
        check(page, "première connexion avec FranceConnect")
        address = "camille.duprat@courriel.example"
        expect(page.get_by_label("Adresse e-mail")).to_have_value(address)
        go(page, page.get_by_role("button", name="Recevoir un code"))
        check(page, "code de FranceConnect")
        page.get_by_label("Code reçu").fill(str(site.mail(address, "votre code Mes Démarches")["Subject"])[:6])
        go(page, page.get_by_role("button", name="Continuer"))
        check(page, "confirmer avec FranceConnect")
        go(page, page.get_by_role("button", name="Ouvrir mon compte"))
    expect(page.get_by_role("banner")).to_contain_text("Camille Duprat")
    page.goto(f"{site.url}/mon-compte/")
    expect(page.get_by_text("Camille Rose Duprat", exact=True)).to_be_visible()
    if first:
        check(page, "mon compte avec FranceConnect")
        filed_with_the_identity(page, site)
        page.goto(f"{site.url}/mon-compte/")
    page.get_by_role("button", name="Se déconnecter").click()
    page.wait_for_url(re.compile("/mon-compte/deconnecte/[?]state="))  # by way of the provider
    expect(page.get_by_role("heading", level=1)).to_have_text("Vous êtes déconnecté")
    page.goto(f"{site.url}/mon-compte/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Se connecter")


def filed_with_the_identity(page: Page, site: Site) -> None:
    """The names are FranceConnect's: shown, not typed; what a program sends in their place is not read."""
    page.goto(f"{site.url}/mes-demarches/demarches/mobilite-internationale/")
    go(page, page.get_by_role("button", name="Commencer"))
    expect(page.get_by_label("Nom de famille")).to_have_value("Duprat")
    expect(page.get_by_label("Nom de famille")).not_to_be_editable()
    check(page, "identité donnée par FranceConnect")
    page.get_by_label("Nom de famille").evaluate("(field) => { field.value = 'Autre'; }")
    for _ in range(12):
        if "/documents/" in page.url:
            break
        fill_page(page)
        go(page, page.get_by_role("button", name="Enregistrer et continuer"))
    go(page, page.get_by_role("link", name="Continuer"))
    expect(page.get_by_role("main")).not_to_contain_text("Autre")
    go(page, page.get_by_role("button", name="Déposer mon dossier"))
    expect(page.get_by_role("heading", name="Votre dossier est déposé")).to_be_visible()


def test_an_agent_enters_by_proconnect(visits: Visits, site: Site) -> None:
    page = visits.page()
    page.goto(f"{site.url}/bureau/connexion/")
    check(page, "connexion au bureau")
    go(page, page.get_by_role("link", name="S’identifier avec ProConnect"))
    go(page, page.get_by_role("link", name="nadia"))
    expect(page).to_have_url(f"{site.url}/bureau/")
    page.goto(f"{site.url}/bureau/compte/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nadia Belkacem")
    check(page, "compte d'agent avec ProConnect")
    page.goto(f"{site.url}/bureau/connexion/?suite=/bureau/")
    expect(page).to_have_url(f"{site.url}/bureau/")
