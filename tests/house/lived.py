"""A Region people already used: at least one of everything that a page can show."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from guichet.accounts.machines import GUICHET, machine
from guichet.accounts.models import Absence, User
from guichet.cases import actions
from guichet.cases.actions.absences import record_absence
from guichet.cases.actions.batching import choose
from guichet.cases.actions.personal import save_draft
from guichet.cases.actions.reviewing import draw_reviews, rate
from guichet.cases.actions.routing import save_rule
from guichet.cases.models import (
    AnswerIdea,
    Attachment,
    Batch,
    Case,
    CaseMerge,
    Draft,
    InboundItem,
    Interaction,
    Proposal,
    ReplyTemplate,
    Review,
    RoutingRule,
    SavedView,
    Task,
    TopicExample,
)
from guichet.cases.models.case import next_reference
from guichet.cases.models.review import CRITERIA
from guichet.citizens.models import Account
from guichet.core import files
from guichet.gateway.worker import drain
from guichet.knowledge.actions import start_draft
from guichet.knowledge.models import Article, SeasonEvent
from guichet.noa import actions as talking
from guichet.noa.models import Chat, Dialogue
from guichet.organisation.models import Commitment
from guichet.outbox.models import Delivery, Parcel
from guichet.people import actions as people
from guichet.people.identity import Claim
from guichet.people.models import Merge, Person
from tests.factories import Region, article, build_region, case_of, citizen_account, mail, receive
from tests.house.filed import Filed, filed
from tests.portal.test_contact import PDF, filled

CITIZEN = "sandrine.lacoste@courriel.example"
HTML_MAIL = (
    b"From: Sandrine Lacoste <sandrine.lacoste@courriel.example>\r\nTo: transports17@nouvelle-aquitaine.example\r\n"
    b"Subject: Horaires\r\nMessage-ID: <h1@courriel.example>\r\nDate: Mon, 22 Jun 2026 10:24:00 +0200\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Quels sont <b>les horaires</b> ?</p>\r\n"
)


@dataclass
class House:
    region: Region
    case: Case  # of the team of Nadia: opened by the form, answered, with a file, a note, a task, a failed sending
    over: Case  # of the same team, closed
    hidden: Case  # of the team of Léo
    attachment: Attachment
    page: Interaction  # a mail with a layout of its own
    reply: Interaction
    letter: Interaction  # on paper, not posted yet
    task: Task
    failure: Delivery
    quarantined: InboundItem
    second: Case  # of the same team, linked to nothing
    joined: CaseMerge  # of a third one into `second`
    alike: Person  # who may be the person of `case`
    draft: Draft  # of Nadia, on `case`
    proposal: Proposal  # of Nadia, on `second`
    merged: Merge  # of a third record into `alike`
    rule: RoutingRule
    commitment: Commitment
    example: TopicExample
    batch: Batch  # of Nadia, of `case` alone, not confirmed
    view: SavedView  # of Nadia, shared with her team
    absence: Absence  # of Nadia, to come
    review: Review  # of an answer of Nadia, by an administrator
    aid: Article  # in service
    article: Article  # of the team of Nadia, public, with a draft
    event: SeasonEvent
    idea: AnswerIdea  # a wording of `article`, to be decided
    chat: Chat  # waits for a person of the team of Nadia
    dialogue: Dialogue
    account: Account  # of a citizen
    outgoing: str  # the name of a mail in the folder of the demonstration

    @cached_property
    def filed(self) -> Filed:
        """The dossiers of the citizen, made for who asks."""
        return filed(self.region, self.account)

    @property
    def accounts(self) -> dict[str, User]:
        return {"agent": self.region.nadia, "stranger": self.region.leo, "administrator": self.region.chief}


def live() -> House:
    region = build_region()
    by = region.nadia
    ReplyTemplate.objects.create(name="Perte", text="Bonjour {civilité} {nom}.")
    case = _sent_by_form(topic="transport_scolaire.carte")
    over, hidden = _by_mail(1), _by_mail(2, to="jeunes@nouvelle-aquitaine.example")
    drain()
    sent = actions.reply(case, by=by, text="Bonjour Madame,\n\nVoici votre carte.")
    letter = actions.reply(case, by=by, text="Bonjour Madame,\n\nVoici votre carte.", channel="paper")
    actions.note(case, by=by, text="Carte refaite.")
    failure = Delivery.objects.get(parcel=sent.parcel)
    Delivery.objects.filter(pk=failure.pk).update(state=Delivery.State.FAILED, error="boîte pleine")
    page = receive(HTML_MAIL, to="transports17@nouvelle-aquitaine.example").interaction
    assert page is not None and page.html
    actions.link(case, over, by=by)
    actions.close(over, by=by, result="answered")
    save_draft(case, by=by, kind="email", text="Bonjour,")
    drain()
    outgoing = _outgoing()
    second, third = _by_mail(3), _by_mail(4)
    actions.merge(second, third, by=by)
    proposal = actions.propose(second, by=by, text="Bonjour, voici.")
    person = case.person
    assert person is not None
    alike = _record(case, "Sandrine Lacostte")
    double = _record(case, "S. Lacoste")
    people.propose_duplicate(person, alike, reason="même nom", score=70)
    return House(
        region=region,
        case=Case.objects.get(pk=case.pk),
        over=over,
        hidden=hidden,
        attachment=Attachment.objects.get(interaction__case=case),
        page=page,
        reply=sent,
        letter=letter,
        task=Task.objects.create(case=case, label="Rappeler Madame Lacoste"),
        failure=Delivery.objects.get(pk=failure.pk),
        quarantined=InboundItem.objects.create(
            channel="email", digest="q" * 64, raw=files.keep(mail(message_id="<q@x.example>"), name="q.eml"),
            state=InboundItem.State.QUARANTINED, error="Message illisible", received_at=timezone.now(),
        ),
        outgoing=outgoing,
        account=citizen_account(),
        aid=_aid(region),
        article=(card := _article(region)),
        event=SeasonEvent.objects.create(title="Rentrée", day="2026-09-01", shown_from="2026-08-01",
                                         shown_until="2026-09-02", article=card),
        idea=AnswerIdea.objects.create(kind="wording", key="carte perdu", question="carte perdue ?", article=card),
        review=_review(region),
        chat=_chat(case),
        dialogue=_dialogue(region),
        absence=record_absence(
            Absence(user=by, first_day=timezone.localdate() + timedelta(days=9), leaves_to="queue",
                    last_day=timezone.localdate() + timedelta(days=12)), by=by,
        ),
        rule=save_rule(RoutingRule(name="Cartes", words=["carte"], topic=region.card), by=region.chief),
        commitment=Commitment.objects.order_by("pk")[0],
        example=TopicExample.objects.create(topic=region.card, text="Ma carte est perdue."),
        batch=choose([case.pk], by=by),
        view=SavedView.objects.create(owner=region.nadia, team=region.transport, name="Urgentes", query="urgent=1"),
        second=second,
        draft=Draft.objects.get(case=case, user=by),
        proposal=proposal,
        joined=CaseMerge.objects.get(absorbed=third),
        alike=alike,
        merged=people.merge(alike, double, by=by),
    )  # fmt: skip


def _article(region: Region) -> Article:
    found = article(owner=region.transport, wordings=("j'ai perdu ma carte",), related=["aide-permis"],
                    uncertain="Le prix change chaque année.")  # fmt: skip
    start_draft(found, by=region.chief)
    return found


def _aid(region: Region) -> Article:
    facts = {
        "for_whom": "Lycéens", "amount": "80 %", "when": "Toute l'année", "reply": "2 mois", "themes": ["sport"],
        "profiles": ["lyceen"], "ages": [15, 25], "conditions": ["vous êtes lycéen"], "exclusions": ["au collège"],
    }  # fmt: skip
    body = "## Quels documents ?\n\n- **RIB** : récent\n\n## Questions fréquentes\n\n### Et après ?\n\nRien."
    return article("aide-permis", title="Aide au permis", kind="aid", owner=region.transport, aid=facts, body=body)


def _chat(case: Case) -> Chat:
    """Noa answered, proposed, asked, warned; a person is called."""
    chat = talking.open_chat()
    for said in ("bonjour", "carte perdue", "quels documents ?", "au feu, un enfant est blessé"):
        talking.hear(chat, said)
        chat.refresh_from_db()
    Chat.objects.filter(pk=chat.pk).update(case=case, state="queued", queued_at=timezone.now())
    chat.refresh_from_db()
    return chat


def _dialogue(region: Region) -> Dialogue:
    source = """
title = "Être rappelé"
says = ["rappelez moi"]
[[steps]]
name = "telephone"
ask = "À quel numéro ?"
kind = "phone"
[[ends]]
name = "fin"
say = "C'est noté."
[[tests]]
turns = ["> rappelez moi", "À quel numéro"]
"""
    return talking.save_dialogue(Dialogue(code="rappel", source=source), by=region.chief)


def _review(region: Region) -> Review:
    today = timezone.localdate()
    drawn = draw_reviews(region.transport, None, today, today, 1, by=region.chief).reviews.get()
    return rate(drawn, dict.fromkeys(CRITERIA, 3), "Dites le délai.", by=region.chief)


def _record(case: Case, name: str) -> Person:
    """Another record that the team of `case` may see: it has a case there."""
    person = people.welcome(Claim(displayed_name=name), by=machine(GUICHET), source="counter")
    Case.objects.create(
        reference=next_reference(), subject="Question", channel="phone", person=person, team=case.team,
        status="assigned", received_at=timezone.now(),
    )  # fmt: skip
    return person


def _sent_by_form(**changes: str) -> Case:
    file = SimpleUploadedFile("attestation.pdf", PDF)
    response = Client().post("/contact/", filled(files=file, **changes))
    assert response.status_code == 302, response.content.decode()
    return Case.objects.latest("pk")


def _by_mail(number: int, *, to: str = "transports17@nouvelle-aquitaine.example") -> Case:
    raw = mail(message_id=f"<m{number}@courriel.example>", subject=f"Question {number}", to=to)
    return case_of(receive(raw, to=to))


def _outgoing() -> str:
    from guichet.desk.views.mail import outgoing_folder

    folder = outgoing_folder()
    assert folder is not None
    return sorted(path.name for path in folder.glob("*.eml"))[0]


def citizen(case: Case) -> Client:
    """A browser that just sent a form and opened its case with the code of the mail."""
    client = Client()
    client.post("/contact/", filled(topic="transport_scolaire.carte"))
    client.post("/suivi/", {"reference": case.reference, "email": CITIZEN})
    code = Parcel.objects.filter(subject__endswith="votre code de suivi").latest("pk").subject[:6]
    assert client.post("/suivi/code/", {"code": code})["Location"] == "/suivi/demande/"
    client.post("/suivi/", {"reference": case.reference, "email": CITIZEN})
    return client


def agent(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def follow_handle() -> str:
    """The one of the last mail, else one that nobody was sent."""
    parcel = Parcel.objects.filter(subject__endswith="votre code de suivi").order_by("pk").last()
    found = re.search(r"/suivi/lien/([^/]+)/", parcel.text) if parcel else None
    return found[1] if found else "inconnu"
