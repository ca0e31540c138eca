"""Handing over to real SMTP servers, the good ones and the others."""

from __future__ import annotations

import email
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from guichet.channels.contract import Address, Outgoing, OutgoingFile, Sender, Undelivered
from guichet.channels.email import EmailChannel
from tests.channels.mail_servers import Mailer, free_port, self_signed, smtp_server

pytestmark = pytest.mark.server

OUTGOING = Outgoing(
    channel="email",
    delivery_id=77,
    message_id="<livraison-77@region.example>",
    recipient=Address("claire.martin@courriel.example", "Claire Martin"),
    sender=Address("demandes@region.example", "Région"),
    subject="Votre demande",
    text="Bonjour,\n.\n..\nà vous\n" + "ligne très longue " * 200,
)


def channel(mailer: Mailer, **options: Any) -> EmailChannel:
    values: dict[str, Any] = {"smtp_host": "127.0.0.1", "smtp_port": str(mailer.port), "smtp_tls": "none"}
    return EmailChannel(domain="region.example", **(values | {"timeout": 10} | options))


def failure(sender: EmailChannel, outgoing: Outgoing = OUTGOING) -> Undelivered:
    with pytest.raises(Undelivered) as raised:
        sender.send(outgoing)
    return raised.value


def test_accepted_whole() -> None:
    with smtp_server(Mailer()) as mailer:
        sender = channel(mailer, envelope_sender="retours@region.example")
        assert isinstance(sender, Sender)
        assert sender.send(OUTGOING) == "A1B2C3"
    (envelope,) = mailer.received
    assert envelope.mail_from == "retours@region.example"
    assert envelope.rcpt_tos == ["claire.martin@courriel.example"]
    payload = email.message_from_bytes(envelope.content).get_payload(decode=True)
    assert payload.decode().replace("\r\n", "\n").rstrip("\n") == OUTGOING.text.rstrip("\n")


def test_a_server_without_id_gives_the_message_id() -> None:
    with smtp_server(Mailer(replies={"DATA": "250 OK"})) as mailer:
        assert channel(mailer).send(OUTGOING) == OUTGOING.message_id


def test_dots_at_line_starts_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = b"Subject: a\r\n\r\n.\r\n..b\r\n.c\r\nfin\r\n"
    monkeypatch.setattr("guichet.channels.email.building.build", lambda *_: raw)
    with smtp_server(Mailer()) as mailer:
        channel(mailer).send(OUTGOING)
    assert mailer.received[0].content == raw


def test_one_recipient_whatever_is_shown() -> None:
    shown = (OUTGOING.recipient, Address("autre@courriel.example"))
    with smtp_server(Mailer()) as mailer:
        channel(mailer).send(replace(OUTGOING, shown_to=shown))
    assert mailer.received[0].rcpt_tos == ["claire.martin@courriel.example"]
    assert b"autre@courriel.example" in mailer.received[0].content


@pytest.mark.parametrize(
    ("step", "reply", "final", "code"),
    [
        ("RCPT", "550 5.1.1 inconnu", True, "550 5.1.1"),
        ("RCPT", "450 4.2.1 plus tard", False, "450 4.2.1"),
        ("RCPT", "421 4.3.2 on ferme", False, "421 4.3.2"),
        ("RCPT", "452 4.2.2 pleine", False, "452 4.2.2"),
        ("MAIL", "552 5.3.4 trop gros", True, "552 5.3.4"),
        ("MAIL", "451 erreur", False, "451"),
        ("MAIL", "530 5.7.0 authentification", False, "530 5.7.0"),
        ("DATA", "554 5.7.1 refus", True, "554 5.7.1"),
        ("DATA", "451 4.7.1 liste grise", False, "451 4.7.1"),
    ],
)
def test_refusals(step: str, reply: str, final: bool, code: str) -> None:
    with smtp_server(Mailer(replies={step: reply})) as mailer:
        error = failure(channel(mailer))
    assert (error.final, error.code, error.maybe_sent) == (final, code, False)


def test_nobody_listens() -> None:
    error = failure(channel(Mailer(port=free_port())))
    assert (error.final, error.code, error.maybe_sent) == (False, "connection", False)


def test_dropped_while_the_body_is_sent() -> None:
    big = replace(OUTGOING, files=(OutgoingFile("a.bin", bytes(20_000_000), "application/octet-stream"),))
    with smtp_server(Mailer(drop="before")) as mailer:
        error = failure(channel(mailer), big)
    assert (error.final, error.maybe_sent) == (False, False)
    assert mailer.received == []


def test_dropped_after_the_body_may_have_been_sent() -> None:
    with smtp_server(Mailer(drop="after")) as mailer:
        error = failure(channel(mailer))
    assert (error.final, error.maybe_sent) == (False, True)
    assert len(mailer.received) == 1


def test_silence_after_the_body_may_have_been_sent() -> None:
    with smtp_server(Mailer(mute=True)) as mailer:
        error = failure(channel(mailer, timeout="0.4"))
    assert (error.final, error.maybe_sent) == (False, True)


def test_accented_local_part() -> None:
    accented = replace(OUTGOING, recipient=Address("hélène@élan.example"))
    with smtp_server(Mailer()) as mailer:
        channel(mailer).send(accented)
        assert mailer.received[0].rcpt_tos == ["hélène@xn--lan-9la.example"]
    with smtp_server(Mailer(extensions=False)) as mailer:
        error = failure(channel(mailer), accented)
    assert (error.final, error.code) == (True, "smtputf8")


def test_encrypted_and_authenticated(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    known = {"ca_file": str(certificate[0]), "smtp_host": "localhost"}
    login = {"smtp_tls": "starttls", "smtp_user": "guichet", "smtp_password": "secret"}
    with smtp_server(Mailer(), certificate, "starttls") as mailer:
        assert channel(mailer, **known, **login).send(OUTGOING) == "A1B2C3"
        wrong = failure(channel(mailer, **known, **(login | {"smtp_password": "faux"})))
        assert (wrong.final, wrong.code.split()[0]) == (False, "535")
        unknown = failure(channel(mailer, **login))
        assert (unknown.final, unknown.code) == (False, "connection")
    assert len(mailer.received) == 1


def test_tls_from_the_start(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    with smtp_server(Mailer(), certificate, "tls") as mailer:
        assert channel(mailer, smtp_tls="tls", ca_file=str(certificate[0])).send(OUTGOING) == "A1B2C3"


def test_no_clear_text_where_starttls_is_asked() -> None:
    with smtp_server(Mailer()) as mailer:
        error = failure(channel(mailer, smtp_tls="starttls"))
    assert (error.final, error.code, mailer.received) == (False, "connection", [])


def test_no_server() -> None:
    assert failure(EmailChannel()).code == "settings"
    with pytest.raises(ValueError, match="TLS"):
        EmailChannel(smtp_tls="ssl")


@pytest.mark.parametrize("allowed", ["claire.martin@courriel.example", "COURRIEL.example", ("@courriel.example",)])
def test_test_mode_lets_out_who_is_allowed(allowed: str, tmp_path: Path) -> None:
    assert EmailChannel(folder=str(tmp_path), allowed_recipients=allowed).send(OUTGOING).endswith(".eml")


@pytest.mark.parametrize("allowed", ["riel.example", "autre@courriel.example", "sub.courriel.example"])
def test_test_mode_lets_nobody_else_out(allowed: str, tmp_path: Path) -> None:
    error = failure(EmailChannel(folder=str(tmp_path), allowed_recipients=allowed))
    assert (error.final, error.code) == (True, "test-mode")
    assert list(tmp_path.iterdir()) == []


def test_folder_holds_one_file_per_delivery(tmp_path: Path) -> None:
    sender = EmailChannel(folder=str(tmp_path / "sortie"), domain="region.example")
    name = sender.send(OUTGOING)
    assert sender.send(OUTGOING) == name
    sender.send(replace(OUTGOING, delivery_id=78))
    written = sorted((tmp_path / "sortie" / "new").iterdir())
    assert len(written) == 2
    assert sender.read(written[0].read_bytes()).message_id == OUTGOING.message_id
    assert list((tmp_path / "sortie" / "tmp").iterdir()) == []


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "fichier").write_text("")
    error = failure(EmailChannel(folder=str(tmp_path / "fichier")))
    assert (error.final, error.code) == (False, "folder")
