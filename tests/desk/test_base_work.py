"""Answers of the base beside a case, what was sent of it, and the work it finds by itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from guichet.accounts.models import User
from guichet.cases import actions as cases
from guichet.cases.actions.answering import says, without_person
from guichet.cases.actions.batching import work_batches
from guichet.cases.actions.ideas import OFTEN, find_ideas
from guichet.cases.actions.personal import save_draft
from guichet.cases.models import AnswerIdea, AnswerSent, Batch, Case, Draft, Interaction
from guichet.knowledge import actions, finding
from guichet.knowledge.actions import note_asked
from guichet.knowledge.content import read_content
from guichet.knowledge.models import Article, Asked, Version, Wording
from tests.desk.test_base import SOURCES, changed, editor, entered, text
from tests.factories import Region, article, case_of, mail, receive

ANSWER = "Commandez un duplicata en ligne : il coûte 10 € et arrive en 8 jours."


@pytest.fixture(autouse=True)
def fresh() -> None:
    finding.forget()


@pytest.fixture
def plume(region: Region) -> User:
    return editor("Plume")


@pytest.fixture
def relire(region: Region) -> User:
    return editor("Relire")


@pytest.fixture
def card(region: Region) -> Article:
    return article(owner=region.transport, wordings=("j'ai perdu ma carte de car",))


def asked(body: str = "Mon fils a perdu sa carte de car, que faire ?", number: int = 1) -> Case:
    return case_of(receive(mail(body=body, message_id=f"<q{number}@x.example>")))


@pytest.fixture
def case(region: Region) -> Case:
    return asked()


def answered(client: Client, case: Case, words: str, answers: str) -> Any:
    return client.post(f"/bureau/demandes/{case.reference}/reponse/", {"text": words, "answers": answers})


# -- beside a case ----------------------------------------------------------------------------------------------------


def test_the_case_page_does_not_wait_for_the_base(region: Region, card: Article, case: Case, monkeypatch: Any) -> None:
    monkeypatch.setattr(finding, "answer", lambda *a: pytest.fail("the page searched"))
    page = text(entered(region.nadia), f"/bureau/demandes/{case.reference}/")
    assert f'data-reponses="/bureau/demandes/{case.reference}/reponses/"' in page
    assert f'<a href="/bureau/demandes/{case.reference}/reponses/">' in page, "a link without script"


def test_near_answers_are_offered_and_what_is_for_agents_is_only_read(
    region: Region, card: Article, case: Case
) -> None:
    article(
        "consigne-carte",
        title="Carte de car perdue : consigne",
        owner=region.transport,
        kind="instruction",
        audience="agent",
        answer="Vérifiez d'abord le paiement.",
    )
    article("consigne-jeunes", title="Carte de car perdue", owner=region.youth, kind="instruction", audience="team")
    finding.forget()
    client = entered(region.nadia)
    fragment = text(client, f"/bureau/demandes/{case.reference}/reponses/?fragment=1")
    assert "<html" not in fragment
    assert f'data-article="{card.live_id}"' in fragment
    assert "consigne-carte" in fragment
    assert fragment.count("data-insere") == 1
    assert "consigne-jeunes" not in fragment, "of another team"
    assert "Carte de transport perdue" in text(client, f"/bureau/demandes/{case.reference}/reponses/?q=duplicata")
    assert "Rien pour" in text(client, f"/bureau/demandes/{case.reference}/reponses/?q=zzyzx")


def test_an_article_is_put_after_what_is_typed(region: Region, card: Article, case: Case) -> None:
    save_draft(case, by=region.nadia, kind="email", text="Bonjour Madame,")
    page = text(entered(region.nadia), f"/bureau/demandes/{case.reference}/?article={card.live_id}")
    assert f"Bonjour Madame,\n\n{ANSWER}" in page
    assert f'name="answers" value="{card.live_id}"' in page
    assert Draft.objects.get().text == "Bonjour Madame,", "looking writes nothing"
    actions.archive(card, "x", by=region.chief)
    assert ANSWER not in text(entered(region.nadia), f"/bureau/demandes/{case.reference}/?article={card.live_id}")


def test_what_is_sent_keeps_the_version(region: Region, card: Article, case: Case) -> None:
    assert card.live
    client = entered(region.nadia)
    assert answered(client, case, f"Bonjour,\n\n{ANSWER}", f"{card.live_id},x,999999").status_code == 302
    sent = AnswerSent.objects.get()
    assert (sent.version_id, sent.interaction.template_version) == (card.live_id, f"article {card.live_id}")
    assert "Envoyée 1 fois" in text(client, "/bureau/base/carte-perdue/")


def test_an_article_taken_out_of_the_text_was_not_sent(region: Region, card: Article, case: Case) -> None:
    answered(entered(region.nadia), case, "Bonjour, votre carte est partie hier.", str(card.live_id))
    assert not AnswerSent.objects.exists()
    assert card.live
    assert says("Commandez un duplicata en ligne : il coûte 10 €.", card.live)
    assert not says("Il coûte cher.", card.live)


def test_what_is_quoted_follows_the_draft_the_approval_and_the_undo(region: Region, card: Article, case: Case) -> None:
    client, pk = entered(region.nadia), card.live_id
    assert pk
    client.post(f"/bureau/demandes/{case.reference}/brouillon/", {"kind": "email", "text": ANSWER, "answers": str(pk)})
    assert Draft.objects.get().answers == [pk]
    assert f'name="answers" value="{pk}"' in text(client, f"/bureau/demandes/{case.reference}/")
    sent = cases.reply(case, by=region.nadia, text=ANSWER, answers=[pk])
    cases.withdraw_reply(sent, by=region.nadia)
    assert Draft.objects.get().answers == [pk]
    assert "Jamais envoyée" in text(client, "/bureau/base/carte-perdue/")
    proposal = cases.propose(case, by=region.nadia, text=ANSWER, answers=[pk])
    cases.send_back(proposal, by=region.chief, reason="Plus court.")
    assert Draft.objects.get().answers == [pk]
    approved = cases.approve(cases.propose(case, by=region.nadia, text=ANSWER, answers=[pk]), by=region.chief)
    assert AnswerSent.objects.filter(interaction=approved, version=pk).exists()


def test_who_received_the_old_text_is_told(
    region: Region, card: Article, case: Case, plume: User, relire: User
) -> None:
    cases.reply(case, by=region.nadia, text=ANSWER, answers=[card.live_id or 0])
    client = entered(region.nadia)
    assert "Prévenir ces personnes" not in text(client, "/bureau/base/carte-perdue/")
    version = actions.publish(actions.submit(changed(card, plume), by=plume), by=relire)
    assert "1 demande a reçu une version plus ancienne" in text(client, "/bureau/base/carte-perdue/")
    assert "Prévenir" not in text(entered(region.leo), "/bureau/base/carte-perdue/"), "of another team"
    address = client.post("/bureau/base/carte-perdue/prevenir/")["Location"]
    page = text(client, address)
    assert "Le duplicata coûte 12 €." in page
    batch = Batch.objects.get()
    said = "Bonjour, notre réponse a changé : Le duplicata coûte 12 €."
    given = {"verb": "reply", "text": said, "article": version.pk}
    assert client.post(f"/bureau/lot/{batch.pk}/preparer/", given).status_code == 302
    client.post(f"/bureau/lot/{batch.pk}/faire/", {"action": "confirmer", "nombre": "1"})
    while work_batches():
        continue
    assert AnswerSent.objects.filter(version=version).count() == 1
    assert "Prévenir" not in text(client, "/bureau/base/carte-perdue/"), "told"


# -- what it teaches --------------------------------------------------------------------------------------------------


def test_a_choice_teaches_only_what_an_editor_approves(region: Region, card: Article, plume: User) -> None:
    case = asked("Sandrine Lacoste : plus de carte de bus pour Théo, 06 39 98 41 27")
    cases.reply(case, by=region.nadia, text=ANSWER, answers=[card.live_id or 0])
    idea = AnswerIdea.objects.get()
    assert (idea.kind, idea.article) == ("wording", card)
    assert "Lacoste" not in idea.question
    assert "06" not in idea.question
    assert not card.wordings.filter(origin="agent").exists()
    client = entered(plume)
    assert "plus de carte de bus" in text(client, "/bureau/base/travail/")
    given = {"action": "rattacher", "article": "carte-perdue", "texte": "plus de carte de bus"}
    assert client.post(f"/bureau/base/travail/idees/{idea.pk}/", given).status_code == 302
    assert card.wordings.get(origin=Wording.Origin.AGENT).text == "plus de carte de bus"
    assert client.post(f"/bureau/base/travail/idees/{idea.pk}/", given).status_code == 409


def test_long_or_sensitive_messages_teach_nothing(region: Region, card: Article) -> None:
    long, secret = asked("Ma carte est perdue. " * 20, 1), asked("Ma carte est perdue, que faire ?", 2)
    Case.objects.filter(pk=secret.pk).update(sensitivity=2)
    for case, by in ((long, region.nadia), (secret, region.chief)):
        case.refresh_from_db()
        cases.reply(case, by=by, text=ANSWER, answers=[card.live_id or 0])
    assert AnswerSent.objects.count() == 2
    assert not AnswerIdea.objects.exists()


def test_what_agents_write_again_and_again_is_proposed_once(region: Region, plume: User) -> None:
    for n in range(OFTEN + 1):
        case = asked(f"Le vélo dans le car, c'est possible ? {'Merci ' * n}", n)
        Case.objects.filter(pk=case.pk).update(topic=region.card)
        words = f"Bonjour Madame Durand{n}, les vélos pliants sont acceptés dans nos cars, les autres vélos non."
        cases.reply(Case.objects.get(pk=case.pk), by=region.nadia, text=words)
    other = asked("Autre chose", 90)
    Case.objects.filter(pk=other.pk).update(topic=region.card)
    cases.reply(Case.objects.get(pk=other.pk), by=region.nadia, text="Votre dossier part demain à la commission. " * 2)
    assert find_ideas(by=plume) == 1
    assert find_ideas(by=plume) == 0
    idea = AnswerIdea.objects.get(kind="answer")
    assert idea.count == OFTEN + 1
    assert "vélos pliants" in idea.answer
    assert "Durand" not in idea.answer
    assert idea.question == "Le vélo dans le car, c'est possible ?"
    client = entered(plume)
    assert "vélos pliants" in text(client, f"/bureau/base/travail/idees/{idea.pk}/")
    given = {
        "action": "ecrire",
        "title": "Vélo dans le car",
        "answer": "Vélos pliants seulement.",
        "owner": region.transport.pk,
    }
    assert client.post(f"/bureau/base/travail/idees/{idea.pk}/", {**given, "title": ""}).status_code == 400
    page = client.post(f"/bureau/base/travail/idees/{idea.pk}/", given)
    assert page["Location"] == "/bureau/base/velo-dans-le-car/ecrire/"
    made = Article.objects.get(code="velo-dans-le-car")
    assert (made.live_id, made.wordings.count()) == (None, 1)
    assert find_ideas(by=plume) == 0, "decided once for all"


def test_names_of_the_person_are_taken_out(region: Region, case: Case) -> None:
    assert "Lacoste" not in without_person("Je suis Sandrine LACOSTE, ma carte ?", case.person)


# -- questions without answer -----------------------------------------------------------------------------------------


def test_questions_are_grouped_and_decided(region: Region, card: Article, plume: User) -> None:
    for place, words in (("search", "mon vélo dans le car"), ("noa", "dans le car mon vélo"), ("noa", "autre")):
        note_asked(words, place=place, outcome="none", by=plume)
    note_asked("trouvée", place="search", outcome="answered", by=plume)
    note_asked("Noa a proposé", place="noa", outcome="offered", by=plume)
    client = entered(plume)
    page = text(client, "/bureau/base/travail/")
    assert "2 fois, dont 1 à Noa" in page
    assert "Noa a proposé" in page
    assert "trouvée" not in page
    key = Asked.objects.filter(text="mon vélo dans le car").get().key
    assert "Rattacher à cet article" in text(client, f"/bureau/base/travail/question/?mots={key}&q=carte+perdue")
    given = {"mots": key, "article": "rien"}
    assert client.post("/bureau/base/travail/question/", given).status_code == 400
    assert client.post("/bureau/base/travail/question/", {**given, "article": "carte-perdue"}).status_code == 302
    assert card.wordings.get(origin="citizen").text in {"mon vélo dans le car", "dans le car mon vélo"}
    assert client.get(f"/bureau/base/travail/question/?mots={key}").status_code == 404
    other = Asked.objects.get(text="autre").key
    client.post("/bureau/base/travail/question/", {"mots": other, "action": "ignorer"})
    assert "autre" not in text(client, "/bureau/base/travail/").split("<main")[1].split("</section>")[0]


def test_answers_voted_down_are_listed_with_their_passage(region: Region, card: Article, plume: User) -> None:
    assert card.live
    for value, remark in (("non", "Quel site ?"), ("oui", "Merci"), ("partie", "Et le vol ?")):
        actions.vote(card.live, value, passage="en ligne", remark=remark, by=plume)
    page = text(entered(plume), "/bureau/base/travail/")
    assert "2 avis" in page
    assert "Quel site ?" in page
    assert "Merci" not in page.split("<main")[1].split("</main>")[0]
    assert entered(region.nadia).get("/bureau/base/travail/").status_code == 403


def test_the_night_work_is_asked_for_once(region: Region, plume: User) -> None:
    client = entered(plume)
    assert client.post("/bureau/base/travail/chercher/").status_code == 302
    assert client.post("/bureau/base/travail/chercher/").status_code == 409


def test_versions_quoted_are_never_lost(region: Region, card: Article, case: Case) -> None:
    """What was sent can always be read again: its version cannot be deleted."""
    cases.reply(case, by=region.nadia, text=ANSWER, answers=[card.live_id or 0])
    with pytest.raises(Exception, match="protected"):
        Version.objects.get(pk=card.live_id).delete()
    assert Interaction.objects.filter(answers_sent__version=card.live_id).exists()
    assert read_content({"title": "x", "sources": SOURCES})
