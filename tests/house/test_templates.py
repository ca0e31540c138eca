"""No page asks for a variable that nobody gives: a misspelt one would silently show nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.template import Context
from django.template.base import Template, Variable, VariableDoesNotExist
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.test.signals import template_rendered
from django.utils import timezone

import guichet
from guichet.accounts.models import Absence
from guichet.cases import actions
from guichet.cases.actions.absences import record_absence
from guichet.cases.actions.reviewing import answer_review
from guichet.cases.models import AnswerIdea, AnswerSent, Case
from guichet.core.refused import Refused
from guichet.desk.views.acts import ACTS
from guichet.knowledge.actions import archive, note_asked, vote
from guichet.knowledge.models import SeasonEvent, Synonym
from guichet.noa.actions import judge
from guichet.notices.actions import warn
from guichet.portal.sheets import sign_asked
from tests.citizens.walk import walk_through_accounts, walk_through_proconnect
from tests.factories import signed_in
from tests.house.filed import walk, walk_in_desk, walk_in_entries, walk_in_interfaces, walk_in_procedures
from tests.house.lived import House, agent, citizen
from tests.house.test_doors import ROUTES, as_if_never, knock, visitors
from tests.portal.test_contact import filled

ROOT = Path(guichet.__file__).parent
# What a layout or a fragment takes when its page has it; absent elsewhere, and tested with `if`.
OPTIONAL = {
    "desk/base.html : case",  # what the live news are about
    "desk/base.html : nav",
    "desk/base.html : user.shortcuts",  # nobody is logged in yet
    "desk/base.html : user.theme",
    "desk/base.html : words",
    "portal/_errors.html : fault",  # a form that is refused for its fields only
    "portal/_errors.html : has_errors",
    "portal/_errors.html : uploads.errors",  # a form without files
    "portal/_field.html : note",
    "portal/base.html : has_errors",
    "portal/base.html : request.citizen",  # a page of error drawn outside of any visit
}


class Watched:
    """Lookups that failed in our own templates, and the templates that were rendered."""

    def __init__(self) -> None:
        self.failed: set[str] = set()
        self.rendered: set[str] = set()


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """Django forgives an unknown name; here it is noted, in `if` and under `default` too.

    A lookup on None is forgiven: `case.topic.label|default:…` is how a page says that there is no topic.
    """
    seen = Watched()
    look_up = Variable._resolve_lookup

    def strict(self: Variable, context: Context) -> Any:
        template = context.render_context.template
        ours = template is not None and str(template.origin.name).startswith(str(ROOT))
        try:
            return look_up(self, context)
        except VariableDoesNotExist:
            if ours and not _on_nothing(self, context):
                seen.failed.add(f"{template.name} : {self.var}")
            raise

    def note(template: Template, **more: object) -> None:
        seen.rendered.add(str(template.name))

    monkeypatch.setattr(Variable, "_resolve_lookup", strict)
    template_rendered.connect(note)
    yield seen
    template_rendered.disconnect(note)
    assert seen.failed == OPTIONAL, "\n".join(sorted(seen.failed ^ OPTIONAL))


def _on_nothing(variable: Variable, context: Context) -> bool:
    """Whether the first steps of the path lead to None, or to an empty text."""
    for size in range(len(variable.lookups) - 1, 0, -1):
        try:
            found = Variable(".".join(variable.lookups[:size]))
            value = _plain(found, context)
        except VariableDoesNotExist:
            continue
        return value is None or value == ""
    return False


def _plain(variable: Variable, context: Context) -> Any:
    value: Any = context
    for step in variable.lookups:
        try:
            value = value[step]
        except (KeyError, TypeError, AttributeError, IndexError, ValueError):
            try:
                value = getattr(value, step)
            except AttributeError:
                raise VariableDoesNotExist("%s", (step,)) from None
        if callable(value) and not getattr(value, "do_not_call_in_templates", False):
            value = value()
    return value


def test_every_page_knows_its_words(house: House, watched: Watched, settings: Any) -> None:
    """Every address, as each visitor who may enter, then what a refused form shows, then the rare pages."""
    settings.EMBED_ORIGINS = ["https://jeunes.region.example"]
    settings.LEGAL = {**settings.LEGAL, "host": "Hébergeur, Bordeaux"}
    assert house.filed  # before the visits, which are taken back
    leaving = ["desk:logout", "portal:follow_leave", "portal:sign_out"]
    for client in visitors(house).values():
        for name in [*(route for route in ROUTES if route not in leaving), *leaving]:
            with as_if_never():
                knock(client, house, name)
    _refusals_of_citizens(house)
    walk_in_desk(agent(house.region.leo), agent(house.filed.second), house.filed)
    walk_in_entries(agent(house.region.leo), house.filed)
    walk_in_procedures(agent(house.region.chief), house.filed)
    walk_in_interfaces(agent(house.region.chief), house.filed)
    walk(signed_in(Client(), house.account), house.filed)
    walk_through_accounts()
    walk_through_proconnect(house.region.nadia.email)
    _guide(house)
    _states_of_a_case(house)
    _teams(house)
    _base(house)
    _conversations(house)
    _rare_pages(house)
    assert sorted(_templates() - watched.rendered) == [], "never rendered"


def _templates() -> set[str]:
    return {
        str(path.relative_to(folder))
        for folder in ROOT.glob("*/templates")
        for path in folder.rglob("*")
        if path.is_file()
    }


def _teams(house: House) -> None:
    """A team that shares out, whose agent is away and took nothing with her; work given to others."""
    team, nadia = house.region.transport, house.region.nadia
    chief = agent(house.region.chief)
    address = f"/bureau/equipes/{team.pk}/"
    chief.post(f"{address}partage/", {"partage": "oui"})
    chief.post(f"{address}repartir/", {"quoi": "ouvertes", "toutes": "oui", "to": nadia.pk})
    chief.post(f"{address}repartir/", {"to": "file"})
    chief.post(f"{address}agents/{nadia.pk}/", {"at_most": "-1"})
    actions.assign(house.second, nadia, by=nadia)
    Case.objects.filter(pk=house.second.pk).update(last_inbound_at=timezone.now())
    today = timezone.localdate()
    record_absence(Absence(user=nadia, first_day=today, last_day=today, leaves_to="queue"), by=nadia)
    chief.get(address)
    chief.get(f"{address}demandes/?agent={nadia.pk}")
    actions.assign(house.second, nadia, by=nadia)
    for client in (chief, agent(nadia)):
        client.get(f"/bureau/demandes/{house.second.reference}/")
        client.post("/bureau/absences/", {})
        for absence in Absence.objects.all():
            client.get(f"/bureau/absences/{absence.pk}/")
    actions.release(house.second, by=nadia)
    warn()
    for client in (chief, agent(nadia)):
        client.get("/bureau/avertissements/")
        client.post("/bureau/relectures/", {})
        client.post(f"/bureau/relectures/{house.review.pk}/", {})
    answer_review(house.review, "Je le dirai.", by=nadia)
    chief.get(f"/bureau/relectures/{house.review.pk}/")


def _refusals_of_citizens(house: House) -> None:
    client = citizen(house.case)
    client.get("/contact/?integre=1&sujet=transport_scolaire.carte")
    for where in ("/contact/", "/contact/?integre=1", "/suivi/", "/suivi/code/", "/suivi/demande/message/",
                  "/suivi/demande/rouvrir/"):  # fmt: skip
        client.post(where, {"numero": house.case.reference}, headers={"origin": "http://testserver"})
    client.post("/contact/?integre=1", filled(), headers={"origin": "http://testserver"})
    client.post("/contact/", filled(email="sandrine@gmial.com"))
    client.get("/suivi/demande/terminer/")
    client.get("/nulle-part/")
    client.get("/suivi/?numero=%00")
    Client(enforce_csrf_checks=True).post("/suivi/", {})


def _guide(house: House) -> None:
    """The season's banner, a search with and without result, votes, questions answered well and badly, what ended."""
    today = timezone.localdate()
    SeasonEvent.objects.create(title="Bientôt", text="Lisez.", day=today, shown_from=today, shown_until=today,
                               article=house.aid)  # fmt: skip
    client = Client()
    for where in ("", "?q=carte", "?q=carte&nature=aid", "?q=zzqx", "?q=zzqx&nature=aid"):
        client.get(f"/recherche/{where}")
    for where in ("", "?age=18&departement=17", "?age=90", "?age=dix", "?theme="):
        client.get(f"/aides/trouver/{where}")
    for where in ("/", "/aides/", "/aides/theme/sport/?profil=lyceen", "/aides/profil/lyceen/?theme=sport"):
        client.get(where)
    for value in ("oui", "non"):
        voted = client.post(f"/reponses/{house.article.code}/avis/", {"utile": value})["Location"]
        client.get(voted)
    ballot = re.findall(r"avis=([^#]+)", voted)[0]
    client.get(client.post(f"/reponses/{house.article.code}/avis/", {"bulletin": ballot, "remarque": "x"})["Location"])
    asked = note_asked("carte", place="form", outcome="offered", by=house.region.chief)
    said = {"code": house.article.code, "fait": "suffit", "de": sign_asked(asked.pk)}
    client.post("/contact/reponses/suite/", said)
    archive(house.aid, "fini", by=house.region.chief)
    client.get("/aides/aide-permis/")


def _states_of_a_case(house: House) -> None:
    """The page of the agent and the one of the citizen, in each state the case goes through."""
    by = house.region.nadia
    mine, theirs = citizen(house.case), agent(by)
    theirs.post(f"/bureau/demandes/{house.case.reference}/reponse/", {"text": "ci-joint la lettre", "version": 0})
    for verb in ACTS:
        theirs.get(f"/bureau/demandes/{house.case.reference}/faire/{verb}/")
    actions.reply(house.case, by=by, text="Voici.")
    steps = (
        lambda: actions.wait_for_citizen(house.case, by=by, days=10),
        lambda: actions.close(house.case, by=by, result="answered", despite_tasks=True),
        lambda: actions.reopen(house.case, by=by),
        lambda: actions.release(house.case, by=by),
        lambda: actions.transmit(house.case, _body(), by=by),
    )
    for step in steps:
        step()
        house.case.refresh_from_db()
        theirs.get(f"/bureau/demandes/{house.case.reference}/")
        theirs.get("/bureau/recherche/?q=lacoste")
        theirs.get("/bureau/recherche/?q=personne")
        mine.get("/suivi/demande/")
    theirs.post(f"/bureau/demandes/{house.over.reference}/faire/lier/", {"other": "12"})
    theirs.post(f"/bureau/demandes/{house.over.reference}/reponse/", {"text": "ci-joint la lettre"})
    theirs.get(f"/bureau/demandes/{house.second.reference}/")
    theirs.get("/bureau/nulle-part/")
    theirs.post("/bureau/compte/mot-de-passe/", {})
    theirs.post("/bureau/compte/second-facteur/", {"code": "000000"})
    Client().post("/bureau/connexion/", {"email": "x@y.example", "password": "z"})
    _second_step(house)


def _body() -> Any:
    from guichet.organisation.models import CompetentBody

    return CompetentBody.objects.get()


def _second_step(house: House) -> None:
    """The codes of the application: setting them up, then entering with one."""
    from django_otp.oath import totp
    from django_otp.plugins.otp_totp.models import TOTPDevice

    client = agent(house.region.leo)
    client.get("/bureau/compte/second-facteur/")
    device = TOTPDevice.objects.get(user=house.region.leo)
    client.post("/bureau/compte/second-facteur/", {"code": f"{totp(device.bin_key):06d}"})
    other = Client()
    other.post("/bureau/connexion/", {"email": house.region.leo.email, "password": "un mot de passe long"})
    assert other.get("/bureau/connexion/code/").status_code == 200


def _base(house: House) -> None:
    """An article being written by two, a question nobody answered, what agents write again."""
    chief, card = agent(house.region.chief), house.article
    typed = {"title": "Carte", "answer": "Le duplicata coûte 12 €.", "topics": ["transport_scolaire.carte"]}
    chief.post("/bureau/base/carte-perdue/ecrire/", {**typed, "seen": "2026-01-01T00:00:00"})
    chief.post("/bureau/base/carte-perdue/ecrire/", {**typed, "action": "verifier"})
    assert card.live is not None
    vote(card.live, "non", passage="10 €", remark="Faux.", by=house.region.nadia)
    note_asked("le vélo dans le car", place="noa", outcome="none", by=house.region.chief)
    AnswerSent.objects.create(interaction=house.reply, version=card.live)
    AnswerIdea.objects.create(kind="answer", key="velo", answer="Oui.", count=5, cases=[house.case.pk])
    for page in ("", "travail/", "travail/question/?mots=car dan le velo", "nouveau/", "carte-perdue/"):
        assert chief.get(f"/bureau/base/{page}").status_code == 200, page
    for idea in AnswerIdea.objects.all():
        chief.get(f"/bureau/base/travail/idees/{idea.pk}/")
    chief.post("/bureau/base/nouveau/", {"action": "verifier"})
    Synonym.objects.create(said="bus", meant="car")
    chief.post("/bureau/base/synonymes/", {"said": "bus", "meant": "car"})
    for text in ("[]", "rien"):
        chief.post("/bureau/base/importer/", {"content": text, "name": "a.json"})
    chief.post("/bureau/base/importer/", {"content": '[{"code": "Pas Bien", "title": "x"}]', "name": "a.json"})
    agent(house.region.nadia).get(f"/bureau/demandes/{house.case.reference}/reponses/?fragment=1&q=carte")


def _conversations(house: House) -> None:
    """A page with its turns, in a frame too; taken by an agent, who speaks; judged."""
    client = Client()
    for more in ("", "&cadre=1"):
        assert client.get(f"/noa/?fil={house.chat.key}{more}").status_code == 200
    nadia = agent(house.region.nadia)
    nadia.post(f"/bureau/conversations/{house.chat.pk}/faire/", {"faire": "prendre"})
    nadia.post(f"/bureau/conversations/{house.chat.pk}/faire/", {"faire": "dire", "texte": "Bonjour."})
    assert nadia.get(f"/bureau/conversations/{house.chat.pk}/").status_code == 200
    client.get(f"/noa/?fil={house.chat.key}")
    nadia.post(f"/bureau/conversations/{house.chat.pk}/faire/", {"faire": "finir"})
    judge()
    chief = agent(house.region.chief)
    for page in ("", "dialogues/", f"dialogues/{house.dialogue.pk}/?tester=oui"):
        assert chief.get(f"/bureau/assistant/{page}").status_code == 200


def _rare_pages(house: House) -> None:
    request = RequestFactory().get("/")
    request.user = house.region.nadia
    refusal = {"refusal": Refused("Pas maintenant.")}
    render_to_string("core/refused.html", refusal, request)
    render_to_string("core/refused_fragment.html", refusal, request)
    render_to_string("desk/refused.html", refusal, request)
    render_to_string("core/broken.html")
