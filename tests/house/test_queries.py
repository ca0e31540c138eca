"""A page asks the database the same number of questions whether it shows five lines or fifty."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from guichet.accounts.machines import GUICHET, machine
from guichet.accounts.models import Membership, User
from guichet.cases.models import (
    Attachment,
    Case,
    Clock,
    InboundItem,
    Interaction,
    RoutingDecision,
    RoutingRule,
    Task,
    TopicExample,
)  # fmt: skip
from guichet.cases.models.case import next_reference
from guichet.core import files
from guichet.journal.actions import record
from guichet.knowledge import finding
from guichet.knowledge.actions import start_draft
from guichet.knowledge.models import Vote, Wording
from guichet.organisation import directory
from guichet.organisation.models import Team, Topic
from guichet.outbox.models import Delivery, Parcel
from guichet.people.actions import set_keys
from guichet.people.models import Person
from guichet.procedures.actions import prepare_dossiers
from guichet.procedures.models import Deadline, Dossier, DossierBatchItem, Entry, Payment, Piece, PieceFile, TakenOut
from tests.factories import article, case_of, mail, receive, signed_in
from tests.house.lived import CITIZEN, House, agent, citizen

FEW, MANY = 5, 50
Grow = Callable[[House, int], None]


@pytest.fixture(autouse=True)
def remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a page takes here, what a process remembers of the base is not read again under the count."""
    monkeypatch.setattr(finding, "FRESH_SECONDS", 3600)


def questions(client: Client, address: str) -> list[str]:
    finding.forget()
    client.get(address)  # what is remembered by the process is read here
    directory.forget()  # and what is remembered a few seconds only, once more
    directory.directory()
    with CaptureQueriesContext(
        connection,
    ) as seen:
        response = client.get(address)
        assert response.status_code == 200
    return [query["sql"] for query in seen.captured_queries]


def more_cases(house: House, number: int) -> None:
    """Each of another person, topic and agent, so that nothing is saved by sharing."""
    now = timezone.now()
    for n in range(number):
        person = Person(first_name="Ana", family_name=f"Lacoste{n}")
        set_keys(person)
        person.save()
        topic = Topic.objects.create(code=f"sujet{now.timestamp()}{n}", label=f"Sujet {n}", is_active=False)
        case = Case.objects.create(
            reference=next_reference(), subject=f"Question {n}", channel="email", person=person, topic=topic,
            team=house.region.transport, status="assigned", received_at=now, due_at=now + timedelta(hours=n),
            assignee=house.region.nadia,
        )  # fmt: skip
        Clock.objects.create(case=case, kind="commitment", started_at=now, due_at=now, base_due_at=now)


def more_exchanges(house: House, number: int) -> None:
    now = timezone.now()
    stored = files.keep(b"bonjour", name="a.txt")
    for n in range(number):
        at = now - timedelta(hours=1, minutes=n)
        parcel = Parcel.objects.create(channel="email", message_id=f"<{at.timestamp()}.{n}@x>", sender_address="a@b.fr",
                                       text="x")  # fmt: skip
        Delivery.objects.create(parcel=parcel, recipient=CITIZEN, state="sent")
        sent = Interaction.objects.create(case=house.case, channel="email", direction="out", at=at, text="Voici.",
                                          author=house.region.nadia, parcel=parcel, recipients=[[CITIZEN, ""]],
                                          person=house.case.person)  # fmt: skip
        received = Interaction.objects.create(case=house.case, channel="email", direction="in", at=at, text="Et ?",
                                              person=house.case.person, sender_address=CITIZEN)  # fmt: skip
        for exchange in (sent, received):
            Attachment.objects.create(interaction=exchange, file=stored, name=f"{n}.txt")
        Task.objects.create(case=house.case, label=f"Rappeler {n}")
        record("case.released", by=house.region.nadia, case_id=house.case.pk)


def more_topics(house: House, number: int) -> None:
    stamp = timezone.now().timestamp()
    for n in range(number):
        root = Topic.objects.create(code=f"racine{stamp}{n}", label=f"Sujet {n}")
        Topic.objects.create(code=f"feuille{stamp}{n}", label=f"Sujet {n} bis", parent=root)
        Team.objects.create(code=f"E{stamp}{n}", name=f"Équipe {n}", parent=house.region.root, path="/x/")
    directory.forget()


def more_failures(house: House, number: int) -> None:
    more_exchanges(house, number)
    Delivery.objects.filter(parcel__interaction__case=house.case).update(state="failed", handled_at=None)
    for n in range(number):
        InboundItem.objects.create(
            channel="email", digest=f"{n}-{timezone.now().timestamp()}", raw=files.keep(f"mail {n}".encode()),
            state="quarantined", error="Illisible",
        )  # fmt: skip


def more_rules(house: House, number: int) -> None:
    """Rules, examples and decisions, each of another topic and case."""
    before = set(Case.objects.values_list("pk", flat=True))
    more_cases(house, number)
    for case in Case.objects.exclude(pk__in=before):
        assert case.topic is not None
        rule = RoutingRule.objects.create(position=case.pk, name=f"R{case.pk}", words=["x"], topic=case.topic)
        RoutingDecision.objects.create(case=case, source="rule", rule=rule, topic=case.topic)
        interaction = Interaction.objects.create(
            case=case, channel="email", direction="in", at=timezone.now(), text="x"
        )
        TopicExample.objects.create(topic=case.topic, interaction=interaction, by=house.region.nadia)


def more_agents(house: House, number: int) -> None:
    stamp = timezone.now().timestamp()
    for n in range(number):
        user = User.objects.create_user(f"a{n}.{stamp}@agents.example", last_name=f"Agent {n}")
        team = Team.objects.create(code=f"A{stamp}{n}", name=f"Équipe {n}", path="/x/")
        Membership.objects.create(user=user, team=team)


def more_articles(house: House, number: int) -> None:
    """Each with wordings, votes, versions; and as many of them on one article."""
    stamp = str(timezone.now().timestamp()).replace(".", "-")
    for n in range(number):
        found = article(f"a-{stamp}-{n}", title=f"Article {n}", owner=house.region.transport, wordings=("un", "deux"))
        start_draft(found, by=house.region.chief)
        for one in (found, house.article):
            Vote.objects.create(version_id=one.live_id, place="search", value="non", remark="Faux.")
        Wording.objects.create(article=house.article, text=f"{stamp}{n}", by=house.region.chief)
        record("article.draft_saved", by=house.region.chief, subject=f"article:{house.article.pk}", code="x", version=n)


def of_nadia(house: House) -> Client:
    return agent(house.region.nadia)


def of_chief(house: House) -> Client:
    return agent(house.region.chief)


def of_citizen(house: House) -> Client:
    return citizen(house.case)


def of_account(house: House) -> Client:
    return signed_in(Client(), house.account)


def more_dossiers(house: House, count: int) -> None:
    """Of the same person, filed, with a date and a document each."""
    model = house.filed.waiting
    for _ in range(count):
        case = case_of(receive(mail(message_id=f"<d{uuid.uuid4()}@x.example>")))
        dossier = Dossier.objects.get(pk=model.pk)
        dossier.pk, dossier.key, dossier.case, dossier.reference = None, uuid.uuid4(), case, case.reference
        dossier.save()
        Deadline.objects.create(dossier=dossier, person=dossier.applicant, kind="piece", label="x", day="2026-12-24")
        piece = Piece.objects.create(dossier=model, code=f"p{uuid.uuid4().hex[:9]}", label="Autre")
        PieceFile.objects.create(piece=piece, file=house.filed.piece.file, name="x.pdf")


def more_in_batch(house: House, count: int) -> None:
    """Dossiers of one batch, previewed: some that will be asked for documents, some left out."""
    more_dossiers(house, count)
    dossiers = Dossier.objects.filter(procedure=house.filed.procedure).exclude(phase="draft")
    present = set(house.filed.batch.items.values_list("dossier_id", flat=True))
    items = [DossierBatchItem(batch=house.filed.batch, dossier=d, version=1) for d in dossiers if d.pk not in present]
    DossierBatchItem.objects.bulk_create(items)
    until = (timezone.localdate() + timedelta(days=9)).isoformat()
    prepare_dossiers(house.filed.batch, "ask", {"until": until, "text": ""}, by=house.filed.officer)


def more_payments(house: House, count: int) -> None:
    """Some in a list to be validated, some that wait, each left out of an order once."""
    more_dossiers(house, count)
    for dossier in Dossier.objects.filter(procedure=house.filed.procedure, payments=None).exclude(phase="draft"):
        for rank, order in ((1, house.filed.prepared), (2, None)):
            payment = Payment.objects.create(
                dossier=dossier, rank=rank, kind="interim", label="x", amount_cents=100, state="ready", order=order,
                payee="Camille Duprat", iban="FR7630006000011234567890189",
            )  # fmt: skip
            TakenOut.objects.create(order=house.filed.order, payment=payment, amount_cents=1, reason="x",
                                    by=house.filed.officer)  # fmt: skip


def of_leo(house: House) -> Client:
    return agent(house.filed.officer)


def more_entries(house: House, count: int) -> None:
    """Applications typed for somebody, each by another agent."""
    stamp = timezone.now().timestamp()
    for n in range(count):
        user = User.objects.create_user(f"s{n}.{stamp}@agents.example", last_name=f"Agent {n}")
        dossier = Dossier.objects.get(pk=house.filed.entry.pk)
        dossier.pk, dossier.key = None, uuid.uuid4()
        dossier.save()
        Entry.objects.create(dossier=dossier, saved_by=user)


PAGES: list[tuple[str, Callable[[House], Client], Grow]] = [
    ("/", lambda house: Client(), more_topics),
    ("/contact/", lambda house: Client(), more_topics),
    ("/suivi/demande/", of_citizen, more_exchanges),
    ("/mes-demarches/", of_account, more_dossiers),
    ("/mes-demarches/dossier/{dossier}/", of_account, more_dossiers),
    ("/bureau/dossiers/", of_leo, more_dossiers),
    ("/bureau/dossiers/lots/{batch}/", of_leo, more_in_batch),
    ("/bureau/dossiers/ordres/{order}/", of_leo, more_payments),
    ("/bureau/dossiers/versements/", of_leo, more_payments),
    ("/bureau/?file=a-traiter", of_nadia, more_cases),
    ("/bureau/?file=equipe-{team}", of_nadia, more_cases),
    ("/bureau/recherche/?q=lacoste", of_nadia, more_cases),
    ("/bureau/demandes/{case}/", of_nadia, more_cases),
    ("/bureau/demandes/{case}/", of_nadia, more_exchanges),
    ("/bureau/", of_chief, more_topics),
    ("/bureau/dossiers/saisies/", of_chief, more_entries),
    ("/bureau/envois/", of_nadia, more_failures),
    ("/bureau/quarantaine/", of_chief, more_failures),
    ("/bureau/orientation/", of_chief, more_rules),
    ("/bureau/reglages/equipes/", of_chief, more_topics),
    ("/bureau/reglages/sujets/", of_chief, more_topics),
    ("/bureau/reglages/agents/", of_chief, more_agents),
    ("/bureau/equipes/", of_chief, more_agents),
    ("/bureau/equipes/{team}/", of_chief, more_agents),
    ("/bureau/equipes/{team}/demandes/", of_chief, more_cases),
    ("/bureau/orientation/journal/", of_chief, more_rules),
    ("/bureau/orientation/exemples/", of_chief, more_rules),
    ("/bureau/orientation/qualite/", of_chief, more_rules),
    ("/bureau/base/", of_nadia, more_articles),
    ("/bureau/base/?q=carte", of_chief, more_articles),
    ("/bureau/base/?etat=brouillons", of_chief, more_articles),
    ("/bureau/base/carte-perdue/", of_chief, more_articles),
]


@pytest.mark.parametrize(("page", "visitor", "grow"), PAGES, ids=[f"{p[0]} {p[2].__name__}" for p in PAGES])
def test_the_number_of_queries_does_not_grow(
    house: House, page: str, visitor: Callable[[House], Client], grow: Grow
) -> None:
    machine(GUICHET)
    client = visitor(house)
    address = page.format(
        case=house.case.reference, team=house.region.transport.pk, dossier=house.filed.waiting.reference,
        batch=house.filed.batch.pk, order=house.filed.prepared.pk,
    )  # fmt: skip
    grow(house, FEW)
    few = questions(client, address)
    grow(house, MANY - FEW)
    many = questions(client, address)
    assert len(many) == len(few), "\n".join(query[:200] for query in many if query not in few)
    assert len(many) <= 40


def test_the_count_sees_a_query_for_each_line(house: House) -> None:
    """The guard itself: reading the person of each case one by one is seen."""
    more_cases(house, FEW)
    with CaptureQueriesContext(connection) as seen:
        assert [case.person.full_name for case in Case.objects.all() if case.person]
    assert len(seen) > FEW
