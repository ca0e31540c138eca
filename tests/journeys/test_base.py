"""An answer is written, read again by another with the keyboard alone, published; corrected, and every face says so."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visits
from tests.journeys.looking import check, go
from tests.journeys.site import Site
from tests.journeys.test_agent import enter
from tests.journeys.test_keyboard import tab_to
from tests.knowledge.test_pictures import photograph

pytestmark = pytest.mark.browser
ADDRESS = "/bureau/base/velo-dans-le-car/"


def publish_with_the_keyboard(page: Page, site: Site) -> None:
    page.goto(f"{site.url}{ADDRESS}")
    tab_to(page, r"^Publier(?! plus)")
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="est publiée")).to_be_visible()


def test_from_a_draft_to_what_everyone_reads(visits: Visits, site: Site) -> None:
    writer, reviewer, agent = visits.page(), visits.page(), visits.page()
    enter(writer, site, "chef@agents.example")
    go(writer, writer.get_by_role("link", name="Base de réponses"))
    check(writer, "base vide")
    go(writer, writer.get_by_role("link", name="Nouvel article"))
    writer.get_by_label("Titre").fill("Vélo dans le car")
    writer.get_by_label("Réponse", exact=True).fill("Les vélos pliants sont acceptés. Les autres vélos coûtent 5 €.")
    writer.get_by_label("Réponse par SMS").fill("Vélo pliant accepté. Autre vélo : 6 €.")
    expect(writer.get_by_text("Le SMS dit 6 €, que la réponse ne dit pas.")).to_be_visible()
    writer.get_by_label("Réponse par SMS").fill("Vélo pliant accepté. Autre vélo : 5 €.")
    expect(writer.get_by_text("Le SMS dit 6 €")).to_have_count(0)
    writer.get_by_label("Équipe responsable").select_option(label="Transports 17")
    writer.get_by_label("Carte de transport").check()
    writer.get_by_role("textbox", name="Sources").fill("Règlement | https://exemple.example/reglement")
    go(writer, writer.get_by_role("button", name="Créer le brouillon"))
    check(writer, "écrire un article")
    add_image = writer.get_by_role("button", name="Ajouter l'image et enregistrer")
    writer.locator("input[type=file]").set_input_files(
        {"name": "velo.jpg", "mimeType": "image/jpeg", "buffer": photograph()}
    )
    go(writer, add_image)
    expect(writer.get_by_role("alert")).to_contain_text("l'image non")
    check(writer, "image sans texte")
    writer.locator("input[type=file]").set_input_files(
        {"name": "velo.jpg", "mimeType": "image/jpeg", "buffer": photograph()}
    )
    writer.get_by_label("Texte de remplacement").fill("Un vélo plié, dans sa housse, sous un siège")
    go(writer, add_image)
    check(writer, "image ajoutée")
    go(writer, writer.get_by_role("button", name="Demander la relecture"))
    expect(writer.get_by_text("une autre personne la relit et la publie")).to_be_visible()

    enter(reviewer, site, "plume@agents.example")
    publish_with_the_keyboard(reviewer, site)
    check(reviewer, "article publié")

    enter(agent, site)
    agent.goto(f"{site.url}{ADDRESS}")
    expect(agent.locator("#rendu-page").get_by_role("img", name="Un vélo plié")).to_be_visible()
    expect(agent.get_by_role("link", name="Modifier")).to_have_count(0)
    agent.get_by_text("Signaler une erreur").click()
    agent.get_by_role("textbox", name="Ce qui est faux").fill("C'est 4 € depuis lundi.")
    go(agent, agent.get_by_role("button", name="Signaler"))

    writer.goto(f"{site.url}/bureau/base/travail/")
    expect(writer.get_by_text("C'est 4 € depuis lundi.")).to_be_visible()
    check(writer, "à faire dans la base")
    writer.goto(f"{site.url}{ADDRESS}ecrire/")
    writer.get_by_label("Réponse", exact=True).fill("Les vélos pliants sont acceptés. Les autres vélos coûtent 4 €.")
    writer.get_by_label("Réponse par SMS").fill("Vélo pliant accepté. Autre vélo : 4 €.")
    go(writer, writer.get_by_role("button", name="Demander la relecture"))
    reviewer.goto(f"{site.url}{ADDRESS}versions/")
    expect(reviewer.locator("ins").first).to_have_text("4")
    check(reviewer, "versions face à face")
    publish_with_the_keyboard(reviewer, site)
    agent.goto(f"{site.url}{ADDRESS}")
    expect(agent.locator("#rendu-page")).to_contain_text("coûtent 4 €")
    expect(agent.locator("#rendu-noa")).to_contain_text("coûtent 4 €")
    expect(agent.locator("#rendu-sms")).to_contain_text("4 €")
