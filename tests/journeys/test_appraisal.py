"""Many dossiers at once, after a preview; then a payments batch that one agent prepares and another validates."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Visits
from tests.journeys.dozen import COUNT, LACKING, NAMES
from tests.journeys.looking import check, go, unfold
from tests.journeys.site import Site, command
from tests.journeys.test_agent import enter

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def dozen(site: Site) -> None:
    command(site, "-m", "tests.journeys.dozen")


def test_many_dossiers_go_on_after_a_preview(visits: Visits, site: Site, dozen: None) -> None:
    page, waiting = visits.page(), COUNT + LACKING
    enter(page, site, "leo@agents.example")
    page.goto(f"{site.url}/bureau/dossiers/?phase=admissibility")
    page.get_by_label(re.compile("^Cocher le dossier")).first.check()
    expect(page.get_by_text("1 dossier coché")).to_be_visible()
    check(page, "dossiers cochés")
    page.get_by_label(f"Tous ceux de cette liste ({waiting})").check()
    go(page, page.get_by_role("button", name="Agir sur la sélection"))
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Que faire de {waiting} dossiers ?")
    unfold(page, "Demander les pièces")
    page.get_by_label("Au plus tard le").fill("2020-01-01")
    go(page, page.get_by_role("button", name="Voir avant de confirmer : demander"))
    expect(page.get_by_text("La date limite doit être à venir.")).to_be_visible()
    check(page, "lot de dossiers, date refusée")
    unfold(page, "Passer à l'étape suivante")
    go(page, page.get_by_role("button", name="Voir avant de confirmer : passer"))
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"sur {waiting}")
    go(page, page.get_by_role("button", name=f"Confirmer pour {waiting} dossiers"))
    expect(page.get_by_text(f"{waiting} faits.")).to_be_visible(timeout=60_000)  # without reloading

    page.goto(f"{site.url}/bureau/dossiers/?phase=documents")
    page.get_by_label(re.compile("Tous ceux de cette liste")).check()
    go(page, page.get_by_role("button", name="Agir sur la sélection"))
    unfold(page, "Accepter les documents reçus")
    check(page, "lot de dossiers à choisir")
    go(page, page.get_by_role("button", name="Voir avant de confirmer : accepter"))
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{COUNT} dossiers sur {waiting}")
    expect(page.get_by_text("« Convention de stage signée » : à envoyer.")).to_have_count(LACKING)
    expect(page.get_by_text("4 documents acceptés.").first).to_be_visible()
    check(page, "lot de dossiers, aperçu")
    go(page, page.get_by_role("button", name=f"Confirmer pour {COUNT} dossiers"))
    said = f"{COUNT} faits, {LACKING} laissés de côté."
    expect(page.get_by_text(said)).to_be_visible(timeout=60_000)
    check(page, "lot de dossiers terminé")
    page.goto(f"{site.url}/bureau/dossiers/lots/")
    check(page, "lots de dossiers")


def test_without_javascript(visits: Visits, site: Site, dozen: None) -> None:
    page = visits.page(javascript=False)
    enter(page, site, "maud@agents.example")
    page.goto(f"{site.url}/bureau/dossiers/")
    page.get_by_label(re.compile("^Cocher le dossier")).first.check()
    go(page, page.get_by_role("button", name="Agir sur la sélection"))
    unfold(page, "Proposer le montant")
    go(page, page.get_by_role("button", name="Voir avant de confirmer : proposer"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("sur 1")
    go(page, page.get_by_role("button", name="Ne rien faire"))
    expect(page.get_by_text("Rien n'a été fait.")).to_be_visible()


def test_a_decision_is_taken_back(visits: Visits, site: Site, dozen: None) -> None:
    page = visits.page()
    enter(page, site, "maud@agents.example")
    page.goto(f"{site.url}/bureau/dossiers/?phase=payment")
    # By name: other journeys of this site have dossiers to be paid, some of them at the accountant's.
    go(page, page.get_by_role("row").filter(has_text=NAMES[-1]).locator("th a"))
    unfold(page, "Retirer la décision")
    go(page, page.get_by_role("button", name="Retirer la décision"))
    expect(page.get_by_role("alert").first).to_be_visible()
    check(page, "retrait de décision refusé")
    page.get_by_label("Elle est illégale").check()
    page.get_by_label("La personne a pu donner ses observations").check()
    page.get_by_label("la personne les lira").fill("Le revenu retenu n'est pas celui du foyer.")
    go(page, page.get_by_role("button", name="Retirer la décision"))
    expect(page.get_by_text("Retirée le").first).to_be_visible()
    check(page, "décision retirée")


def test_a_payments_batch_by_two_agents(visits: Visits, site: Site, dozen: None) -> None:
    maker, checker = visits.page(), visits.page()
    enter(maker, site, "leo@agents.example")
    enter(checker, site, "maud@agents.example")
    maker.goto(f"{site.url}/bureau/dossiers/versements/")
    go(maker, maker.get_by_role("button", name="Préparer l'ordre de paiement"))
    expect(maker.get_by_text("un autre agent le valide", exact=False)).to_be_visible()
    expect(maker.get_by_role("link", name="pain.001")).to_have_count(0)
    expect(maker.get_by_role("button", name=re.compile("^Valider"))).to_have_count(0)
    check(maker, "ordre préparé, vu par son auteur")

    checker.goto(f"{site.url}/bureau/dossiers/versements/")
    check(checker, "versements, un ordre à valider")
    go(checker, checker.get_by_role("link", name=re.compile("^GUICHET-")))
    expect(checker.get_by_text("Le même compte sert à 2 personnes.").first).to_be_visible()
    check(checker, "ordre à valider")
    line = checker.get_by_role("row").nth(1)
    line.locator("summary").click()
    go(checker, line.get_by_role("button", name="Écarter"))
    expect(checker.get_by_role("alert")).to_contain_text("Dites pourquoi")
    checker.get_by_label("Pourquoi").first.fill("Le même compte pour deux personnes : à vérifier.")
    go(checker, checker.get_by_role("row").nth(1).get_by_role("button", name="Écarter"))
    expect(checker.get_by_role("heading", name="Ne sont plus dans cet ordre")).to_be_visible()
    go(checker, checker.get_by_role("button", name=re.compile("^Valider : 3 versements")))
    check(checker, "ordre validé")
    with checker.expect_download() as file:
        checker.get_by_role("link", name="pain.001 (XML)").click()
    assert Path(file.value.path()).read_bytes().count(b"<EndToEndId>") == 3
    maker.goto(f"{site.url}/bureau/dossiers/versements/")
    expect(maker.get_by_text("Écarté d'un ordre")).to_be_visible()
    check(maker, "versements, un écarté")
