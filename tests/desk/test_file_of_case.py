"""A case looked at whole: its tasks, its history, its export, its documents."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from guichet.accounts.models import User
from guichet.cases import actions
from guichet.cases.models import Attachment, Case, Interaction, Status
from guichet.core import files
from guichet.core.models import StoredFile
from guichet.core.refused import Refused
from guichet.journal.models import Event
from guichet.organisation.models import Team

Make = Callable[..., Case]
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63606060600000000500"
    "01a5f645400000000049454e44ae426082"
)


def at(case: Case, path: str = "") -> str:
    return f"/bureau/demandes/{case.reference}/{path}"


def attach(case: Case, content: bytes, name: str, **scan: str) -> Attachment:
    file = files.keep(content, name=name)
    StoredFile.objects.filter(pk=file.pk).update(**scan)
    message = case.interactions.first() or Interaction.objects.create(
        case=case, channel="email", direction="in", at=timezone.now(), text="Bonjour"
    )
    return Attachment.objects.create(interaction=message, file_id=file.pk, name=name)


# -- tasks ------------------------------------------------------------------------------------------------------------


def test_a_task_is_added_and_done(desk: Client, case: Case) -> None:
    desk.post(at(case, "faire/tache/"), {"label": "Rappeler le transporteur", "due_on": "2031-02-03"})
    task = case.tasks.get()
    assert (task.label, task.due_on) == ("Rappeler le transporteur", date(2031, 2, 3))
    page = desk.get(at(case)).content.decode()
    assert "Rappeler le transporteur" in page and "février" in page and "2031" in page
    desk.post(at(case, f"taches/{task.pk}/fait/"))
    assert "Rappeler le transporteur" not in desk.get(at(case)).content.decode()
    assert list(Event.objects.filter(case_id=case.pk, verb__contains="task").values_list("verb", flat=True)) == [
        "case.task_added", "case.task_done",
    ]  # fmt: skip


def test_closing_with_a_task_left_is_asked_twice(desk: Client, case: Case, agent: User) -> None:
    actions.add_task(case, "Vérifier le paiement", by=agent)
    refused = desk.post(at(case, "faire/clore/"), {"result": "answered"})
    assert refused.status_code == 409 and "Une tâche reste à faire" in refused.content.decode()
    assert "malgré ce qui reste" in refused.content.decode() and "malgré" not in desk.get(at(case)).content.decode()
    case.refresh_from_db()
    assert case.status != Status.CLOSED
    desk.post(at(case, "faire/clore/"), {"result": "answered", "despite_tasks": "on"})
    case.refresh_from_db()
    assert case.status == Status.CLOSED
    with pytest.raises(Refused):
        actions.add_task(case, "Trop tard", by=agent)


# -- history and export -----------------------------------------------------------------------------------------------


def test_the_history_shows_readings_and_pages(desk: Client, case: Case, agent: User) -> None:
    desk.get(at(case))
    Event.objects.bulk_create(
        Event(verb="case.closed", actor=agent, case_id=case.pk, data={"result": f"r{n}"}) for n in range(120)
    )
    first = desk.get(at(case, "historique/"))
    assert len(first.context["lines"]) == 100 and "r119" in first.content.decode()
    second = desk.get(at(case, "historique/"), {"avant": first.context["older"]}).content.decode()
    assert "Demande consultée" in second and "r0" in second and "r119" not in second


def test_the_export_holds_the_file_its_history_and_its_documents(desk: Client, case: Case, agent: User) -> None:
    actions.note(case, by=agent, text="=Appel du 3 juin")
    attach(case, b"un texte", "piece.txt")
    attach(case, b"un autre texte", "piece.txt")
    blocked = attach(case, b"virus", "virus.txt", scan="infected")
    answer = desk.post(at(case, "exporter/"))
    content = b"".join(answer)  # type: ignore[arg-type]
    with zipfile.ZipFile(io.BytesIO(content)) as folder:
        names = folder.namelist()
        assert sorted(folder.read(n) for n in names if n.startswith("pieces/")) == [b"un autre texte", b"un texte"]
        history = folder.read("historique.csv").decode("utf-8-sig")
        pdf = PdfReader(io.BytesIO(folder.read(f"demande-{case.reference}.pdf")))
    words = " ".join(page.extract_text() for page in pdf.pages)
    assert "Carte perdue" in words and "Appel du 3 juin" in words and blocked.name in words
    assert "Note ajoutée" in history and "Demande exportée" in history
    assert Event.objects.filter(verb="case.exported", case_id=case.pk, actor=agent).exists()


def test_another_team_learns_nothing(desk: Client, make_case: Make, other_team: Team) -> None:
    theirs = make_case(other_team)
    piece = attach(theirs, PNG, "photo.png")
    assert desk.get(at(theirs, "historique/")).status_code == 404
    assert desk.post(at(theirs, "exporter/")).status_code == 404
    assert desk.get(f"/bureau/pieces/{piece.pk}/apercu/").status_code == 404
    assert desk.get(f"/bureau/pieces/{piece.pk}/vue/").status_code == 404


# -- documents --------------------------------------------------------------------------------------------------------


def test_an_image_and_a_pdf_are_shown_in_their_page(desk: Client, case: Case) -> None:
    photo, letter = attach(case, PNG, "photo.png"), attach(case, b"%PDF-1.7\n%%EOF", "lettre.pdf")
    page = desk.get(f"/bureau/pieces/{photo.pk}/apercu/").content.decode()
    assert f'<img src="/bureau/pieces/{photo.pk}/vue/"' in page and "lettre.pdf" in page and "document 1 sur 2" in page
    image = desk.get(f"/bureau/pieces/{photo.pk}/vue/")
    assert b"".join(image) == PNG and image["Content-Type"] == "image/png"  # type: ignore[arg-type]
    assert image["Content-Security-Policy"].startswith("sandbox") and "attachment" not in image["Content-Disposition"]
    pdf = desk.get(f"/bureau/pieces/{letter.pk}/vue/")
    assert pdf["Content-Type"] == "application/pdf" and pdf["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in pdf["Content-Security-Policy"]
    pdf.close()


def test_a_text_is_escaped_and_a_page_never_opens(desk: Client, case: Case) -> None:
    text = attach(case, "Bonjour <b>à tous</b>\n".encode(), "mot.txt")
    page = desk.get(f"/bureau/pieces/{text.pk}/apercu/", {"fenetre": "1"}).content.decode()
    assert "&lt;b&gt;à tous&lt;/b&gt;" in page and "<html" not in page
    html = attach(case, b"<!doctype html><script>alert(1)</script>", "page.html")
    assert desk.get(f"/bureau/pieces/{html.pk}/vue/").status_code == 404
    assert "<script>alert" not in desk.get(f"/bureau/pieces/{html.pk}/apercu/").content.decode()


def test_a_mail_inside_a_mail_is_read(desk: Client, case: Case) -> None:
    head = b"From: Lea <lea@courriel.example>\r\nSubject: Retard\r\nMessage-ID: <1@x.example>\r\n\r\n"
    raw = head + b"Le car n'est pas venu."
    piece = attach(case, raw, "message.eml")
    StoredFile.objects.filter(pk=piece.file_id).update(family="mail", media_type="message/rfc822")
    page = desk.get(f"/bureau/pieces/{piece.pk}/apercu/").content.decode()
    assert "lea@courriel.example" in page and "Retard" in page and "pas venu" in page


@pytest.mark.parametrize("scan", ["infected", "pending", "failed"])
def test_what_may_not_be_opened_is_not_shown(desk: Client, case: Case, scan: str) -> None:
    piece = attach(case, PNG, "photo.png", scan=scan)
    assert desk.get(f"/bureau/pieces/{piece.pk}/apercu/").status_code == 403
    assert desk.get(f"/bureau/pieces/{piece.pk}/vue/").status_code == 403
