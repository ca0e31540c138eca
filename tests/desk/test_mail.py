from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from guichet.accounts.models import User
from guichet.cases.actions import register_raw
from guichet.cases.models import InboundItem

RAW = b"From: x@courriel.example\r\nTo: y@region.example\r\nSubject: Bonjour <b>\r\n\r\nTexte <script>\r\n"


@pytest.fixture
def item() -> InboundItem:
    item = register_raw("email", RAW, envelope_from="x@courriel.example")
    InboundItem.objects.update(state="quarantined", error="Illisible")
    return item


@pytest.fixture
def mailroom(make_agent: Callable[..., User]) -> Client:
    client = Client()
    client.force_login(make_agent("courrier@agents.example", is_mailroom=True))
    return client


@pytest.fixture
def administrator(make_agent: Callable[..., User]) -> Client:
    client = Client()
    client.force_login(make_agent("admin@agents.example", is_administrator=True))
    return client


def test_quarantine_is_for_the_mailroom(desk: Client, mailroom: Client, item: InboundItem) -> None:
    for path in ("", f"{item.pk}/", f"{item.pk}/brut/"):
        assert desk.get(f"/bureau/quarantaine/{path}").status_code == 403
    assert desk.post(f"/bureau/quarantaine/{item.pk}/faire/", {"action": "ecarter"}).status_code == 403
    assert "Illisible" in mailroom.get("/bureau/quarantaine/").content.decode()
    page = mailroom.get(f"/bureau/quarantaine/{item.pk}/").content.decode()
    assert "Texte &lt;script&gt;" in page
    raw = mailroom.get(f"/bureau/quarantaine/{item.pk}/brut/")
    assert b"".join(raw.streaming_content) == RAW


@pytest.mark.parametrize(("action", "state"), [("rejouer", "waiting"), ("ecarter", "discarded")])
def test_quarantine_acts(mailroom: Client, item: InboundItem, action: str, state: str) -> None:
    assert mailroom.post(f"/bureau/quarantaine/{item.pk}/faire/", {"action": action}).status_code == 302
    item.refresh_from_db()
    assert item.state == state
    assert mailroom.post(f"/bureau/quarantaine/{item.pk}/faire/", {"action": action}).status_code in {404, 409}


def test_outgoing_folder(administrator: Client, desk: Client, settings: Any, tmp_path: Path) -> None:
    name, options = settings.CHANNELS["email"]
    settings.CHANNELS = {"email": (name, {**options, "folder": str(tmp_path)})}
    assert administrator.get("/bureau/courriels-sortants/").status_code == 200
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "0000000001-abc.eml").write_bytes(RAW)
    (tmp_path / "secret.eml").write_bytes(RAW)
    assert "Bonjour &lt;b&gt;" in administrator.get("/bureau/courriels-sortants/").content.decode()
    assert "Texte &lt;script" in administrator.get("/bureau/courriels-sortants/0000000001-abc.eml/").content.decode()
    assert administrator.get("/bureau/courriels-sortants/secret.eml/").status_code == 404
    assert desk.get("/bureau/courriels-sortants/").status_code == 403
    settings.CHANNELS = {"email": (name, {**options, "folder": ""})}
    assert administrator.get("/bureau/courriels-sortants/").status_code == 404
    assert "courriels-sortants" not in administrator.get("/bureau/").content.decode()


def test_what_was_put_aside_is_taken_back(mailroom: Client, item: InboundItem) -> None:
    mailroom.post(f"/bureau/quarantaine/{item.pk}/faire/", {"action": "ecarter"})
    address = f"/bureau/quarantaine/{item.pk}/"
    assert address not in mailroom.get("/bureau/quarantaine/").content.decode()
    assert address in mailroom.get("/bureau/quarantaine/?ecartes=1").content.decode()
    assert "Reprendre en quarantaine" in mailroom.get(address).content.decode()
    mailroom.post(f"{address}faire/", {"action": "reprendre"})
    item.refresh_from_db()
    assert item.state == "quarantined" and address in mailroom.get("/bureau/quarantaine/").content.decode()
    assert mailroom.post(f"{address}faire/", {"action": "reprendre"}).status_code == 409
