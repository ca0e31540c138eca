"""Webhooks: one call an event, signed, in order, tried again, given up in sight, never to a private network."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from guichet.core.refused import NotAllowed, Refused
from guichet.gateway import outgoing
from guichet.gateway.actions import calling, create_hook, replay, resume_hook, send_calls, stop_hook
from guichet.gateway.models import Webhook, WebhookCall
from guichet.gateway.telling import TOLD, kind_said
from guichet.journal.actions import record
from guichet.journal.models import Event
from tests.factories import Region
from tests.journal.test_watching import caught_up


@dataclass
class Receiver:
    url: str = ""
    answers: list[int] = field(default_factory=list)  # then 204
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def verbs(self) -> list[str]:
        return [json.loads(body)["verb"] for _, body in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.got.append((dict(self.headers), body))
            status = found.answers.pop(0) if found.answers else 204
            self.send_response(status)
            if status == 302:
                self.send_header("Location", found.url + "ailleurs")
            self.end_headers()

        def log_message(self, *args: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Door)
    found.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.fixture
def hook(region: Region, receiver: Receiver) -> Webhook:
    made, _ = create_hook("Jeunes", receiver.url, by=region.chief, team=region.youth,
                          events=["dossier.step", "dossier.decided"])  # fmt: skip
    return made


def queue(event: Event) -> None:
    calling.queue_calls(event)


def happened(dossier: Any, *verbs: str, by: Any) -> None:
    """What the watcher does with each event, without waiting for a commit that a test never makes."""
    last = Event.objects.order_by("-id").values_list("id", flat=True).first() or 0
    for verb in verbs:
        record(verb, by=by, case_id=dossier.case_id, step=3, steps=7, to_name="Camille")
    for event in Event.objects.filter(id__gt=last).order_by("id"):
        queue(event)
        queue(event)  # again, after a crash


def later() -> None:
    WebhookCall.objects.filter(state="waiting").update(next_at=timezone.now() - timedelta(seconds=1))


@pytest.mark.django_db(transaction=True)
def test_the_journal_is_followed(region: Region, filed: Any, hook: Webhook, receiver: Receiver) -> None:
    caught_up()  # the watcher starts from now
    dossier = filed()
    caught_up()
    caught_up()
    assert send_calls() == 1 and receiver.verbs == ["dossier.step"]
    assert json.loads(receiver.got[0][1])["dossier"] == dossier.reference


def test_a_call_is_signed_and_says_nothing_personal(
    region: Region, filed: Any, hook: Webhook, receiver: Receiver
) -> None:
    dossier = filed()
    happened(dossier, "dossier.step", "dossier.assigned", by=region.leo)
    assert send_calls() == 1 and send_calls() == 0
    [(headers, body)] = receiver.got
    at, _, code = headers["Guichet-Signature"].partition(",v1=")
    wanted = hmac.new(hook.secret.encode(), at.removeprefix("t=").encode() + b"." + body, hashlib.sha256).hexdigest()
    assert code == wanted
    other = hmac.new(hook.secret.encode(), b"1." + body, hashlib.sha256).hexdigest()
    assert code != other, "the time is signed"
    said = json.loads(body)
    assert set(said) == {"event", "verb", "at", "dossier", "procedure", "link", "details"}
    assert said["details"] == {"step": 3, "steps": 7} and b"Camille" not in body
    assert WebhookCall.objects.get().state == "told"


def test_another_service_is_not_told(region: Region, filed: Any, receiver: Receiver) -> None:
    dossier = filed()
    create_hook("Cars", receiver.url, by=region.chief, team=region.transport, events=["dossier.step"])
    happened(dossier, "dossier.step", by=region.leo)
    assert not WebhookCall.objects.exists()


def test_a_failure_is_tried_again_and_keeps_the_order(
    region: Region, filed: Any, hook: Webhook, receiver: Receiver
) -> None:
    first = filed()
    happened(first, "dossier.step", "dossier.decided", by=region.leo)
    receiver.answers = [500]
    assert send_calls() == 1 and receiver.verbs == ["dossier.step"]
    assert send_calls() == 0, "not before its time, nor the next one of the same dossier"
    assert WebhookCall.objects.filter(state="waiting", tries=1, status=500).count() == 1
    later()
    assert send_calls() == 1 and send_calls() == 1
    assert receiver.verbs == ["dossier.step", "dossier.step", "dossier.decided"]


def test_a_redirection_is_not_followed(region: Region, filed: Any, hook: Webhook, receiver: Receiver) -> None:
    receiver.answers = [302]
    happened(filed(), "dossier.step", by=region.leo)
    send_calls()
    assert len(receiver.got) == 1 and WebhookCall.objects.get().error == "Réponse 302"


def test_given_up_in_sight_then_replayed(region: Region, filed: Any, hook: Webhook, receiver: Receiver) -> None:
    happened(filed(), "dossier.step", by=region.leo)
    receiver.answers = [503] * (len(calling.LATER) + 1)
    delays = []
    for _ in range(len(calling.LATER) + 1):
        later()
        assert send_calls() == 1
        call = WebhookCall.objects.get()
        if call.next_at:
            delays.append(call.next_at)
    assert delays == sorted(delays)
    assert call.state == "given_up" and Event.objects.filter(verb="interface.call_given_up").exists()
    later()
    assert send_calls() == 0
    with pytest.raises(NotAllowed):
        replay(call, by=region.nadia)
    replay(call, by=region.chief)
    assert send_calls() == 1 and WebhookCall.objects.get().state == "told"
    assert receiver.got[0][1] == receiver.got[-1][1]


def test_a_killed_worker_leaves_a_call_that_waits(
    region: Region, filed: Any, hook: Webhook, receiver: Receiver
) -> None:
    happened(filed(), "dossier.step", by=region.leo)
    [stale] = calling._claim()
    assert send_calls() == 0, "under the lease of the other"
    WebhookCall.objects.update(next_at=F("next_at") - calling.LEASE)
    assert send_calls() == 1
    calling._note(stale, None, "Trop tard")
    assert WebhookCall.objects.get().state == "told"


def test_a_stopped_hook_is_left_alone(region: Region, filed: Any, hook: Webhook, receiver: Receiver) -> None:
    dossier = filed()
    happened(dossier, "dossier.step", by=region.leo)
    stop_hook(hook, by=region.chief)
    happened(dossier, "dossier.decided", by=region.leo)
    assert send_calls() == 0 and WebhookCall.objects.count() == 1
    with pytest.raises(Refused):
        replay(WebhookCall.objects.get(), by=region.chief)
    resume_hook(hook, by=region.chief)
    assert send_calls() == 1


# -- where one may call -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "127.0.0.1", "0.0.0.0", "100.64.0.1", "224.0.0.1",
     "240.0.0.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1",
     "64:ff9b::a00:1", "2002:a00:1::", "2001:0:53aa:64c:0:0:0:1"],
)  # fmt: skip
def test_private_addresses_are_refused(settings: Any, address: str) -> None:
    settings.WEBHOOKS_TO_LOOPBACK = False
    assert not outgoing.may_be_called(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_public_addresses_are_called(settings: Any, address: str) -> None:
    settings.WEBHOOKS_TO_LOOPBACK = False
    assert outgoing.may_be_called(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    ["http://exemple.fr/", "ftp://exemple.fr/", "https://", "https://a:b@exemple.fr/", "https://exemple.fr:99999/",
     "https://exemple.fr/é", "https://exemple.fr/a b", "https://exemple.fr/\r\nX: y", "javascript:alert(1)",
     "https://127.0.0.1/", "https://2130706433/", "https://0x7f.1/", "https://[::1]/", "https://localhost/"],
)  # fmt: skip
def test_addresses_that_are_none_of_ours_to_call(settings: Any, region: Region, url: str) -> None:
    settings.WEBHOOKS_TO_LOOPBACK = False
    with pytest.raises(Refused):
        create_hook("Essai", url, by=region.chief, events=["dossier.filed"])


def test_the_address_that_was_checked_is_the_one_called(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """A name that leads elsewhere a moment later gains nothing: it is asked once."""
    settings.WEBHOOKS_TO_LOOPBACK = False
    asked, called = [], []

    def names(host: str, port: int, **more: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34" if len(asked) == 1 else "10.0.0.1", port))]

    def connect(address: Any, **more: Any) -> Any:
        called.append(address)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", names)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(outgoing.NotCalled):
        outgoing.post("https://exemple.fr/", b"{}", {})
    assert called == [("93.184.216.34", 443)] and asked == ["exemple.fr"]
    with pytest.raises(outgoing.NotCalled, match="privé"):
        outgoing.post("https://exemple.fr/", b"{}", {})
    assert len(called) == 1


def test_each_event_has_a_name_of_its_own() -> None:
    names = [kind_said(verb) for verb in TOLD]
    assert len(set(names)) == len(names) and not any("{" in name for name in names), names
