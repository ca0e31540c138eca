"""Until the scanner has spoken nobody opens a file; if it found something, nobody ever; silence is no « clean »."""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from guichet.cases.actions import receive_form
from guichet.cases.actions.form import InboundForm
from guichet.cases.models import Attachment, Case, Task
from guichet.cases.scanning import scan_waiting
from guichet.core import files
from guichet.core.models import StoredFile
from guichet.people.identity import Claim
from tests.channels.mail_servers import free_port
from tests.factories import Region

pytestmark = pytest.mark.django_db

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@dataclass
class Clamd:
    """Speaks INSTREAM as clamd does: sized pieces until an empty one, a limit beyond which it answers and hangs up."""

    place: str = ""
    limit: int = 100_000
    says: bytes = b""  # instead of a verdict
    asked: list[bytes] = field(default_factory=list)

    def answer(self, stream: Any) -> bytes:
        assert stream.read(10) == b"zINSTREAM\0"
        content = b""
        while size := struct.unpack("!L", stream.read(4))[0]:
            content += stream.read(size)
            if len(content) > self.limit:
                return b"INSTREAM size limit exceeded. ERROR\0"
        self.asked.append(content)
        return self.says or (b"stream: Eicar-Signature FOUND\0" if EICAR in content else b"stream: OK\0")


class Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        said = self.server.clamd.answer(self.rfile)  # type: ignore[attr-defined]
        if said != b"hang up":
            self.wfile.write(said)


@pytest.fixture(params=["tcp", "unix"])
def clamd(request: pytest.FixtureRequest, settings: Any, tmp_path: Path) -> Iterator[Clamd]:
    found = Clamd()
    if request.param == "tcp":
        server: socketserver.BaseServer = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        found.place = f"127.0.0.1:{server.server_address[1]}"
    else:
        found.place = str(tmp_path / "clamd.ctl")
        server = socketserver.ThreadingUnixStreamServer(found.place, Handler)
    server.clamd = found  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    settings.CLAMD = found.place
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


def case_with(*contents: bytes) -> Case:
    form = InboundForm(
        key="8d7ef5c0-0000-4000-8000-000000000001",
        claim=Claim(email="odile@courriel.example", family_name="Mer", first_name="Odile"),
        subject="Ma demande",
        text="Bonjour",
        files=[(f"piece{number}.pdf", content) for number, content in enumerate(contents)],
    )
    return receive_form(form)


def download(region: Region, attachment: Attachment) -> int:
    client = Client()
    client.force_login(region.chief)
    response = client.get(f"/bureau/pieces/{attachment.pk}/")
    if response.streaming:
        b"".join(response.streaming_content)
    return response.status_code


def test_a_file_opens_once_it_was_found_clean(clamd: Clamd, region: Region) -> None:
    piece = Attachment.objects.get(interaction__case=case_with(PDF))
    assert piece.file.scan == StoredFile.Scan.PENDING
    assert download(region, piece) == 403
    assert scan_waiting() == 1
    piece.file.refresh_from_db()
    assert piece.file.scan == StoredFile.Scan.CLEAN
    assert clamd.asked == [PDF]
    assert download(region, piece) == 200
    assert scan_waiting() == 0


def test_an_infected_file_is_blocked_and_becomes_a_task(clamd: Clamd, region: Region) -> None:
    case = case_with(PDF + EICAR, PDF)
    scan_waiting()
    bad, good = Attachment.objects.filter(interaction__case=case).select_related("file").order_by("position")
    assert (bad.file.scan, bad.file.scan_result) == (StoredFile.Scan.INFECTED, "Eicar-Signature")
    assert (download(region, bad), download(region, good)) == (403, 200)
    assert "Virus" in Task.objects.get(case=case).label
    page = Client()
    page.force_login(region.chief)
    assert "virus détecté" in page.get(f"/bureau/demandes/{case.reference}/").content.decode()


def test_a_file_condemned_before_it_is_attached_is_told_too(clamd: Clamd, region: Region) -> None:
    files.keep(EICAR, name="piece.pdf")
    scan_waiting()
    assert "Virus" in Task.objects.get(case=case_with(EICAR)).label


def test_too_large_for_the_scanner_is_never_clean(clamd: Clamd, region: Region) -> None:
    clamd.limit = 70_000
    case = case_with(PDF + b"x" * 500_000)
    scan_waiting()
    piece = Attachment.objects.get(interaction__case=case)
    assert piece.file.scan == StoredFile.Scan.FAILED
    assert download(region, piece) == 403
    assert "trop gros" in Task.objects.get(case=case).label


@pytest.mark.parametrize("says", [b"hang up", b"stream: something else\0", b"stream: OK", b"\0", b"ERROR\0"])
def test_an_answer_that_says_nothing_is_not_clean(clamd: Clamd, region: Region, says: bytes) -> None:
    clamd.says = says
    file = files.keep(PDF, name="piece.pdf")
    assert scan_waiting() == 1  # and it is not asked again at once
    file.refresh_from_db()
    assert file.scan == StoredFile.Scan.PENDING
    assert file.scan_at > timezone.now()


def test_the_scanner_away_is_asked_later_and_later(settings: Any, region: Region) -> None:
    settings.CLAMD = f"127.0.0.1:{free_port()}"
    file = files.keep(PDF, name="piece.pdf")
    delays = []
    for _ in range(6):
        StoredFile.objects.update(scan_at=timezone.now() - timedelta(seconds=1))
        before = timezone.now()
        assert scan_waiting() == 1
        file.refresh_from_db()
        assert file.scan == StoredFile.Scan.PENDING
        delays.append(round((file.scan_at - before).total_seconds(), -1))
    assert delays == [10, 60, 300, 900, 900, 900]


def test_without_a_scanner_files_say_so_and_open(settings: Any, region: Region) -> None:
    settings.CLAMD = ""
    piece = Attachment.objects.get(interaction__case=case_with(PDF))
    assert piece.file.scan == StoredFile.Scan.UNSCANNED
    assert scan_waiting() == 0
    assert download(region, piece) == 200
