"""Handing a mail over to a server, and knowing precisely what became of it."""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
from dataclasses import dataclass
from typing import NoReturn

from guichet.channels.contract import Undelivered

_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_QUEUED = re.compile(r"(?:queued\s+(?:as|for delivery as)|id=?)\s*:?\s*([\w.@<>-]{4,100})", re.IGNORECASE)
_LINE_START_DOT = re.compile(rb"(?m)^\.")
TLS_MODES = ("none", "starttls", "tls")


@dataclass(frozen=True, slots=True)
class Server:
    host: str
    port: int
    user: str = ""
    password: str = ""
    tls: str = "starttls"  # one of TLS_MODES
    timeout: float = 30
    ca_file: str = ""  # authority of an internal server; the system's otherwise
    helo: str = "localhost"

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca_file or None)


def hand_over(server: Server, envelope_from: str, recipient: str, message: bytes) -> str:
    """The server's own id of the mail if it says one, else "". Raises `Undelivered`.

    Until the recipient is named, any failure is the server's or the settings': worth another try, whatever the code.
    """
    connection = _connect(server)
    try:
        options = _options(connection, envelope_from, recipient, message)
        _expect(connection.mail(envelope_from, options), "MAIL")
        _expect(connection.rcpt(recipient), "RCPT")
        _expect(connection.docmd("DATA"), "DATA", 354)
        connection.send(_LINE_START_DOT.sub(b"..", message) + (b"" if message.endswith(b"\r\n") else b"\r\n"))
        return _finish(connection)
    except smtplib.SMTPResponseException as error:
        _refused(error.smtp_code, error.smtp_error, "MAIL")
    except (OSError, smtplib.SMTPException) as error:
        # The final dot was not sent: the server may not keep the mail.
        raise Undelivered(f"Connexion au serveur de courriel perdue ({_kind(error)}).", code="connection") from error
    finally:
        _leave(connection)


def _finish(connection: smtplib.SMTP) -> str:
    """Send the end of the mail and read the verdict: from here on the server may have taken it."""
    try:
        connection.send(b".\r\n")
        reply = connection.getreply()
    except (OSError, smtplib.SMTPException) as error:
        reason = f"Le serveur de courriel n’a pas confirmé la réception ({_kind(error)})."
        raise Undelivered(reason, code="unconfirmed", maybe_sent=True) from error
    code, said = reply
    if not 200 <= code < 300:
        _refused(code, said, "DATA")
    queued = _QUEUED.search(said.decode("utf-8", "replace"))
    return queued.group(1).strip("<>.") if queued else ""


def _connect(server: Server) -> smtplib.SMTP:
    try:
        if server.tls == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                local_hostname=server.helo, timeout=server.timeout, context=server.context()
            )
        else:
            connection = smtplib.SMTP(local_hostname=server.helo, timeout=server.timeout)
    except (OSError, ValueError) as error:
        raise Undelivered(f"Réglages du courriel inutilisables ({_kind(error)}).", code="settings") from error
    try:
        _greet(connection, server)
    except smtplib.SMTPResponseException as error:
        connection.close()
        reason = f"Le serveur de courriel n’accepte pas la connexion ({error.smtp_code})."
        raise Undelivered(reason, code=_code(error.smtp_code, error.smtp_error)) from error
    except (OSError, smtplib.SMTPException, UnicodeError, ValueError) as error:
        connection.close()
        raise Undelivered(f"Serveur de courriel injoignable ({_kind(error)}).", code="connection") from error
    return connection


def _greet(connection: smtplib.SMTP, server: Server) -> None:
    # Server certificates are checked against the host's name, which connect() alone does not set.
    connection._host = server.host  # type: ignore[attr-defined]
    code, said = connection.connect(server.host, server.port)
    if code != 220:
        raise smtplib.SMTPConnectError(code, said)
    connection.ehlo_or_helo_if_needed()
    if server.tls == "starttls":
        connection.starttls(context=server.context())
        connection.ehlo_or_helo_if_needed()
    if server.user:
        connection.login(server.user, server.password)


def _options(connection: smtplib.SMTP, envelope_from: str, recipient: str, message: bytes) -> list[str]:
    options = []
    if connection.has_extn("size"):
        options.append(f"SIZE={len(message)}")
    if not (envelope_from + recipient).isascii() or not message.isascii():
        if not connection.has_extn("smtputf8"):
            reason = "Le serveur n’accepte pas les adresses avec des lettres accentuées."
            raise Undelivered(reason, final=True, code="smtputf8")
        connection.command_encoding = "utf-8"
        options += ["SMTPUTF8", "BODY=8BITMIME"]
    return options


def _expect(reply: tuple[int, bytes], step: str, wanted: int = 250) -> None:
    code, said = reply
    if code == wanted or (wanted == 250 and code in (251, 252)):
        return
    if code == -1:
        raise smtplib.SMTPServerDisconnected("no reply")
    _refused(code, said, step)


def _refused(code: int, said: bytes | str, step: str) -> NoReturn:
    """5xx is final, save where it speaks of us and not of this mail: authentication asked (530, 535)."""
    final = 500 <= code < 600 and code not in (530, 535)
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    # The server's words may hold the address: the reason goes to the desk, never to a log.
    raise Undelivered(f"{code} {text[:300]} ({step})", final=final, code=_code(code, text))


def _code(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    status = _STATUS.search(text)
    return f"{code} {status.group(1)}" if status else str(code)


def _kind(error: BaseException) -> str:
    return type(error).__name__


def _leave(connection: smtplib.SMTP) -> None:
    """Say goodbye if the other side still listens; the socket is closed in any case."""
    with contextlib.suppress(OSError, smtplib.SMTPException):
        connection.quit()
    connection.close()
