"""Hostile mails from the door to the screens: a case or the quarantine, shown safely, nothing lost."""

from __future__ import annotations

import base64
import io
import zipfile

import pytest
from django.test import Client

from guichet.cases.actions import understand_waiting
from guichet.cases.models import Attachment, Case, InboundItem
from guichet.core.files import read_bytes
from tests.channels.test_email_hostile import BOMBS
from tests.factories import Region, case_of, mail, receive

pytestmark = pytest.mark.django_db


def desk(region: Region) -> Client:
    client = Client()
    client.force_login(region.chief)
    return client


def page_of(case: Case, region: Region) -> str:
    answer = desk(region).get(f"/bureau/demandes/{case.reference}/")
    assert answer.status_code == 200
    return str(answer.content.decode())


def with_file(name: str, content: bytes, declared: str = "application/pdf") -> bytes:
    body = (
        "--B\nContent-Type: text/plain; charset=utf-8\n\nVoir la pièce\n"
        f'--B\nContent-Type: {declared}; name="{name}"\nContent-Disposition: attachment; filename="{name}"\n'
        f"Content-Transfer-Encoding: base64\n\n{base64.encodebytes(content).decode()}--B--\n"
    )
    return mail(body=body).replace(b"text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit",
                                   b'multipart/mixed; boundary="B"', 1)  # fmt: skip


def bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * 20_000_000)
    return packed.getvalue()


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_end_in_a_case_or_in_the_quarantine(region: Region, name: str) -> None:
    raw = BOMBS[name]()
    item = receive(raw)
    assert item.state in {InboundItem.State.DONE, InboundItem.State.QUARANTINED}
    assert read_bytes(item.raw_id) == raw
    if item.interaction is not None:
        page_of(item.interaction.case, region)
    else:
        assert desk(region).get(f"/bureau/quarantaine/{item.pk}/").status_code == 200


@pytest.mark.parametrize(
    "words",
    [
        "<script>alert(1)</script>",
        "'; DROP TABLE cases_case; --",
        "<img src=x onerror=alert(1)>",
        "{{ request.user }}{% debug %}",
        "\u202egnp.exe\u0000\u0007",
    ],
)
def test_what_is_written_is_shown_never_obeyed(region: Region, words: str) -> None:
    safe = words.replace("\u0000", "")
    case = case_of(receive(mail(subject=safe, body=f"Bonjour {words}", sender=f'"{safe}" <x@courriel.example>')))
    page = page_of(case, region)
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "\u202e" not in page
    assert Case.objects.filter(pk=case.pk).exists()


def test_sanitised_html_is_served_in_a_sandbox(region: Region) -> None:
    html = '<p>Bonjour</p><script>alert(1)</script><img src="http://pisteur.example/x.png"><a href="javascript:x">a</a>'
    raw = mail(body=html).replace(b"text/plain", b"text/html")
    interaction = receive(raw).interaction
    assert interaction is not None
    answer = desk(region).get(f"/bureau/echanges/{interaction.pk}/mise-en-page/")
    page = answer.content.decode()
    assert "<script" not in page and "javascript:" not in page and ' src="http' not in page
    assert "sandbox" in answer["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("content", "family", "media_type"),
    [
        (b"MZ\x90\x00" + b"\0" * 100, "executable", "application/x-executable"),
        (b"#!/bin/sh\nrm -rf /\n", "executable", "text/x-script"),
        (b"<html><script>alert(1)</script></html>", "page", "text/html"),
        (b"", "unknown", "application/octet-stream"),
    ],
)
def test_a_disguised_file_is_known_by_its_content_and_only_saved(
    region: Region, content: bytes, family: str, media_type: str
) -> None:
    case = case_of(receive(with_file("facture.pdf", content)))
    piece = Attachment.objects.select_related("file").get(interaction__case=case)
    assert (piece.file.family, piece.file.media_type, piece.file.size) == (family, media_type, len(content))
    assert "facture.pdf" in page_of(case, region)
    answer = desk(region).get(f"/bureau/pieces/{piece.pk}/")
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert b"".join(answer.streaming_content) == content


def test_a_zip_bomb_is_kept_closed(region: Region) -> None:
    content = bomb()
    case = case_of(receive(with_file("photos.zip", content, "application/zip")))
    piece = Attachment.objects.select_related("file").get(interaction__case=case)
    assert (piece.file.family, piece.file.size) == ("archive", len(content))


def test_ten_thousand_parts_are_one_case(region: Region) -> None:
    parts = "--B\nContent-Disposition: attachment; filename=a.txt\n\nx\n" * 10_000
    raw = mail(body=parts + "--B--\n").replace(b"text/plain; charset=utf-8", b'multipart/mixed; boundary="B"', 1)
    case = case_of(receive(raw))
    interaction = case.interactions.get(direction="in")
    assert 0 < interaction.attachments.count() <= 1000
    assert any("too many parts" in defect for defect in interaction.defects)
    page_of(case, region)


def test_two_copies_read_by_two_workers_are_one_case(region: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second worker looked before the first committed: the constraint stops it, and it finds the case later."""
    from guichet.cases.actions import receive as pipeline

    case = case_of(receive(mail()))
    copy = mail(headers="X-Relay: 2\n")
    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "known_interaction", lambda *args: None)
        item = receive(copy)
    assert item.state == InboundItem.State.WAITING
    InboundItem.objects.update(next_try_at=item.received_at)
    understand_waiting()
    item.refresh_from_db()
    assert (item.outcome, item.interaction and item.interaction.case_id) == ("duplicate", case.pk)
    assert Case.objects.count() == 1
