"""What fails through our fault waits, longer each time, in sight; only what nobody can read goes to the quarantine."""

from __future__ import annotations

import errno
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError
from django.test import Client
from django.utils import timezone

from guichet.cases.actions import receive as pipeline
from guichet.cases.actions import register_raw, understand_waiting
from guichet.cases.models import Case, InboundItem
from guichet.core import files
from tests.factories import Region, mail

pytestmark = pytest.mark.django_db

FAULTS = {
    "disk full": OSError(errno.ENOSPC, "No space left on device"),
    "storage away": OSError(errno.EACCES, "Permission denied"),
    "deadlock": OperationalError("deadlock detected"),
    "race": IntegrityError("duplicate key"),
    "bug": KeyError("x"),
}


def due_now() -> None:
    InboundItem.objects.update(next_try_at=timezone.now() - timedelta(seconds=1))


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_ours_never_sends_a_mail_to_the_quarantine(
    region: Region, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise FAULTS[name]

    item = register_raw("email", mail())
    delays = []
    with monkeypatch.context() as patched:
        patched.setattr(files, "read_bytes", broken)
        for _ in range(8):
            due_now()
            before = timezone.now()
            assert understand_waiting() == 1  # and not again at once
            item.refresh_from_db()
            assert item.state == InboundItem.State.WAITING
            delays.append(round((item.next_try_at - before).total_seconds()))
    assert delays == [5, 20, 60, 300, 900, 1800, 1800, 1800]
    assert item.tries == 8
    assert InboundItem.objects.in_trouble().count() == 1
    due_now()
    assert understand_waiting() == 1
    item.refresh_from_db()
    assert (item.state, item.error) == (InboundItem.State.DONE, "")
    assert Case.objects.count() == 1
    assert InboundItem.objects.in_trouble().count() == 0


def test_one_in_trouble_does_not_hold_up_the_others(region: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = register_raw("email", mail(message_id="<bad@x.example>"))
    good = register_raw("email", mail(message_id="<good@x.example>"))
    read = files.read_bytes

    def broken(sha256: str) -> bytes:
        if sha256 == bad.raw_id:
            raise OSError(errno.EIO, "Input/output error")
        return read(sha256)

    monkeypatch.setattr(files, "read_bytes", broken)
    understand_waiting()
    bad.refresh_from_db(), good.refresh_from_db()
    assert (bad.state, good.state) == (InboundItem.State.WAITING, InboundItem.State.DONE)


def test_the_database_away_counts_for_nothing(region: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    item = register_raw("email", mail())

    def away(*args: Any) -> None:
        raise OperationalError("server closed the connection")

    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "understand", away)
        patched.setattr(pipeline, "_put_off", away)
        with pytest.raises(OperationalError):
            understand_waiting()
    item.refresh_from_db()
    assert (item.state, item.tries) == (InboundItem.State.WAITING, 0)


def test_the_alert_is_in_sight_of_the_mailroom(region: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(sha256: str) -> bytes:
        raise OSError(errno.ENOSPC, "No space left on device")

    register_raw("email", mail())
    monkeypatch.setattr(files, "read_bytes", full)
    understand_waiting()
    client = Client()
    client.force_login(region.chief)
    page = client.get("/bureau/quarantaine/").content.decode()
    assert "1 message reçu attend" in page
    assert "disque plein" in page


def test_nothing_is_stored_when_the_storage_refuses(region: Region, settings: Any, tmp_path: Any) -> None:
    """The door says « come back » (451): see tests/gateway."""
    (tmp_path / "fichiers").write_text("a file stands where the folder should be")
    with pytest.raises(OSError):
        register_raw("email", mail())
    assert InboundItem.objects.count() == 0


def test_an_unreadable_mail_goes_to_the_quarantine_at_once(region: Region) -> None:
    item = register_raw("email", b"not a mail")
    understand_waiting()
    item.refresh_from_db()
    assert (item.state, item.tries) == (InboundItem.State.QUARANTINED, 0)
