"""A small Region and what lives in it, made through the real actions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.test import Client

from guichet.accounts.actions import create_agent, join
from guichet.accounts.machines import GUICHET, machine
from guichet.accounts.models import User
from guichet.cases.actions import register_raw, understand_waiting
from guichet.cases.models import Case, InboundItem
from guichet.citizens.actions import open_account
from guichet.citizens.models import Account
from guichet.citizens.sessions import enter
from guichet.knowledge.models import Article
from guichet.organisation import directory
from guichet.organisation.actions import route_topic, save_team, save_topic
from guichet.organisation.models import Commitment, CompetentBody, Team, TeamAddress, Topic
from guichet.people.identity import Claim


@dataclass
class Region:
    root: Team
    transport: Team
    youth: Team
    unrouted: Team
    card: Topic
    licence: Topic
    nadia: User  # transport
    leo: User  # youth
    chief: User  # administrator


def build_region() -> Region:
    by = machine(GUICHET)
    root = save_team(
        Team(code="REG", name="Région", kind="pole", phone="05 36 49 12 12", email="region@nouvelle-aquitaine.example",
             postal_address="14 rue François-de-Sourdis\n33077 Bordeaux Cedex"), by=by)  # fmt: skip
    transport = save_team(Team(code="TRA-17", name="Transports 17", public_name="Transports scolaires", parent=root,
                               email="transports17@nouvelle-aquitaine.example"), by=by)  # fmt: skip
    youth = save_team(Team(code="JEU", name="Aides aux jeunes", parent=root), by=by)
    unrouted = save_team(Team(code="ORI", name="À orienter", parent=root, takes_unrouted=True), by=by)
    TeamAddress.objects.create(team=youth, address="jeunes@nouvelle-aquitaine.example")
    card = save_topic(Topic(code="transport_scolaire.carte", label="Carte de transport"), by=by)
    licence = save_topic(
        Topic(code="aides.permis", label="Aide au permis", nature="demand", silence="rejection", silence_months=2,
              team=youth), by=by)  # fmt: skip
    route_topic(card, "17", transport, by=by)
    Commitment.objects.create(channel="email", amount=5)
    Commitment.objects.create(channel="form", amount=5)
    CompetentBody.objects.create(name="Département de la Charente-Maritime", email="contact@cd17.example")
    directory.forget()
    nadia = create_agent("nadia@agents.example", by=by, password="un mot de passe long", first_name="Nadia",
                         last_name="Belkacem", capacity="Conseillère")  # fmt: skip
    leo = create_agent("leo@agents.example", by=by, password="un mot de passe long", first_name="Léo", last_name="Roux")
    chief = create_agent("chef@agents.example", by=by, password="un mot de passe long", is_administrator=True,
                         clearance=2)  # fmt: skip
    join(nadia, transport, by=by)
    join(leo, youth, by=by)
    return Region(root, transport, youth, unrouted, card, licence, nadia, leo, chief)


def citizen_account(
    email: str = "camille.duprat@courriel.example", *, password: str = "un mot de passe long",
    first_name: str = "Camille", family_name: str = "Duprat",
) -> Account:  # fmt: skip
    """The login of a citizen, its address proved. An empty password: links by mail only."""
    return open_account(Claim(email=email, first_name=first_name, family_name=family_name), password=password)


def signed_in(client: Client, account: Account) -> Client:
    """This browser, signed in as that citizen."""
    session = client.session
    request = HttpRequest()
    request.session = session
    enter(request, account)
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)
    return client


def mail(
    *,
    sender: str = "Sandrine Lacoste <sandrine.lacoste@courriel.example>",
    to: str = "transports17@nouvelle-aquitaine.example",
    subject: str = "Carte de car perdue",
    body: str = "Bonjour,\nMon fils a perdu sa carte.\nMerci",
    message_id: str = "<m1@courriel.example>",
    headers: str = "",
) -> bytes:
    text = (
        f"From: {sender}\nTo: {to}\nSubject: {subject}\nMessage-ID: {message_id}\n"
        f"Date: Mon, 22 Jun 2026 10:24:00 +0200\n{headers}MIME-Version: 1.0\n"
        f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{body}\n"
    )
    return text.replace("\n", "\r\n").encode()


def receive(raw: bytes, *, to: str = "", at: datetime | None = None, quiet: bool = False) -> InboundItem:
    """A mail, from the door to the end of the pipeline."""
    item = register_raw(
        "email", raw, envelope_from="quelquun@courriel.example", envelope_to=(to,) if to else (), received_at=at,
        quiet=quiet,
    )  # fmt: skip
    understand_waiting()
    item.refresh_from_db()
    return item


def case_of(item: InboundItem) -> Case:
    assert item.interaction is not None, (item.state, item.error)
    return item.interaction.case


def article(
    code: str = "carte-perdue", *, title: str = "Carte de transport perdue", owner: Team, by: User | None = None,
    wordings: tuple[str, ...] = (), kind: str = "question", audience: str = "citizen", **content: Any,
) -> Article:  # fmt: skip
    """An article in service."""
    from guichet.knowledge.actions import import_articles
    from guichet.knowledge.exchange import filed_of

    row = {
        "code": code, "kind": kind, "audience": audience, "title": title, "wordings": list(wordings),
        "answer": "Commandez un duplicata en ligne : il coûte 10 € et arrive en 8 jours.",
        "topics": ["transport_scolaire.carte"], "sources": [{"title": "Règlement", "url": "https://exemple.example/r"}],
    }  # fmt: skip
    done = import_articles([filed_of({**row, **content})], owner=owner, publish=True, by=by or machine(GUICHET))
    assert not done.problems, done.problems
    return Article.objects.select_related("live", "owner").get(code=code)
