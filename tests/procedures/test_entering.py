"""An application on paper or told at a counter: an agent types it for the person, a colleague goes on, the receipt
leaves by e-mail or is printed."""

from __future__ import annotations

import io
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.actions import Told, merge, open_told
from guichet.cases.models import Case, CaseLink
from guichet.core.refused import NotAllowed, Refused
from guichet.desk.entries import came_with
from guichet.journal.models import Event
from guichet.people.identity import Claim
from guichet.people.models import ContactPoint, Mandate, Person
from guichet.procedures import actions as do
from guichet.procedures.models import Dossier, Procedure
from tests.factories import Region, citizen_account, signed_in
from tests.house.lived import agent
from tests.procedures.conftest import PDF, STUDENT

pytestmark = pytest.mark.django_db
Officers = tuple[User, User]
BASE = "/bureau/dossiers/saisies/"
TODAY = timezone.localdate


@pytest.fixture
def letter(camille: Person, region: Region) -> Case:
    """What Camille brought: a matter of the service in charge, with her scanned documents."""
    case = open_told(
        Told(key=uuid.uuid4().hex, channel="counter", text="Dépose son dossier papier.", person=camille,
             topic_id=region.licence.pk, files=[("scan.pdf", PDF + b"convention"), ("rib.pdf", PDF + b"rib")]),
        by=region.chief,
    )  # fmt: skip
    assert case.team == region.youth
    return case


def arrival(**more: Any) -> do.Arrival:
    return do.Arrival(**{"channel": "paper", "received_on": TODAY(), **more})


def typed(mobility: Procedure, person: Person, by: User, came: do.Arrival, letter: Case | None = None) -> Dossier:
    draft = do.enter(mobility, person, came, by=by, key=uuid.uuid4(), letter=letter)
    for page in draft.definition.pages:
        posted = {code: [value] for code, value in STUDENT.items()}
        draft, errors = do.save_page(draft, page.code, posted, person=person, edit=draft.edit, by=by)
        assert not errors
    return draft


def begin_page(client: Client, letter: Case, procedure: Procedure, **changes: Any) -> Any:
    address = f"{BASE}nouvelle/?demande={letter.reference}"
    found = re.search(r'name="key" value="([^"]+)"', client.get(address).content.decode())
    assert found
    said = {"key": found[1], "procedure": procedure.pk, "channel": "paper", "received_on": TODAY().isoformat(),
            "postmark": (TODAY() - timedelta(days=2)).isoformat(), "basis": "self"}  # fmt: skip
    return client.post(address, {**said, **changes})


def test_from_the_letter_to_the_receipt_and_the_account(
    mobility: Procedure, camille: Person, letter: Case, officers: Officers
) -> None:
    leo, julien = agent(officers[0]), agent(officers[1])
    assert "Saisir un dossier" in leo.get(f"/bureau/demandes/{letter.reference}/").content.decode()
    assert begin_page(leo, letter, mobility).status_code == 302
    draft = Dossier.objects.get()
    assert (draft.channel, draft.entered_by, draft.entry.letter) == ("paper", officers[0], letter)
    at = f"{BASE}{draft.key}/page/"
    # It is nobody's but the service's until it is filed.
    citizen = signed_in(Client(), citizen_account())
    assert citizen.get(f"/mes-demarches/brouillon/{draft.key}/").status_code == 404
    assert do.begin(mobility, camille).pk != draft.pk
    page = leo.post(f"{at}vous/", {**STUDENT, "edit": draft.edit, "date_naissance": "hier", "suite": "continuer"})
    assert page.status_code == 400 and 'value="hier"' in page.content.decode()
    # A colleague of the service goes on.
    assert draft.procedure.title in julien.get(BASE).content.decode()
    for form_page in draft.definition.pages:
        draft.refresh_from_db()
        sent = julien.post(f"{at}{form_page.code}/", {**STUDENT, "edit": draft.edit, "suite": "continuer"})
        assert sent.status_code == 302
    draft.entry.refresh_from_db()
    assert draft.entry.saved_by == officers[1]
    scan = letter.interactions.get(direction="in").attachments.get(name="scan.pdf")
    assert "scan.pdf" in julien.get(f"{at}documents/").content.decode()
    assert julien.post(f"{at}documents/", {"piece": "convention", "lettre": scan.pk}).status_code == 302
    julien.post(f"{at}documents/", {"piece": "identite", "fichier": io.BytesIO(PDF)})
    taken = draft.pieces.get(code="convention").files.get()
    assert taken.file_id == scan.file_id
    taken.file.scan = "clean"
    taken.file.save()
    assert b"".join(julien.get(f"/bureau/dossiers/piece/{taken.pk}/")) == PDF + b"convention"
    summary = julien.get(f"{at}recapitulatif/").content.decode()
    assert "camille.duprat@courriel.example" in summary and "Trinity Books" in summary
    filed = julien.post(f"{at}recapitulatif/", follow=True).content.decode()
    draft.refresh_from_db()
    assert draft.reference and draft.spoken_reference in filed
    assert draft.case is not None
    receipt = draft.case.interactions.get(automatic="receipt")
    assert receipt.channel == "email" and "L. 112-3" in receipt.text
    assert CaseLink.objects.filter(first=letter, second=draft.case).exists()
    shown = julien.get(f"/bureau/dossiers/{draft.reference}/").content.decode()
    assert "courrier" in shown and "saisi par Léo Roux" in shown
    assert draft.spoken_reference in citizen.get("/mes-demarches/").content.decode()
    told = list(Event.objects.filter(subject=f"dossier:{draft.pk}").values_list("verb", "actor__first_name"))
    assert {("dossier.begun", "Léo"), ("dossier.read", "Julien"), ("dossier.filed", "Julien")} <= set(told)
    # Its address leads to the number now; nothing is filed twice.
    assert julien.get(f"{BASE}{draft.key}/")["Location"].endswith(f"/{draft.reference}/depose/")


def test_two_clicks_are_one_draft_and_another_form_is_another(
    mobility: Procedure, letter: Case, officers: Officers
) -> None:
    client = agent(officers[0])
    first = begin_page(client, letter, mobility)
    draft = Dossier.objects.get()
    found = do.enter(mobility, draft.applicant, arrival(), by=officers[1], key=draft.key)
    assert found.pk == draft.pk and first.status_code == 302
    begin_page(client, letter, mobility)  # a second child in the same letter
    assert Dossier.objects.count() == 2
    assert "Déjà en cours de saisie" in client.get(f"{BASE}nouvelle/?demande={letter.reference}").content.decode()


def test_another_team_finds_nothing_and_does_nothing(
    mobility: Procedure, camille: Person, letter: Case, region: Region, officers: Officers
) -> None:
    draft = typed(mobility, camille, officers[0], arrival(), letter)
    nadia = agent(region.nadia)
    for path in ("", "arrivee/", "abandonner/", "page/vous/", "page/documents/", "page/recapitulatif/"):
        assert nadia.get(f"{BASE}{draft.key}/{path}").status_code == 404, path
        assert nadia.post(f"{BASE}{draft.key}/{path}").status_code in {404, 405}, path
    assert nadia.get(f"{BASE}nouvelle/?personne={camille.pk}").status_code == 404
    assert draft.procedure.title not in nadia.get(BASE).content.decode()
    for act in (
        lambda: do.file_entry(draft, by=region.nadia),
        lambda: do.discard(draft, person=camille, by=region.nadia),
        lambda: do.change_arrival(draft, arrival(), by=region.nadia),
        lambda: do.save_page(draft, "vous", {}, person=camille, edit=draft.edit, by=region.nadia),
        lambda: do.send_piece(draft, "rib", person=camille, content=PDF, name="rib.pdf", by=region.nadia),
        lambda: do.note_read(draft, by=region.nadia),
    ):
        with pytest.raises(NotAllowed):
            act()
    with pytest.raises(Refused, match="votre équipe"):
        do.enter(mobility, camille, arrival(), by=region.nadia, key=uuid.uuid4())
    assert Dossier.objects.being_entered(officers[1]).count() == 1


def test_a_document_of_another_matter_is_not_taken(
    mobility: Procedure, camille: Person, letter: Case, officers: Officers, region: Region
) -> None:
    draft = typed(mobility, camille, officers[0], arrival())
    scan = letter.interactions.get(direction="in").attachments.get(name="scan.pdf")
    with pytest.raises(Refused, match="pas arrivé avec"):
        do.take_from_letter(draft, "convention", scan, by=officers[0])
    answer = agent(officers[0]).post(
        f"{BASE}{draft.key}/page/documents/", {"piece": "convention", "lettre": str(scan.pk)}
    )
    assert answer.status_code == 400 and not draft.pieces.exists()


def test_a_letter_joined_to_another_matter_keeps_its_documents_for_the_entry(
    mobility: Procedure, camille: Person, letter: Case, officers: Officers, region: Region
) -> None:
    draft = typed(mobility, camille, officers[0], arrival(), letter)
    older = open_told(
        Told(key=uuid.uuid4().hex, channel="phone", text="Demande où en est son courrier.", person=camille,
             topic_id=region.licence.pk), by=region.chief,
    )  # fmt: skip
    merge(older, letter, by=region.chief)
    scan, account = came_with(draft, officers[0])
    assert (scan.name, account.name) == ("scan.pdf", "rib.pdf")
    do.take_from_letter(draft, "convention", scan, by=officers[0])
    do.send_piece(draft, "identite", person=camille, content=PDF, name="identite.pdf", by=officers[0])
    filed = do.file_entry(draft, by=officers[0])
    assert CaseLink.objects.filter(first=older, second=filed.case).exists()


def test_without_a_proved_address_the_receipt_is_printed(
    mobility: Procedure, camille: Person, letter: Case, officers: Officers
) -> None:
    ContactPoint.objects.filter(person=camille).update(verified_at=None)
    filed = do.file_entry(typed(mobility, camille, officers[0], arrival(), letter), by=officers[0])
    assert filed.case is not None
    receipt = filed.case.interactions.get(automatic="receipt")
    assert receipt.channel == "paper" and "3 rue des Lilas" in receipt.paper.address
    assert (
        "en application des articles L. 112-3 et R. 112-5" in receipt.text
        and "répondre à ce message" not in receipt.text
    )
    assert not filed.case.clocks.filter(kind="receipt", stopped_at=None).exists()
    assert filed.case.tasks.get().label == "Imprimer le courrier et le poster"
    client = agent(officers[0])
    page = client.get(f"/bureau/dossiers/{filed.reference}/depose/").content.decode()
    address = f"/bureau/demandes/{filed.reference}/echanges/{receipt.pk}/courrier.pdf"
    assert address in page and client.get(address).status_code == 200


def test_without_any_address_it_is_handed_over(
    mobility: Procedure, camille: Person, letter: Case, officers: Officers
) -> None:
    Person.objects.filter(pk=camille.pk).update(address="", electronic_reply_refused=True)
    camille.refresh_from_db()
    filed = do.file_entry(typed(mobility, camille, officers[0], arrival(channel="counter"), letter), by=officers[0])
    assert filed.case is not None
    assert filed.case.interactions.get(automatic="receipt").paper.address == "Camille Duprat"
    assert filed.case.tasks.get().label == "Imprimer l'accusé de réception et le remettre"
    assert "remettre à Camille Duprat" in agent(officers[0]).get(
        f"/bureau/dossiers/{filed.reference}/depose/"
    ).content.decode()  # fmt: skip


def test_a_procedure_that_owes_no_receipt_sends_and_prints_none(
    mobility: Procedure, camille: Person, letter: Case, officers: Officers
) -> None:
    """CRPA R112-4, for what comes on paper."""
    why = "Un simple document est demandé."
    body = {**mobility.live.body, "receipt_exempt": True, "receipt_exempt_reason": why}
    type(mobility.live).objects.filter(pk=mobility.live.pk).update(body=body)
    filed = do.file_entry(typed(mobility, camille, officers[0], arrival(), letter), by=officers[0])
    assert filed.case is not None
    assert not filed.case.interactions.filter(automatic="receipt").exists()
    assert [clock.kind for clock in filed.case.clocks.all()] == ["silence"]
    page = agent(officers[0]).get(f"/bureau/dossiers/{filed.reference}/depose/").content.decode()
    assert f"Cette démarche en est dispensée : {why}" in page


def test_the_clock_runs_from_the_day_it_came(
    mobility: Procedure, camille: Person, letter: Case, officers: Officers
) -> None:
    came = arrival(received_on=TODAY() - timedelta(days=9), postmark=TODAY() - timedelta(days=11))
    filed = do.file_entry(typed(mobility, camille, officers[0], came, letter), by=officers[0])
    assert filed.case is not None
    assert timezone.localdate(filed.received_at) == came.received_on
    assert timezone.localdate(filed.case.clocks.get(kind="silence").started_at) == came.received_on
    assert filed.postmark == came.postmark


def test_somebody_else_asks_with_a_mandate_that_is_recorded(
    mobility: Procedure, camille: Person, letter: Case, officers: Officers
) -> None:
    client = agent(officers[0])
    refused = begin_page(client, letter, mobility, basis="legal").content.decode()
    assert "Écrivez le nom de qui demande" in refused and "Dites comment le mandat" in refused
    said = {"first_name": "Anne", "last_name": "Duprat", "proof": "Livret de famille vu"}
    assert begin_page(client, letter, mobility, basis="legal", **said).status_code == 302
    draft = Dossier.objects.get()
    mandate = Mandate.objects.get()
    assert (mandate.principal, mandate.proof) == (camille, "Livret de famille vu")
    assert draft.entry.mandate == mandate and draft.filed_by == mandate.holder
    # The arrival is corrected with the mandate that exists: no second one.
    said = {"channel": "counter", "received_on": TODAY().isoformat(), "basis": "legal", "mandate": str(mandate.pk),
            "proof": "Livret de famille vu"}  # fmt: skip
    assert client.post(f"{BASE}{draft.key}/arrivee/", said).status_code == 302
    draft.refresh_from_db()
    assert draft.channel == "counter" and Mandate.objects.count() == 1
    Mandate.objects.update(ended_at=timezone.now())
    with pytest.raises(Refused, match="mandat ne court plus"):
        do.file_entry(draft, by=officers[0])


def test_an_adviser_acts_for_thirty_days_and_is_not_written_to(
    mobility: Procedure, camille: Person, letter: Case, officers: Officers
) -> None:
    holder = Claim(email="conseil@france-services.example", first_name="Ida", family_name="Roy")
    came = arrival(channel="phone", basis="adviser", holder=holder, proof="Accord signé")
    ContactPoint.objects.filter(person=camille).update(verified_at=None)
    draft = typed(mobility, camille, officers[0], came, letter)
    mandate = Mandate.objects.get()
    assert mandate.last_day == TODAY() + timedelta(days=30)
    ContactPoint.objects.filter(person=mandate.holder).update(verified_at=timezone.now())
    filed = do.file_entry(draft, by=officers[0])
    assert filed.case is not None
    assert filed.case.interactions.get(automatic="receipt").channel == "paper"


@pytest.mark.parametrize(("changes", "why"), [
    ({"received_on": timezone.localdate() + timedelta(days=1)}, "demain"),
    ({"postmark": timezone.localdate(), "channel": "counter"}, "cachet"),
    ({"postmark": timezone.localdate(), "received_on": timezone.localdate() - timedelta(days=1)}, "suivre"),
    ({"channel": "email"}, "arrivée"),
    ({"basis": "mandate"}, "qui demande"),
])  # fmt: skip
def test_an_arrival_that_cannot_be_is_refused(
    mobility: Procedure, camille: Person, letter: Case, officers: Officers, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(Refused, match=why):
        do.enter(mobility, camille, arrival(**changes), by=officers[0], key=uuid.uuid4())
    assert not Dossier.objects.exists()


def test_what_was_received_is_never_swept_away(
    mobility: Procedure, camille: Person, letter: Case, officers: Officers
) -> None:
    draft = typed(mobility, camille, officers[0], arrival(), letter)
    own = do.begin(mobility, camille)
    Dossier.objects.update(saved_at=timezone.now() - timedelta(days=4000))
    assert do.expire_drafts(by=officers[0]) == 1
    assert list(Dossier.objects.all()) == [draft] and own.pk
    answer = agent(officers[0]).post(f"{BASE}{draft.key}/abandonner/")
    assert answer.status_code == 302 and not Dossier.objects.exists()
    assert Case.objects.filter(pk=letter.pk).exists()


def test_a_colleague_in_another_tab_loses_nothing(
    mobility: Procedure, camille: Person, letter: Case, officers: Officers
) -> None:
    draft = typed(mobility, camille, officers[0], arrival(), letter)
    at = f"{BASE}{draft.key}/page/vous/"
    agent(officers[1]).post(at, {**STUDENT, "edit": draft.edit, "ville": "Niort"})
    answer = agent(officers[0]).post(at, {**STUDENT, "edit": draft.edit, "ville": "Saintes"})
    page = answer.content.decode()
    assert answer.status_code == 409 and 'value="Niort"' in page and "Saintes" in page


def test_a_session_that_ended_in_mid_form_loses_nothing(
    mobility: Procedure, camille: Person, letter: Case, officers: Officers
) -> None:
    draft = typed(mobility, camille, officers[0], arrival(), letter)
    client, at = Client(), f"{BASE}{draft.key}/page/vous/"
    answer = client.post(at, {**STUDENT, "edit": draft.edit, "ville": "Saintes"})
    assert answer["Location"].startswith("/bureau/connexion/")
    said = {"email": "leo@agents.example", "password": "un mot de passe long", "suite": at}
    page = client.post("/bureau/connexion/", said, follow=True).content.decode()
    assert 'value="Saintes"' in page and "session avait expiré" in page
