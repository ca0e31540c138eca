from __future__ import annotations

import json
import time
from typing import Any

import pytest
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from guichet.cases.models import Attachment, Case, Interaction
from guichet.outbox.models import Delivery, Parcel
from guichet.portal import tokens
from guichet.portal.theme import contrast, theme_of
from tests.portal.factories import Region

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def token(*, age: float = 60.0) -> str:
    fresh = tokens.FormToken.new()
    return tokens.FormToken(fresh.key, time.time() - age).signed


def filled(**changes: Any) -> dict[str, Any]:
    return {
        "token": token(),
        "topic": "transport.carte",
        "subject": "Carte perdue",
        "message": "Bonjour,\r\nmon fils a perdu sa carte de car.",
        "reference": "",
        "kind": "citizen",
        "first_name": "Sandrine",
        "last_name": "Lacoste",
        "email": "Sandrine.Lacoste@courriel.example",
        "phone": "06 39 98 41 27",
        "address": "8 chemin des Grives\n17320 Marennes",
        "channel": "email",
        **changes,
    }


def test_home_lists_root_topics_and_says_how_to_call(client: Client, region: Region) -> None:
    page = client.get("/").content.decode()
    assert "/contact/?sujet=transport" in page
    assert 'href="tel:+33536491212"' in page
    assert "5\u00a0jours ouvrés" in page
    assert "Du lundi au vendredi\u00a0: de 8\u00a0h\u00a030 à 18\u00a0h" in page


@pytest.mark.parametrize("path", ["/contact/", "/suivi/", "/accessibilite/", "/donnees-personnelles/",
                                  "/mentions-legales/"])  # fmt: skip
def test_every_link_of_the_footer_answers(client: Client, region: Region, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert "style=" not in response.content.decode()
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]


def test_unknown_page(client: Client, region: Region) -> None:
    response = client.get("/nulle-part/")
    assert response.status_code == 404
    assert "Page introuvable" in response.content.decode()


def test_topic_of_the_link_is_chosen(client: Client, region: Region) -> None:
    assert '<option value="transport.carte" selected>' in client.get("/contact/?sujet=transport.carte").content.decode()


def test_a_form_makes_a_case_and_queues_its_receipt(client: Client, region: Region) -> None:
    response = client.post("/contact/", filled(files=SimpleUploadedFile("photo.jpg", PDF)))
    assert response.status_code == 302
    assert response["Location"] == "/contact/recu/"
    case = Case.objects.get()
    assert case.team == region.service
    assert (case.department, case.preferred_channel) == ("17", "email")
    assert case.person is not None
    assert case.person.last_name == "Lacoste"
    assert Attachment.objects.get().name == "photo.pdf"
    parcel = Parcel.objects.get()
    assert case.spoken_reference in parcel.text
    assert Delivery.objects.get().recipient == "sandrine.lacoste@courriel.example"
    page = client.get("/contact/recu/").content.decode()
    assert "Transports scolaires" in page
    assert "Réponse attendue" in page
    assert "R. 112-11-1" in page


def test_the_receipt_is_also_a_pdf(client: Client, region: Region) -> None:
    pytest.importorskip("weasyprint")
    client.post("/contact/", filled())
    response = client.get("/contact/recu/accuse.pdf")
    assert response["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF-")


def test_the_confirmation_is_read_only_by_who_sent(client: Client, region: Region) -> None:
    client.post("/contact/", filled())
    assert Client().get("/contact/recu/")["Location"] == "/contact/"
    assert Client().get("/contact/recu/accuse.pdf")["Location"] == "/contact/"


def test_errors_keep_what_was_typed_and_the_accepted_files(client: Client, region: Region) -> None:
    first = filled(last_name="", files=SimpleUploadedFile("attestation.pdf", PDF))
    response = client.post("/contact/", first)
    page = response.content.decode()
    assert response.status_code == 400
    assert "<title>Erreur\u00a0: " in page
    assert 'role="alert" tabindex="-1"' in page
    assert 'href="#id_last_name"' in page
    assert "mon fils a perdu sa carte" in page
    assert "attestation.pdf" in page
    assert not Case.objects.exists()
    kept = response.context["uploads"].token
    assert client.post("/contact/", filled(token=first["token"], kept=kept)).status_code == 302
    assert Attachment.objects.get().name == "attestation.pdf"


def test_kept_files_are_worth_nothing_in_another_form(client: Client, region: Region) -> None:
    response = client.post("/contact/", filled(last_name="", files=SimpleUploadedFile("attestation.pdf", PDF)))
    client.post("/contact/", filled(kept=response.context["uploads"].token))
    assert not Attachment.objects.exists()


def test_the_same_form_twice_is_one_case(client: Client, region: Region) -> None:
    values = filled()
    client.post("/contact/", values)
    assert client.post("/contact/", values).status_code == 302
    assert Case.objects.count() == 1
    assert Interaction.objects.filter(direction="in").count() == 1


def test_a_program_is_refused(client: Client, region: Region) -> None:
    response = client.post("/contact/", filled(files=SimpleUploadedFile("photo.jpg", b"MZ" + b"\0" * 200)))
    assert response.status_code == 400
    assert "est un programme" in response.content.decode()
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [{"website": "http://spam.example"}, {"token": "faux"}, {"token": ""}],
    ids=["honeypot", "forged", "missing"],
)
def test_robots_are_asked_to_try_again(client: Client, region: Region, changes: dict[str, str]) -> None:
    response = client.post("/contact/", filled(**changes))
    assert response.status_code == 400
    assert "à nouveau" in response.content.decode()
    assert not Case.objects.exists()


@pytest.mark.parametrize("age", [0.5, 25 * 3600.0])
def test_too_fast_or_too_old(client: Client, region: Region, age: float) -> None:
    assert client.post("/contact/", filled(token=token(age=age))).status_code == 400
    assert not Case.objects.exists()


def test_a_token_of_something_else_is_refused() -> None:
    assert tokens.read_token(signing.dumps(["x", 1], salt="portal.form")) is None
    assert tokens.read_token(signing.dumps(7, salt="portal.form")) is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "sandrine@"}, "email"),
        ({"phone": "12"}, "phone"),
        ({"reference": "1234567"}, "reference"),
        ({"address": "8 chemin des Grives"}, "address"),
        ({"channel": "sms", "phone": ""}, "phone"),
        ({"kind": "company", "organisation": "Bois et Fils", "siret": "123"}, "siret"),
        ({"kind": "association", "organisation": "Les Grives", "rna": "751"}, "rna"),
        ({"kind": "association", "organisation": "", "rna": "W751000001"}, "organisation"),
    ],
)
def test_each_field_is_checked(client: Client, region: Region, changes: dict[str, str], field: str) -> None:
    response = client.post("/contact/", filled(**changes))
    assert response.status_code == 400
    assert list(response.context["form"].errors) == [field]


def test_a_mistyped_address_is_questioned_once(client: Client, region: Region) -> None:
    response = client.post("/contact/", filled(email="jean@gmial.com"))
    assert "jean@gmail.com" in response.content.decode()
    assert client.post("/contact/", filled(email="jean@gmial.com", email_confirmed="jean@gmial.com")).status_code == 302


def test_no_electronic_answer(client: Client, region: Region) -> None:
    client.post("/contact/", filled(no_electronic="on"))
    case = Case.objects.get()
    assert case.electronic_reply_refused
    assert case.preferred_channel == "paper"


def test_too_many_sent_keeps_the_text(client: Client, region: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guichet.portal.views.contact.SENT_PER_HOUR", 1)
    client.post("/contact/", filled())
    response = client.post("/contact/", filled())
    assert response.status_code == 429
    assert "mon fils a perdu sa carte" in response.content.decode()


# -- inside another site ----------------------------------------------------------------------------------------------


def test_embedding_is_closed_by_default(client: Client, region: Region) -> None:
    response = client.get("/contact/?integre=1")
    assert response["X-Frame-Options"] == "DENY"
    assert client.get("/contact/integrer.js").status_code == 404


def test_the_plain_form_wants_its_csrf_token(region: Region) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/contact/", filled()).status_code == 403
    assert strict.post("/contact/?integre=1", filled(), headers={"origin": "http://testserver"}).status_code == 403


def test_the_embedded_form(region: Region, settings: Any) -> None:
    settings.EMBED_ORIGINS = ["https://jeunes.region.example"]
    strict = Client(enforce_csrf_checks=True)
    page = strict.get("/contact/?integre=1&sujet=transport")
    assert "X-Frame-Options" not in page
    assert "frame-ancestors https://jeunes.region.example" in page["Content-Security-Policy"]
    assert "csrfmiddlewaretoken" not in page.content.decode()
    assert Client().get("/contact/")["X-Frame-Options"] == "DENY"
    assert strict.post("/contact/?integre=1", filled(), headers={"origin": "https://evil.example"}).status_code == 403
    assert strict.post("/contact/?integre=1", filled()).status_code == 403
    assert not Case.objects.exists()
    done = strict.post("/contact/?integre=1", filled(), headers={"origin": "http://testserver"})
    assert done.status_code == 200
    assert Case.objects.get().spoken_reference in done.content.decode()
    assert not strict.cookies
    script = strict.get("/contact/integrer.js")
    assert script["Content-Type"].startswith("text/javascript")
    assert json.dumps("integre")[1:-1] in script.content.decode()


def test_the_colour_of_the_site(client: Client, region: Region, settings: Any) -> None:
    assert client.get("/contact/couleurs/7a1f5c.css").status_code == 404  # no site may embed the form yet
    settings.EMBED_ORIGINS = ["https://jeunes.region.example"]
    page = client.get("/contact/?integre=1&couleur=%237A1F5C").content.decode()
    assert "/contact/couleurs/7a1f5c.css" in page
    assert 'action="/contact/?integre=1&amp;couleur=7a1f5c"' in page
    sheet = client.get("/contact/couleurs/7a1f5c.css")
    assert sheet["Content-Type"].startswith("text/css") and "--brand: #7a1f5c" in sheet.content.decode()
    for wrong in ("rouge", "7a1f5", "</style>", "7a1f5c;}"):
        assert "/contact/couleurs/" not in client.get("/contact/", {"integre": "1", "couleur": wrong}).content.decode()
    assert client.get("/contact/couleurs/7A1F5C.css").status_code == 404
    assert "/contact/couleurs/" not in client.get("/contact/?couleur=7a1f5c").content.decode()  # not ours to change


@pytest.mark.parametrize("colour", ["ffe600", "ffffff", "00ff00", "808080", "0b5563", "000000"])
def test_a_colour_is_darkened_until_it_can_be_read(colour: str) -> None:
    theme = theme_of(colour)
    white, soft = (255, 255, 255), _rgb(theme.brand_soft)
    assert contrast(_rgb(theme.brand), white) >= 4.5
    assert contrast(_rgb(theme.brand_hover), white) >= 4.5
    assert contrast(_rgb(theme.on_brand_soft), soft) >= 4.5
    if colour == "0b5563":
        assert theme.brand == "#0b5563"  # readable already: kept


def _rgb(written: str) -> tuple[int, int, int]:
    return int(written[1:3], 16), int(written[3:5], 16), int(written[5:], 16)
