"""A supervisor gives a case to an agent, records her absence with a substitute; the case passes, he answers."""

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

SUBJECT = "Arrêt de car déplacé"
TEAM = """
from django.utils import timezone
from guichet.accounts.actions import create_agent, join
from guichet.accounts.machines import GUICHET, machine
from guichet.organisation.models import Team
by = machine(GUICHET)
for email, first, last, code, role in (
    ("ines@agents.example", "Inès", "Poitevin", "REG", "supervisor"),
    ("theo@agents.example", "Théo", "Marchand", "TRA-17", "agent"),
):
    user = create_agent(email, by=by, password="un mot de passe long", first_name=first, last_name=last)
    join(user, Team.objects.get(code=code), by=by, role=role)
"""


EVERYTHING = """
from guichet.accounts.actions import create_agent, join
from guichet.accounts.machines import GUICHET, machine
from guichet.organisation.models import Team
by = machine(GUICHET)
user = create_agent("tout@agents.example", by=by, password="un mot de passe long", is_administrator=True)
Team.objects.filter(code="TRA-17").update(shares_out=True)
join(user, Team.objects.get(code="TRA-17"), by=by)
join(user, Team.objects.get(code="REG"), by=by, role="supervisor")
"""


def write(site: Site) -> None:
    path = site.home / f"{uuid.uuid4()}.eml"
    path.write_bytes(
        mail(subject=SUBJECT, body="L'arrêt de mon fils a changé.", message_id=f"<{uuid.uuid4()}@x.example>")
    )
    command(site, "manage.py", "import_mail", "--live", str(path))


def day(page: Page, more: int) -> str:
    return str(page.evaluate("n => new Date(Date.now() + n * 864e5).toLocaleDateString('sv', "
                             "{ timeZone: 'Europe/Paris' })", more))  # fmt: skip


def test_an_absence_passes_the_case_and_the_substitute_answers(visits: Visits, site: Site) -> None:
    command(site, "manage.py", "shell", "-c", TEAM)
    write(site)
    page = visits.page()
    enter(page, site, "ines@agents.example")
    go(page, page.get_by_role("link", name="Équipes"))
    check(page, "équipes et charge")
    go(page, page.get_by_role("link", name="Transports 17", exact=True))
    check(page, "équipe et agents")
    team = page.url

    def arrived() -> bool | None:
        page.goto(f"{team}demandes/?quoi=libres")
        return page.get_by_text(SUBJECT).count() > 0 or None

    eventually(arrived, SUBJECT)
    check(page, "demandes de l'équipe")
    page.locator("tr", has_text=SUBJECT).get_by_role("checkbox").check()
    page.get_by_label("Donner à").select_option(label="Nadia Belkacem")
    go(page, page.get_by_role("button", name="Donner les demandes cochées"))
    expect(page.get_by_role("heading", name="Donner 1 demande à Nadia Belkacem")).to_be_visible()
    check(page, "répartir")
    go(page, page.get_by_role("button", name="Donner", exact=True))
    expect(page.get_by_text("1 demande attribuée à Nadia Belkacem.")).to_be_visible()

    go(page, page.get_by_role("link", name="Absences"))
    check(page, "aucune absence")
    page.get_by_label("Agent", exact=True).select_option(label="Nadia Belkacem")
    page.get_by_label("Premier jour").fill(day(page, 0))
    page.get_by_label("Dernier jour").fill(day(page, 6))
    go(page, page.get_by_role("button", name="Enregistrer l'absence"))
    expect(page.get_by_text("Choisissez un remplaçant")).to_be_visible()
    check(page, "absence refusée")
    page.get_by_label("Remplaçant").select_option(label="Théo Marchand")
    go(page, page.get_by_role("button", name="Enregistrer l'absence"))
    expect(page.get_by_text("en ce moment")).to_be_visible()
    check(page, "absences")

    theirs = visits.page()
    enter(theirs, site, "theo@agents.example")
    theirs.goto(f"{site.url}/bureau/?file=a-traiter")
    go(theirs, theirs.locator(".ligne", has_text=SUBJECT).get_by_role("link"))
    expect(theirs.get_by_text("Passée à Théo Marchand, qui remplace Nadia Belkacem")).to_be_visible()
    theirs.get_by_label("Votre réponse").fill("Bonjour Madame, l'arrêt est maintenant devant la mairie.")
    go(theirs, theirs.get_by_role("button", name="Envoyer", exact=True))
    expect(theirs.get_by_text("Votre réponse est prête.")).to_be_visible()

    hers = visits.page()
    enter(hers, site)
    hers.goto(f"{site.url}/bureau/absences/")
    go(hers, hers.get_by_role("main").get_by_role("link", name=re.compile("^Nadia Belkacem")))
    expect(hers.locator("tr", has_text=SUBJECT)).to_contain_text("Répondue")
    check(hers, "ce qui est passé")

    go(page, page.get_by_role("link", name=re.compile("^Avertissements")))
    check(page, "avertissements")
    page.goto(f"{site.url}/bureau/relectures/")
    page.get_by_label("Équipe, avec celles qui en dépendent").select_option(label="Transports 17")
    go(page, page.get_by_role("button", name="Tirer au sort"))
    expect(page.get_by_text("Le tirage est fait.")).to_be_visible()
    go(page, page.get_by_role("link", name=re.compile("^Réponse de Théo Marchand")))
    expect(page.get_by_text("devant la mairie")).to_be_visible()
    for name in ("Juste", "Complète", "Claire", "Courtoise"):
        page.get_by_label(name, exact=True).select_option("4")
    check(page, "relecture")
    go(page, page.get_by_role("button", name="Enregistrer"))
    check(page, "relectures")


def test_the_bar_of_who_does_everything_holds_on_one_line(visits: Visits, site: Site) -> None:
    command(site, "manage.py", "shell", "-c", EVERYTHING)
    page = visits.page()
    enter(page, site, "tout@agents.example")
    page.goto(f"{site.url}/bureau/compte/")
    bar = page.locator("header.barre")
    expect(bar.get_by_role("button", name="Disponible")).to_be_visible()
    expect(bar.get_by_role("link", name="Réglages")).to_be_visible()
    assert bar.evaluate("e => e.offsetHeight") < 50
    page.locator(".menu--compte summary").click()
    expect(bar.get_by_role("link", name="Mon compte")).to_be_visible()
    check(page, "menu du compte")
    page.keyboard.press("Escape")
    expect(bar.get_by_role("link", name="Mon compte")).to_be_hidden()
    page.locator(".menu--compte summary").click()
    go(page, bar.get_by_role("button", name="Se déconnecter"))
    expect(page.get_by_label("Mot de passe")).to_be_visible()
