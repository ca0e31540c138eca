"""Documents are read by a machine, and found by their words."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from guichet.cases import actions, reading
from guichet.cases.models import Attachment, Case
from guichet.cases.reading import read_waiting
from guichet.core import documents, files
from guichet.core.models import FileWords, StoredFile
from guichet.desk.searching import Filters, search
from tests.factories import Region, case_of, mail, receive

pytestmark = pytest.mark.django_db


def pdf(text: str) -> bytes:
    from weasyprint import HTML

    written: bytes = HTML(string=f"<p>{text}</p>").write_pdf()
    return written


def docx(text: str) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as folder:
        folder.writestr("[Content_Types].xml", "<Types/>")
        folder.writestr(
            "word/document.xml",
            '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
            f"<w:p><w:t>{text}</w:t></w:p></w:document>",
        )
    return kept.getvalue()


def attach(case: Case, content: bytes, name: str) -> Attachment:
    file = files.keep(content, name=name)
    message = case.interactions.filter(direction="in").order_by("id")[0]
    return Attachment.objects.create(interaction=message, file=file, name=name)


def found(words: str, region: Region, kind: str = "") -> list[int]:
    return [hit.case.pk for hit in search(words, region.nadia, Filters(kind=kind)).hits]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (pdf("Attestation d'assurance scolaire"), "attestation.pdf"),
        (docx("Attestation d'assurance scolaire"), "attestation.docx"),
        ("Attestation d'assurance scolaire".encode("cp1252"), "attestation.txt"),
    ],
)
def test_a_document_is_found_by_its_words(case: Case, region: Region, content: bytes, name: str) -> None:
    attach(case, content, name)
    assert found("assurance", region) == []
    read_waiting()
    assert found("assurance", region) == [case.pk]
    assert found("assurances scolaires", region, "pieces") == [case.pk]
    assert found("assurance", region, "messages") == []
    [hit] = search("assurance", region.nadia, Filters(kind="pieces")).hits
    assert name in hit.before and hit.found == "assurance"
    assert read_waiting() == 0


def test_a_file_read_once_is_found_in_every_case_that_holds_it(case: Case, region: Region) -> None:
    content = pdf("Quittance de loyer")
    attach(case, content, "quittance.pdf")
    read_waiting()
    second = case_of(receive(mail(message_id="<m2@courriel.example>", subject="Autre sujet")))
    attach(second, content, "quittance.pdf")
    assert set(found("quittance", region)) == {case.pk, second.pk} and FileWords.objects.count() == 1


def test_words_follow_a_merge_and_come_back(case: Case, region: Region) -> None:
    second = case_of(receive(mail(message_id="<m2@courriel.example>", subject="Autre sujet")))
    attach(second, b"zanzibar est un mot rare", "mot.txt")
    read_waiting()
    assert found("zanzibar", region) == [second.pk]
    done = actions.merge(case, second, by=region.chief)
    assert found("zanzibar", region) == [case.pk]
    actions.undo_merge(done, by=region.chief)
    assert found("zanzibar", region) == [second.pk]


def test_what_is_blocked_or_unread_by_the_antivirus_waits(case: Case, region: Region) -> None:
    piece = attach(case, b"zanzibar", "mot.txt")
    for scan in ("pending", "infected", "failed"):
        StoredFile.objects.filter(pk=piece.file_id).update(scan=scan)
        read_waiting()
        assert found("zanzibar", region) == []
    StoredFile.objects.filter(pk=piece.file_id).update(scan="clean")
    read_waiting()
    assert found("zanzibar", region) == [case.pk]


def test_another_team_does_not_find_it(case: Case, region: Region) -> None:
    attach(case, b"zanzibar", "mot.txt")
    read_waiting()
    assert search("zanzibar", region.leo).hits == []


def test_the_storage_away_loses_nothing(case: Case, region: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    piece = attach(case, b"zanzibar", "mot.txt")

    def away(sha256: str) -> bytes:
        raise OSError("away")

    with monkeypatch.context() as patched:
        patched.setattr(reading.files, "read_bytes", away)
        read_waiting()
    assert read_waiting() == 0  # under its lease
    StoredFile.objects.filter(pk=piece.file_id).update(read_at=timezone.now() - timedelta(seconds=1))
    read_waiting()
    assert found("zanzibar", region) == [case.pk]


@pytest.mark.parametrize("content", [b"%PDF-1.7\n%%EOF", b"%PDF-1.4\n" + b"\xff" * 500, b""])
def test_a_broken_document_says_nothing(case: Case, region: Region, content: bytes) -> None:
    piece = attach(case, content, "casse.pdf")
    StoredFile.objects.filter(pk=piece.file_id).update(family="pdf")
    read_waiting()
    piece.file.refresh_from_db()
    assert piece.file.read_at is None and not FileWords.objects.exists()


def test_a_pdf_that_takes_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def for_ever(*args: Any, **more: Any) -> Any:
        raise documents.subprocess.TimeoutExpired("pdf", 1)

    monkeypatch.setattr(documents.subprocess, "run", for_ever)
    assert documents.words_of_document(pdf("Bonjour"), "pdf", "application/pdf") == ""
