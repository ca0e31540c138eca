"""A wrong proposal is corrected by one key and learnt; a rule is tried on what came before it is saved."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import Page, expect

from tests.factories import mail
from tests.journeys.conftest import Visits
from tests.journeys.looking import check, go
from tests.journeys.site import Site, command, eventually
from tests.journeys.test_agent import enter

pytestmark = pytest.mark.browser

NOBODYS = "contact@nouvelle-aquitaine.example"
# What the routing knows at first: two topics, and nothing of skate parks.
TAUGHT = [
    *((f"Mon enfant a perdu sa carte de car {n}", "transport_scolaire.carte") for n in "abcdefgh"),
    *((f"Je voudrais une aide pour passer le permis {n}", "aides.permis") for n in "abcdefgh"),
]


def write(site: Site, subject: str, body: str) -> None:
    path = site.home / f"{uuid.uuid4()}.eml"
    path.write_bytes(mail(to=NOBODYS, subject=subject, body=body, message_id=f"<{uuid.uuid4()}@x.example>"))
    command(site, "manage.py", "import_mail", "--live", str(path))


def open_case(page: Page, site: Site, subject: str) -> None:
    def look() -> bool | None:
        page.goto(f"{site.url}/bureau/?file=canal-email")
        return page.get_by_text(subject, exact=True).count() > 0 or None

    eventually(look, subject)
    go(page, page.locator(".ligne", has_text=subject).get_by_role("link"))


def learn(page: Page, site: Site, version: int) -> None:
    page.goto(f"{site.url}/bureau/orientation/qualite/")
    go(page, page.get_by_role("button", name="Apprendre maintenant"))

    def learnt() -> bool | None:
        page.reload()
        return page.get_by_role("rowheader", name=str(version), exact=True).count() > 0 or None

    eventually(learnt, f"version {version}")


def test_a_wrong_proposal_is_corrected_by_a_key_and_learnt(visits: Visits, site: Site) -> None:
    page = visits.page()
    enter(page, site, "chef@agents.example")
    page.goto(f"{site.url}/bureau/orientation/exemples/")
    check(page, "exemples")
    for text, topic in TAUGHT:
        page.locator("details", has_text="Ajouter un exemple").evaluate("element => { element.open = true }")
        page.get_by_label("Message, comme").fill(text)
        page.get_by_label("Sujet", exact=True).fill(topic)
        go(page, page.get_by_role("button", name="Ajouter", exact=True))
    learn(page, site, 1)
    check(page, "qualité")

    body = "Bonjour, la patinoire olympique réclame un badge de parrainage pour le gala."
    write(site, "Gala", body)
    open_case(page, site, "Gala")
    expect(page.get_by_role("heading", name=re.compile("À orienter|Sujet proposé"))).to_be_visible()
    check(page, "à orienter")
    first = page.locator("[data-orientation='1'] b").inner_text()
    wanted = page.locator("[data-orientation='2'] b").inner_text()
    assert first != wanted
    page.locator(".chrono").click()
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("Shift+Digit2")
    expect(page.get_by_text(re.compile(f"« {wanted} »")).first).to_be_visible()
    check(page, "sujet choisi")

    # Taken back, then said again: what it taught follows.
    go(page, page.get_by_role("button", name="Annuler ce choix"))
    expect(page.locator("[data-orientation='2'] b")).to_have_text(wanted)
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("Shift+Digit2")
    learn(page, site, 2)
    expect(page.get_by_text("1 correction")).to_have_count(2)  # among the examples, and in the version

    write(site, "Encore le gala", body.replace("réclame", "demande"))
    open_case(page, site, "Encore le gala")
    expect(page.locator("[data-orientation='1'] b")).to_have_text(wanted)
    page.get_by_text("Pourquoi ici ?").click()
    check(page, "pourquoi ici")


def test_a_case_opens_where_its_message_begins(visits: Visits, site: Site) -> None:
    page = visits.page()
    enter(page, site, "chef@agents.example")
    write(site, "Longue lettre", "\n\n".join(["Voici ma demande.", *(f"Paragraphe {n}." for n in range(30))]))
    open_case(page, site, "Longue lettre")
    page.evaluate("() => document.fonts.ready")
    expect(page.get_by_text("Voici ma demande.")).to_be_in_viewport(ratio=1)
    room = page.locator(".cas > .defilant").bounding_box()
    assert room and room["height"] > 250, room  # of 768: the message is read before anything is written
    reply = page.get_by_label("Votre réponse")
    reply.focus()
    expect(page.get_by_text("Voici ma demande.")).to_be_in_viewport(ratio=1)
    reply.fill("\n".join(f"Ligne {n}" for n in range(60)))  # scrolls in its box: the message and the buttons stay
    expect(page.get_by_text("Voici ma demande.")).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("button", name="Envoyer", exact=True)).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollHeight") == 768
    reply.fill("")


def test_a_rule_is_tried_then_saved(visits: Visits, site: Site) -> None:
    page = visits.page()
    enter(page, site, "chef@agents.example")
    write(site, "Péniche", "Bonjour, ma péniche est amarrée sans autorisation.")
    open_case(page, site, "Péniche")
    page.goto(f"{site.url}/bureau/orientation/")
    check(page, "aucune règle")
    go(page, page.get_by_role("link", name="Nouvelle règle"))
    go(page, page.get_by_role("button", name="Enregistrer"))
    expect(page.get_by_text("obligatoire").first).to_be_visible()
    check(page, "règle refusée")
    page.get_by_label("Nom de la règle").fill("Péniches")
    page.get_by_label(re.compile("^Le message contient")).fill("péniche")
    page.get_by_label("Ou donner à cette équipe").select_option(label="Aides aux jeunes")
    page.get_by_label("Règle active").check()
    go(page, page.get_by_role("button", name=re.compile("^Essayer")))
    expect(page.get_by_text(re.compile("la règle en décide 1, et 1 serait"))).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("Péniche")).get_by_text("Aides aux jeunes")).to_be_visible()
    check(page, "règle essayée")
    go(page, page.get_by_role("button", name="Enregistrer"))
    check(page, "règles")
    write(site, "Autre péniche", "Une autre péniche.")
    open_case(page, site, "Autre péniche")
    page.get_by_text("Pourquoi ici ?").click()
    expect(page.get_by_text("La règle « Péniches » l'a décidé")).to_be_visible()
    page.goto(f"{site.url}/bureau/orientation/journal/")
    expect(page.get_by_text("Règle Péniches")).to_be_visible()
    check(page, "décisions")
