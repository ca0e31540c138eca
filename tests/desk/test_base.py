"""The base of answers in the desk: who finds what, every rendering, versions facing each other, what is decided."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from guichet.accounts.actions import create_agent
from guichet.accounts.machines import GUICHET, machine
from guichet.accounts.models import User
from guichet.core.calendar import paris_day
from guichet.knowledge import actions, finding
from guichet.knowledge.content import read_content
from guichet.knowledge.differences import differences
from guichet.knowledge.models import Article, Version, VersionState, Vote
from guichet.knowledge.renderings import sms
from tests.factories import Region, article

SOURCES = [{"title": "Règlement", "url": "https://exemple.example/r"}]


@pytest.fixture(autouse=True)
def fresh() -> None:
    finding.forget()


def entered(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def editor(name: str) -> User:
    return create_agent(
        f"{name}@agents.example", by=machine(GUICHET), password="un mot de passe long", is_editor=True, last_name=name
    )


@pytest.fixture
def plume(region: Region) -> User:
    return editor("Plume")


@pytest.fixture
def relire(region: Region) -> User:
    return editor("Relire")


@pytest.fixture
def card(region: Region) -> Article:
    return article(owner=region.transport, wordings=("j'ai perdu ma carte de car",))


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def titles(client: Client, address: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="[^"]+">([^<]+)', text(client, address))


def changed(found: Article, by: User, **content: Any) -> Version:
    row = {"title": "Carte perdue", "answer": "Le duplicata coûte 12 €.", "topics": ["transport_scolaire.carte"],
           "sources": SOURCES, **content}  # fmt: skip
    return actions.save_draft(actions.start_draft(found, by=by), read_content(row), remark="Nouveau prix", by=by)


# -- the list ---------------------------------------------------------------------------------------------------------


def test_an_agent_finds_in_the_words_of_citizens(region: Region, card: Article) -> None:
    article("lycee-cantine", title="Payer la cantine", owner=region.youth, answer="En ligne.", topics=["aides.permis"])
    found = titles(entered(region.nadia), "/bureau/base/?q=jai+perdu+la+carte+du+car")
    assert found[0] == "Carte de transport perdue"
    assert "Aucun article pour" in text(entered(region.nadia), "/bureau/base/?q=zzyzx")


def test_texts_of_a_team_stay_in_it(region: Region) -> None:
    article("consigne-jeunes", title="Consigne des jeunes", owner=region.youth, audience="team", kind="instruction")
    for client, status in ((entered(region.leo), 200), (entered(region.nadia), 404)):
        assert client.get("/bureau/base/consigne-jeunes/").status_code == status
        assert ("Consigne des jeunes" in text(client, "/bureau/base/")) is (status == 200)
        assert ("Consigne des jeunes" in text(client, "/bureau/base/?q=consigne+jeunes")) is (status == 200)


def test_what_was_never_published_is_for_who_writes(region: Region, plume: User) -> None:
    row = {"title": "Nouvelle carte", "answer": "Bientôt.", "topics": ["transport_scolaire.carte"]}
    actions.create_article("nouvelle-carte", read_content(row), owner=region.transport, by=plume)
    assert entered(region.nadia).get("/bureau/base/nouvelle-carte/").status_code == 404
    assert "Nouvelle carte" not in text(entered(region.nadia), "/bureau/base/")
    assert "Nouvelle carte" in text(entered(plume), "/bureau/base/?q=nouvelle")
    assert "Nouvelle carte" in text(entered(plume), "/bureau/base/?etat=brouillons")


def test_filters_narrow_and_pages_follow(region: Region, card: Article, plume: User) -> None:
    for n in range(32):
        article(f"permis-{n:02}", title=f"Permis {n:02}", owner=region.youth, topics=["aides.permis"], kind="procedure")
    client = entered(plume)
    first = text(client, "/bureau/base/?nature=procedure")
    assert ("Permis 29" in first, "Permis 30" in first) == (True, False)
    following = re.search(r'href="([^"]+)" rel="next"', first)
    assert following
    second = text(client, "/bureau/base/" + following[1].replace("/bureau/base/", "").replace("&amp;", "&"))
    assert ("Permis 29" in second, "Permis 31" in second) == (False, True)
    assert titles(client, "/bureau/base/?domaine=transport_scolaire.carte") == ["Carte de transport perdue"]
    assert "Carte de transport perdue" not in titles(client, f"/bureau/base/?equipe={region.youth.pk}")


def test_what_waits_is_counted(region: Region, card: Article, plume: User) -> None:
    actions.submit(changed(card, plume), by=plume)
    Article.objects.filter(pk=card.pk).update(review_on=paris_day(timezone.now()))
    page = text(entered(plume), "/bureau/base/")
    assert re.search(r"À relire <b>1</b>", page)
    assert re.search(r"En relecture <b>1</b>", page)
    assert "Carte de transport perdue" in text(entered(plume), "/bureau/base/?etat=a-relire")


# -- the page of an article -------------------------------------------------------------------------------------------


def test_every_rendering_says_the_same_answer(region: Region, plume: User) -> None:
    article(
        "carte",
        owner=region.transport,
        sms="Duplicata : 10 € en ligne.",
        spoken="Le duplicata coûte dix euros.",
        answer="Le **duplicata** coûte 10 €.",
        body="## Questions fréquentes\n### Et le vol ?\nIl est gratuit.",
    )
    page = text(entered(region.nadia), "/bureau/base/carte/")
    assert page.count("<strong>duplicata</strong> coûte 10 €") == 3  # page, frequent questions, Noa
    assert page.count("Le duplicata coûte 10 €.") == 2  # letter, answer of the desk: words alone
    assert "<summary>Et le vol ?</summary>" in page
    assert "27 signes, 1 message" in page
    assert "Le duplicata coûte dix euros." in page


@pytest.mark.parametrize(("typed", "signs", "messages"), [
    ("", 0, 0), ("a" * 160, 160, 1), ("a" * 161, 161, 2), ("€" * 80, 160, 1), ("€" * 81, 162, 2),
    ("ê" * 70, 70, 1), ("ê" * 71, 71, 2), ("😀" * 35, 70, 1), ("a" * 307, 307, 3),
])  # fmt: skip
def test_signs_of_a_text_message(typed: str, signs: int, messages: int) -> None:
    assert (sms(typed).signs, sms(typed).messages) == (signs, messages)


def test_versions_face_each_other(region: Region, card: Article, plume: User) -> None:
    changed(card, plume, title="Carte de transport perdue", answer="Commandez un duplicata en ligne : il coûte 12 €.")
    page = text(entered(plume), "/bureau/base/carte-perdue/versions/")
    assert "<del>10</del>" in page
    assert "<ins>12</ins>" in page
    assert "<del>Commandez" not in page
    assert "« Nouveau prix »" in page
    # Who only reads does not see what is being written.
    assert (
        "coûte 12"
        not in text(entered(region.nadia), "/bureau/base/carte-perdue/versions/").split("<main")[1].split("</main>")[0]
    )
    assert entered(region.nadia).get("/bureau/base/carte-perdue/?version=2").status_code == 404


def test_long_stretches_alike_are_folded(region: Region) -> None:
    body = "\n".join(f"Ligne {n}" for n in range(40))
    before = read_content({"title": "T", "answer": "R", "body": body})
    after = read_content({"title": "T", "answer": "R", "body": body.replace("Ligne 20", "Ligne vingt")})
    [change] = differences(before, after)
    assert sum(row.skipped for row in change.rows) == 40 - 1 - 4
    assert [piece.text for row in change.rows for piece in row.after or () if piece.changed] == ["vingt"]


def act(client: Client, action: str, **given: object) -> Any:
    return client.post("/bureau/base/carte-perdue/faire/", {"action": action, **given})


def test_another_than_the_author_publishes_what_he_read(card: Article, plume: User, relire: User) -> None:
    version = changed(card, plume)
    mine, other = entered(plume), entered(relire)
    assert act(mine, "soumettre").status_code == 302
    version.refresh_from_db()
    seen = {"version": version.number, "vue": version.changed_at.isoformat()}
    refused = act(mine, "publier", **seen)
    assert refused.status_code == 403
    assert "Un autre que l&#x27;auteur" in refused.content.decode()
    stale = act(other, "publier", version=version.number, vue="2026-01-01T00:00:00+00:00")
    assert stale.status_code == 409
    card.refresh_from_db()
    assert card.live_id != version.pk
    assert act(other, "publier", **seen).status_code == 302
    card.refresh_from_db()
    assert card.live_id == version.pk
    assert "Le duplicata coûte 12 €." in text(other, "/bureau/base/carte-perdue/")


def test_sent_back_with_a_reason_and_scheduled(card: Article, plume: User, relire: User) -> None:
    version, other = actions.submit(changed(card, plume), by=plume), entered(relire)
    assert act(other, "renvoyer", pourquoi="").status_code == 400
    assert act(other, "renvoyer", pourquoi="Citez la délibération.").status_code == 302
    assert "Renvoyée : Citez la délibération." in text(entered(plume), "/bureau/base/carte-perdue/")
    version = actions.submit(version, by=plume)
    seen = {"version": version.number, "vue": version.changed_at.isoformat()}
    assert act(other, "publier", quand="2001-01-01T08:00", **seen).status_code == 400
    assert act(other, "publier", quand="demain", **seen).status_code == 400
    later = (timezone.localtime() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    assert act(other, "publier", quand=later, **seen).status_code == 302
    version.refresh_from_db()
    assert version.state == VersionState.SCHEDULED


def test_archived_brought_back_confirmed(card: Article, relire: User, region: Region) -> None:
    client = entered(relire)
    assert act(client, "archiver", pourquoi="").status_code == 400
    assert act(client, "archiver", pourquoi="Remplacé").status_code == 302
    assert "archivé le" in text(client, "/bureau/base/carte-perdue/")
    assert titles(client, "/bureau/base/") == []
    assert titles(client, "/bureau/base/?etat=archives") == ["Carte de transport perdue"]
    assert act(client, "remettre").status_code == 302
    assert act(client, "confirmer", jusqu="2001-01-01").status_code == 400
    until = paris_day(timezone.now()) + timedelta(days=30)
    assert act(client, "confirmer", jusqu=until.isoformat()).status_code == 302
    card.refresh_from_db()
    assert card.review_on == until
    assert act(entered(region.leo), "archiver", pourquoi="Non").status_code == 403


def test_wordings_are_added_and_removed_by_editors(card: Article, plume: User, region: Region) -> None:
    assert act(entered(region.nadia), "formuler", formulations="plus de carte").status_code == 403
    client = entered(plume)
    act(client, "formuler", formulations="plus de carte\n\nPlus de carte\nma carte est cassée")
    assert card.wordings.count() == 3
    first = card.wordings.order_by("pk")[0]
    act(client, "oublier", formulation=first.pk)
    assert act(client, "oublier", formulation=first.pk).status_code == 409
    assert [w.text for w in card.wordings.order_by("pk")] == ["plus de carte", "ma carte est cassée"]


def test_any_agent_reports_an_error_and_an_editor_handles_it(card: Article, plume: User, region: Region) -> None:
    client = entered(region.leo)
    assert client.post("/bureau/base/carte-perdue/signaler/", {"passage": "10 €", "remarque": " "}).status_code == 400
    given = {"passage": "il coûte 10 €", "remarque": "C'est 12 €, m'écrire à leo@agents.example"}
    assert client.post("/bureau/base/carte-perdue/signaler/", given).status_code == 302
    vote = Vote.objects.get()
    assert (vote.version_id, vote.place, vote.passage) == (card.live_id, "desk", "il coûte 10 €")
    assert "leo@" not in vote.remark
    assert "<blockquote>il coûte 10 €</blockquote>" in text(entered(plume), "/bureau/base/carte-perdue/")
    assert "<blockquote>" not in text(client, "/bureau/base/carte-perdue/")
    assert act(client, "traiter", avis=vote.pk).status_code == 403
    assert act(entered(plume), "traiter", avis=vote.pk).status_code == 302
    vote.refresh_from_db()
    assert vote.handled_at
