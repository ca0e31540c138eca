from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from guichet.cases.models import Attachment, Case, FollowCode, Interaction
from guichet.cases.models.case import Participant
from guichet.core.models import StoredFile
from guichet.core.reference import make
from guichet.outbox.models import Parcel
from tests.portal.factories import Region
from tests.portal.test_contact import PDF, filled, token

ADDRESS = "sandrine.lacoste@courriel.example"


@pytest.fixture
def case(region: Region) -> Case:
    Client().post("/contact/", filled(files=SimpleUploadedFile("attestation.pdf", PDF)))
    return Case.objects.get()


def ask(client: Client, reference: str, email: str = ADDRESS) -> Any:
    return client.post("/suivi/", {"reference": reference, "email": email})


def sent_code() -> tuple[str, str]:
    """The code and the handle of the last mail."""
    parcel = Parcel.objects.filter(subject__endswith="votre code de suivi").latest("id")
    handle = re.search(r"/suivi/lien/([^/]+)/", parcel.text)
    assert handle
    return parcel.subject[:6], handle[1]


def opened(case: Case) -> Client:
    client = Client()
    ask(client, case.reference)
    assert client.post("/suivi/code/", {"code": sent_code()[0]}).status_code == 302
    return client


def test_a_code_opens_the_case(client: Client, case: Case) -> None:
    assert ask(client, case.reference)["Location"] == "/suivi/code/"
    before = client.session.session_key
    assert client.post("/suivi/code/", {"code": sent_code()[0]})["Location"] == "/suivi/demande/"
    assert client.session.session_key != before
    page = client.get("/suivi/demande/").content.decode()
    assert "Carte perdue" in page
    assert "mon fils a perdu sa carte" in page
    assert "Transports scolaires" in page


def test_the_receipt_again(case: Case) -> None:
    client = opened(case)
    page = client.post("/suivi/demande/accuse/", {"numero": case.reference}, follow=True).content.decode()
    assert f"part à l’adresse {ADDRESS}" in page
    receipts = Parcel.objects.filter(subject__startswith="Accusé").order_by("id")
    assert len({(sent.subject, sent.text) for sent in receipts.all()}) == 1
    assert receipts.count() == 2
    for _ in range(2):
        client.post("/suivi/demande/accuse/", {"numero": case.reference})
    assert client.post("/suivi/demande/accuse/", {"numero": case.reference}).status_code == 429
    assert receipts.count() == 4


def test_unknown_number_or_address_gives_the_same_page(client: Client, case: Case) -> None:
    pages = []
    for reference, email in [(case.reference, ADDRESS), (case.reference, "x@autre.example"), (make(987654), ADDRESS)]:
        visitor = Client()
        assert ask(visitor, reference, email)["Location"] == "/suivi/code/"
        page = visitor.get("/suivi/code/").content.decode()
        pages.append(re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page))
    assert len(set(pages)) == 1
    assert Parcel.objects.filter(subject__endswith="votre code de suivi").count() == 1


def test_three_wrong_codes_close_the_door(client: Client, case: Case) -> None:
    ask(client, case.reference)
    good = sent_code()[0]
    wrong = "000000" if good != "000000" else "111111"
    for _ in range(3):
        assert client.post("/suivi/code/", {"code": wrong}).status_code == 400
    assert client.post("/suivi/code/", {"code": good}).status_code == 429
    assert client.get("/suivi/demande/")["Location"] == "/suivi/"


def test_the_number_alone_opens_nothing(client: Client, case: Case) -> None:
    assert client.get(f"/suivi/demande/?numero={case.reference}")["Location"] == "/suivi/"
    assert client.get(f"/suivi/piece/{Attachment.objects.get().pk}/").status_code == 404
    for path in ("message", "terminer", "rouvrir"):
        assert client.post(f"/suivi/demande/{path}/", {"numero": case.reference})["Location"] == "/suivi/"


def test_a_third_person_gets_no_access(client: Client, case: Case) -> None:
    Participant.objects.create(case=case, email="mairie@autre.example", role="third")
    ask(client, case.reference, "mairie@autre.example")
    assert not Parcel.objects.filter(subject__endswith="votre code de suivi").exists()


def test_someone_who_becomes_a_third_person_loses_access(case: Case) -> None:
    client = opened(case)
    Participant.objects.create(case=case, email=ADDRESS, role="third")
    assert client.get("/suivi/demande/").status_code == 302


def test_the_link_consumes_nothing_until_the_button(client: Client, case: Case) -> None:
    ask(Client(), case.reference)
    _, handle = sent_code()
    page = client.get(f"/suivi/lien/{handle}/")
    assert page.status_code == 200
    assert FollowCode.objects.get().used_at is None
    assert client.get("/suivi/demande/").status_code == 302
    assert client.post(f"/suivi/lien/{handle}/")["Location"] == "/suivi/demande/"
    assert client.get("/suivi/demande/").status_code == 200
    again = Client().post(f"/suivi/lien/{handle}/")
    assert again.status_code == 400
    assert "Ce lien a expiré" in again.content.decode()


def test_access_ends(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guichet.portal.access.LASTS", -1)
    assert opened(case).get("/suivi/demande/").status_code == 302


def test_history_shows_no_note_no_third_person_no_withdrawn(case: Case) -> None:
    client = opened(case)
    long_ago = timezone.now() - timedelta(hours=1)

    def add(text: str, **values: Any) -> None:
        Interaction.objects.create(case=case, channel="email", at=long_ago, text=text, **values)

    add("NOTE", direction="note")
    add("TIERS", direction="in", third_person=True, sender_address="mairie@autre.example")
    add("ANNULE", direction="out", withdrawn_at=long_ago, recipients=[[ADDRESS, ""]])
    add("AU-PARTENAIRE", direction="out", recipients=[["mairie@autre.example", ""]])
    add("POUR-VOUS", direction="out", recipients=[[ADDRESS, ""]])
    page = client.get("/suivi/demande/").content.decode()
    assert "POUR-VOUS" in page
    for hidden in ("NOTE", "TIERS", "ANNULE", "AU-PARTENAIRE", "mairie@"):
        assert hidden not in page


def test_attachments_are_downloaded_safely(case: Case) -> None:
    client = opened(case)
    pk = Attachment.objects.get().pk
    response = client.get(f"/suivi/piece/{pk}/")
    assert b"".join(response.streaming_content) == PDF
    for close in response._resource_closers:  # response.close() would also close the connection of the test
        close()
    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"].startswith("sandbox")
    StoredFile.objects.update(scan=StoredFile.Scan.INFECTED)
    assert client.get(f"/suivi/piece/{pk}/").status_code == 409


def test_writing_twice_the_same_is_one_message(case: Case) -> None:
    client = opened(case)
    values = {"numero": case.reference, "token": token(), "message": "Je l'ai retrouvée."}
    for _ in range(2):
        assert client.post("/suivi/demande/message/", values).status_code == 302
    assert Interaction.objects.filter(channel="portal").count() == 1
    assert "Je l&#x27;ai retrouvée." in client.get("/suivi/demande/").content.decode()


def test_an_empty_message_is_refused_on_the_page(case: Case) -> None:
    response = opened(case).post("/suivi/demande/message/", {"numero": case.reference, "token": token()})
    assert response.status_code == 400
    assert "Écrivez un message" in response.content.decode()


def test_closing_asks_first_then_reopening(case: Case) -> None:
    client = opened(case)
    assert client.get(f"/suivi/demande/terminer/?numero={case.reference}").status_code == 200
    case.refresh_from_db()
    assert not case.is_over
    client.post("/suivi/demande/terminer/", {"numero": case.reference})
    case.refresh_from_db()
    assert case.is_over
    assert "Rouvrir ma demande" in client.get("/suivi/demande/").content.decode()
    client.post("/suivi/demande/rouvrir/", {"numero": case.reference, "token": token(), "message": "Toujours rien."})
    case.refresh_from_db()
    assert not case.is_over


def test_a_merged_case_shows_its_survivor(case: Case) -> None:
    client = opened(case)
    Client().post("/contact/", filled(subject="Carte, suite"))
    survivor = Case.objects.exclude(pk=case.pk).get()
    Case.objects.filter(pk=case.pk).update(status="merged", merged_into=survivor, closed_at=timezone.now())
    page = client.get("/suivi/demande/").content.decode()
    assert survivor.spoken_reference in page
    assert "a été réunie à celle-ci" in page
    assert client.get("/suivi/demande/").context["case"] == survivor
