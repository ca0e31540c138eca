"""« Mes Démarches » over HTTP: what a citizen sees and does, what he may not, what is never lost."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from guichet.people.models import Person
from guichet.procedures import actions as do
from guichet.procedures.models import Dossier, Procedure
from tests.factories import citizen_account, signed_in
from tests.procedures.conftest import PDF, STUDENT

pytestmark = pytest.mark.django_db


@pytest.fixture
def client_of_camille(camille: Person) -> Client:
    return signed_in(Client(), citizen_account())


def photograph(colour: int = 128, size: tuple[int, int] = (1600, 2200), kind: str = "JPEG") -> bytes:
    import numpy as np

    noise = np.random.default_rng(1).integers(0, 90, (size[1], size[0]), dtype=np.int16)
    page = Image.fromarray(np.clip(noise + colour - 45, 0, 255).astype(np.uint8), "L").convert("RGB")
    written = io.BytesIO()
    page.save(written, kind)
    return written.getvalue()


def post_page(client: Client, draft: Dossier, code: str, **changes: Any) -> Any:
    draft.refresh_from_db()
    return client.post(
        f"/mes-demarches/brouillon/{draft.key}/{code}/",
        {**STUDENT, "edit": draft.edit, "suite": "continuer", **changes},
    )


def test_visitors_are_asked_to_sign_in_and_come_back() -> None:
    answer = Client().get("/mes-demarches/")
    assert answer.status_code == 302
    assert answer["Location"].endswith("?suite=%2Fmes-demarches%2F")


def test_from_the_catalogue_to_the_number(client_of_camille: Client, mobility: Procedure) -> None:
    client = client_of_camille
    assert mobility.title in client.get("/mes-demarches/demarches/").content.decode()
    answer = client.post(f"/mes-demarches/demarches/{mobility.code}/commencer/", follow=True)
    assert "Camille" in answer.content.decode()  # prefilled
    draft = Dossier.objects.get()
    for page in draft.definition.pages:
        assert post_page(client, draft, page.code).status_code == 302
    sent = client.post(
        f"/mes-demarches/brouillon/{draft.key}/documents/",
        {"piece": "convention", "fichier": io.BytesIO(PDF)},
    )
    assert sent.status_code == 302
    summary = client.get(f"/mes-demarches/brouillon/{draft.key}/recapitulatif/").content.decode()
    assert "Trinity Books" in summary and "330" in summary
    answer = client.post(f"/mes-demarches/brouillon/{draft.key}/recapitulatif/", follow=True)
    draft.refresh_from_db()
    assert draft.reference and "Votre dossier est déposé" in answer.content.decode()
    home = client.get("/mes-demarches/").content.decode()
    assert "Étape 2/7" in home and draft.spoken_reference in home


def test_an_error_keeps_what_was_typed(client_of_camille: Client, mobility: Procedure, camille: Person) -> None:
    draft = do.begin(mobility, camille)
    answer = post_page(client_of_camille, draft, "vous", date_naissance="hier", ville="Niort")
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "Écrivez une date" in page and 'value="hier"' in page and 'value="Niort"' in page


def test_a_session_that_ended_in_mid_form_loses_nothing(mobility: Procedure, camille: Person) -> None:
    account = citizen_account()
    client = signed_in(Client(), account)
    draft = do.begin(mobility, camille)
    client.session.flush()
    client.cookies.clear()
    address = f"/mes-demarches/brouillon/{draft.key}/vous/"
    answer = client.post(address, {**STUDENT, "edit": draft.edit, "ville": "Saintes"})
    assert answer.status_code == 302
    back = client.post(
        "/mon-compte/connexion/",
        {"email": account.email, "password": "un mot de passe long", "suite": address}, follow=True,
    )  # fmt: skip
    page = back.content.decode()
    assert 'value="Saintes"' in page and "session avait expiré" in page


def test_two_tabs_show_both_texts(client_of_camille: Client, mobility: Procedure, camille: Person) -> None:
    draft = do.begin(mobility, camille)
    old = draft.edit
    post_page(client_of_camille, draft, "vous", ville="Niort")
    answer = client_of_camille.post(
        f"/mes-demarches/brouillon/{draft.key}/vous/", {**STUDENT, "edit": old, "ville": "Saintes"}
    )
    page = answer.content.decode()
    assert answer.status_code == 409 and "Niort" in page and "Saintes" in page


def test_another_citizen_finds_nothing(client_of_camille: Client, filed: Any) -> None:
    dossier = filed(pieces=("rib",))
    other = signed_in(Client(), citizen_account("paul@courriel.example", first_name="Paul", family_name="Autre"))
    base = f"/mes-demarches/dossier/{dossier.reference}/"
    for path in ("", "depose/", "retirer/", "recapitulatif.pdf", "decision.pdf", "compte/", "calcul/"):
        assert other.get(base + path).status_code == 404, path
    assert other.post(base + "document/rib/", {"fichier": io.BytesIO(PDF)}).status_code == 404
    sent = dossier.pieces.get(code="rib").files.get()
    assert other.get(f"/mes-demarches/piece/{sent.pk}/").status_code == 404
    answer = client_of_camille.get(f"/mes-demarches/piece/{sent.pk}/")
    assert answer.status_code == 200
    answer.close()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "HEIF"])
def test_photographs_become_one_pdf(client_of_camille: Client, filed: Any, kind: str) -> None:
    dossier = filed()
    page = photograph(kind=kind)
    sent = [io.BytesIO(page), io.BytesIO(page)]
    for number, file in enumerate(sent):
        file.name = f"photo{number}.jpg"
    answer = client_of_camille.post(f"/mes-demarches/dossier/{dossier.reference}/document/identite/", {"fichier": sent})
    assert answer.status_code == 302
    piece = dossier.pieces.get(code="identite").files.get()
    assert piece.file.media_type == "application/pdf" and piece.name == "photo0.pdf"
    from pypdf import PdfReader

    from guichet.core.files import read_bytes

    assert len(PdfReader(io.BytesIO(read_bytes(piece.file_id))).pages) == 2


def test_a_dark_photograph_is_taken_and_doubted(client_of_camille: Client, filed: Any) -> None:
    dossier = filed()
    dark = io.BytesIO(photograph(colour=20))
    dark.name = "nuit.jpg"
    answer = client_of_camille.post(
        f"/mes-demarches/dossier/{dossier.reference}/document/ceam/", {"fichier": dark}, follow=True
    )
    assert "sombre" in answer.content.decode()
    assert dossier.pieces.get(code="ceam").state == "received"


@pytest.mark.parametrize(
    "content", [b"", b"MZ\x90\x00programme", b"\xff\xd8\xff\xe0 coupee", b"<script>alert(1)</script>"]
)
def test_what_is_no_document_is_refused_with_a_sentence(
    client_of_camille: Client,
    filed: Any,
    content: bytes,
) -> None:
    dossier = filed()
    file = io.BytesIO(content)
    file.name = "rib.pdf"
    answer = client_of_camille.post(f"/mes-demarches/dossier/{dossier.reference}/document/rib/", {"fichier": file})
    assert answer.status_code == 400
    assert re.search(r"vide|programme|ne s&#x27;ouvre pas|lire ce type", answer.content.decode())


def test_the_check_says_why_and_keeps_nothing(mobility: Procedure) -> None:
    said = {**STUDENT, "date_naissance": "1980-01-01", "revenu_foyer": ""}
    page = Client().post(f"/mes-demarches/demarches/{mobility.code}/puis-je/", said).content.decode()
    assert "30 ans révolus" in page and "On ne peut pas le dire" in page
    assert "Déposer un dossier malgré tout" in page
    assert not Dossier.objects.exists()


def test_a_message_of_the_page_is_in_the_case(client_of_camille: Client, filed: Any) -> None:
    dossier = filed()
    page = client_of_camille.get(f"/mes-demarches/dossier/{dossier.reference}/").content.decode()
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token
    answer = client_of_camille.post(
        f"/mes-demarches/dossier/{dossier.reference}/message/", {"message": "Une question", "token": token[1]}
    )
    assert answer.status_code == 302
    assert dossier.case.interactions.filter(text="Une question").exists()
    dossier.case.refresh_from_db()
    assert dossier.case.status == "reopened"  # back in the inbox of the service


def test_noa_says_where_a_dossier_stands(filed: Any, officers: Any) -> None:
    from datetime import timedelta

    from django.utils import timezone

    from guichet.noa.proof import _status

    dossier = filed(pieces=("ceam", "identite", "rib"))
    until = timezone.localdate() + timedelta(days=9)
    do.ask_missing(dossier, by=officers[0], until=until)
    said = _status(dossier.case).text
    assert "Étape 3/7" in said and "Convention de stage signée" in said
