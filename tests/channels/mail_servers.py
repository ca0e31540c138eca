"""Real servers on the loopback: an SMTP server that misbehaves as told, and a Dovecot of its own."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import grp
import imaplib
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session, syntax

DOVECOT = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Certificate and key for localhost."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    command += " -addext subjectAltName=DNS:localhost,IP:127.0.0.1"
    subprocess.run(
        [*command.split(), "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    return certificate, key


@dataclass
class Mailer:
    """Replies by step (MAIL, RCPT, DATA) or by recipient.

    `drop`: "before" or "after" the end of the body; `mute` never replies.
    """

    replies: dict[str, str] = field(default_factory=dict)
    drop: str = ""
    mute: bool = False
    slow: float = 0.0  # seconds before the end of the body is answered
    extensions: bool = True
    received: list[Envelope] = field(default_factory=list)
    port: int = 0
    released: threading.Event = field(default_factory=threading.Event)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, opts: list[str]
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(opts)
        return self.replies.get("MAIL", "250 OK")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, opts: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.replies.get(address, self.replies.get("RCPT", "250 OK"))

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.received.append(envelope)
        await asyncio.sleep(self.slow)
        if self.drop == "after":
            server.transport.abort()
        if self.mute:
            while not self.released.is_set():
                await asyncio.sleep(0.01)
        return self.replies.get("DATA", "250 2.0.0 OK: queued as A1B2C3")


class _Server(SMTP):
    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:
        if self.event_handler.drop == "before":
            await self.push("354 go on")
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Server(self.handler, **self.SMTP_kwargs)


def _login(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"guichet", b"secret")
    return AuthResult(success=right, handled=not right and False)


@contextmanager
def smtp_server(mailer: Mailer, certificate: tuple[Path, Path] | None = None, tls: str = "none") -> Iterator[Mailer]:
    options: dict[str, Any] = {"enable_SMTPUTF8": mailer.extensions, "data_size_limit": 50_000_000}
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        if tls == "starttls":
            options |= {"tls_context": context, "require_starttls": True}
            options |= {"authenticator": _login, "auth_required": True}
        else:
            options["ssl_context"] = context
    mailer.port = mailer.port or free_port()
    controller = _Controller(mailer, hostname="127.0.0.1", port=mailer.port, **options)
    controller.start()
    try:
        yield mailer
    finally:
        mailer.released.set()
        controller.stop()


CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap
ssl = no
disable_plaintext_auth = no
listen = 127.0.0.1
mail_location = maildir:{folder}/mail
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 0
first_valid_gid = 0
default_login_user = {user}
default_internal_user = {user}
default_internal_group = {group}
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@dataclass
class Dovecot:
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [str(DOVECOT), "-F", "-c", str(self.folder / "dovecot.conf")],
            start_new_session=True,
        )
        limit = time.monotonic() + 20
        while time.monotonic() < limit:
            try:
                self.client().logout()
                return
            except (OSError, imaplib.IMAP4.error):
                time.sleep(0.05)
        raise RuntimeError((self.folder / "dovecot.log").read_text())

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(20)
            # Open sessions outlive the master for a while: a server that goes away takes them with it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process = None

    def client(self) -> imaplib.IMAP4:
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
        try:
            client.login("guichet", "secret")
        except imaplib.IMAP4.error:
            client.shutdown()
            raise
        return client

    def deliver(self, *messages: bytes, mailbox: str = "INBOX") -> None:
        client = self.client()
        for message in messages:
            assert client.append(mailbox, "", None, message)[0] == "OK"
        client.logout()

    def file_of(self, words: bytes) -> Path:
        """The file of a message of the inbox."""
        return next(path for path in self.folder.glob("mail/[cn][ue][rw]/*") if words in path.read_bytes())

    def unseen(self, mailbox: str) -> int:
        client = self.client()
        client.select(mailbox, readonly=True)
        _, found = client.uid("SEARCH", "UNSEEN")
        client.logout()
        return len(found[0].split())

    def subjects(self, mailbox: str) -> list[str]:
        """Subjects in a mailbox, in order; none when it does not exist."""
        client = self.client()
        try:
            if client.select(mailbox, readonly=True)[0] != "OK":
                return []
            _, found = client.uid("SEARCH", "ALL")
            uids = found[0].split()
            subjects = []
            for uid in uids:
                _, data = client.uid("FETCH", uid.decode(), "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
                subjects.append(data[0][1].decode().removeprefix("Subject: ").strip())
            return subjects
        finally:
            client.logout()


@contextmanager
def dovecot(folder: Path) -> Iterator[Dovecot]:
    """A Dovecot that runs as whoever runs the tests, in a folder of its own."""
    server = Dovecot(folder, free_port())
    for name in ("run", "state", "mail", "home"):
        (folder / name).mkdir()
    user = getpass.getuser()
    # Dovecot refuses root for its own processes: as root, its Debian users are used.
    internal = user if os.geteuid() else "dovecot"
    account = pwd.getpwnam(internal)
    for path in (folder, *folder.iterdir()):
        os.chown(path, account.pw_uid, account.pw_gid)
    (folder / "dovecot.conf").write_text(
        CONFIGURATION.format(
            folder=folder,
            port=server.port,
            uid=account.pw_uid,
            gid=account.pw_gid,
            user=internal,
            group=grp.getgrgid(account.pw_gid).gr_name,
        )
    )
    server.start()
    try:
        yield server
    finally:
        server.stop()
