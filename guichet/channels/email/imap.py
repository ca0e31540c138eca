"""A hosted mailbox: fetch, let the caller commit, then move. Nothing is marked before."""

from __future__ import annotations

import imaplib
import logging
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from imap_tools.errors import ImapToolsError
from imap_tools.mailbox import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted

from guichet.channels.contract import Collected

log = logging.getLogger(__name__)
_T = TypeVar("_T")
_FAILURES = (OSError, imaplib.IMAP4.error, ImapToolsError)
# After these the connection is dead, whatever the server meant.
_BROKEN = (OSError, imaplib.IMAP4.abort)


@dataclass(frozen=True, slots=True)
class Account:
    host: str
    port: int = 993
    user: str = ""
    password: str = ""
    mailbox: str = "INBOX"
    done_mailbox: str = "Traités"
    failed_mailbox: str = "En erreur"
    tls: str = "tls"  # tls, starttls or none
    timeout: float = 30
    ca_file: str = ""
    max_bytes: int = 60_000_000


class ImapMailbox:
    """One connection, opened when needed and opened again when lost. One instance per thread."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._connection: BaseMailBox | None = None
        self._validity = ""

    def collect(self) -> Iterator[Collected]:
        """Messages waiting, oldest first; key is "UIDVALIDITY:UID". Raises `ConnectionError`.

        A message that the server cannot give, or too big, goes to the failed mailbox and the next one is read.
        """
        for uid, size in self._try(self._waiting):
            if size > self._account.max_bytes:
                self._reject(uid, "too big")
                continue
            raw = self._fetch(uid)
            if raw:
                yield Collected(raw=raw, key=f"{self._validity}:{uid}")

    def acknowledge(self, key: str) -> None:
        """Move to the done mailbox. Harmless a second time, and when the mailbox was rebuilt since."""
        self._file(key, self._account.done_mailbox)

    def set_aside(self, key: str) -> None:
        """Move to the failed mailbox."""
        self._file(key, self._account.failed_mailbox)

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.logout()
        except _FAILURES:
            connection.client.shutdown()

    def _file(self, key: str, mailbox: str) -> None:
        validity, _, uid = key.partition(":")

        def move(connection: BaseMailBox) -> None:
            # UIDs of another UIDVALIDITY name other messages: moving them would lose mail.
            if validity == self._validity and uid.isdigit():
                connection.move(uid, mailbox)

        self._try(move)

    def _waiting(self, connection: BaseMailBox) -> list[tuple[str, int]]:
        status, data = connection.client.uid("SEARCH", "UNDELETED")  # type: ignore[no-untyped-call,unused-ignore]
        if status != "OK":
            raise imaplib.IMAP4.error("search refused")
        uids = (data[0] or b"").decode().split()
        sizes: dict[str, int] = {}
        for start in range(0, len(uids), 500):
            _, answers = connection.client.uid("FETCH", ",".join(uids[start : start + 500]), "(RFC822.SIZE)")
            for answer in answers:
                words = answer.replace(b"(", b" ").replace(b")", b" ").split() if isinstance(answer, bytes) else []
                if b"UID" in words and b"RFC822.SIZE" in words:
                    size = words[words.index(b"RFC822.SIZE") + 1]
                    sizes[words[words.index(b"UID") + 1].decode()] = int(size)
        return [(uid, sizes.get(uid, 0)) for uid in uids]

    def _fetch(self, uid: str) -> bytes:
        validity = self._validity

        def fetch(connection: BaseMailBox) -> bytes:
            if validity != self._validity:
                return b""  # rebuilt while we read: the next collect starts afresh
            status, data = connection.client.uid("FETCH", uid, "(BODY.PEEK[])")
            if status != "OK":
                raise imaplib.IMAP4.error("fetch refused")
            return next((bytes(item[1]) for item in data if isinstance(item, tuple)), b"")

        try:
            return self._try(fetch)
        except ConnectionError:
            # Is it the server, or this mail? Some servers hang up on a mail that they cannot read.
            self._try(lambda connection: connection.folder.get())
            if validity == self._validity:
                self._reject(uid, "the server cannot give it")
            return b""

    def _reject(self, uid: str, why: str) -> None:
        log.warning("mail set aside in the failed mailbox: %s", why)
        try:
            self.set_aside(f"{self._validity}:{uid}")
        except ConnectionError:
            # It stays where it is; the others must be read all the same.
            log.error("mail that can be neither read nor moved")

    def _try(self, action: Callable[[BaseMailBox], _T]) -> _T:
        """Run `action`, once more on a new connection when the old one turns out dead."""
        fresh = self._connection is None
        try:
            return action(self._connection or self._connect())
        except _BROKEN as error:
            self._drop()
            if fresh:
                raise _unreachable(error) from error
        except (imaplib.IMAP4.error, ImapToolsError) as error:
            raise _unreachable(error) from error
        try:
            return action(self._connect())
        except _FAILURES as error:
            self._drop()
            raise _unreachable(error) from error

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.client.shutdown()

    def _connect(self) -> BaseMailBox:
        connection = self._open()
        try:
            connection.login(self._account.user, self._account.password, initial_folder=None)
            self._create_missing(connection)
            connection.folder.set(self._account.mailbox)
        except _FAILURES:
            connection.client.shutdown()
            raise
        _, validity = connection.client.response("UIDVALIDITY")
        self._validity = (validity[-1] or b"0").decode() if validity else "0"
        self._connection = connection
        return connection

    def _open(self) -> BaseMailBox:
        account = self._account
        if account.tls == "none":
            return MailBoxUnencrypted(account.host, account.port, timeout=account.timeout)
        context = ssl.create_default_context(cafile=account.ca_file or None)
        if account.tls == "starttls":
            return MailBoxStartTls(account.host, account.port, timeout=account.timeout, ssl_context=context)
        return MailBox(account.host, account.port, timeout=account.timeout, ssl_context=context)

    def _create_missing(self, connection: BaseMailBox) -> None:
        for name in (self._account.done_mailbox, self._account.failed_mailbox):
            if not connection.folder.exists(name):
                connection.folder.create(name)


def _unreachable(error: BaseException) -> ConnectionError:
    # The server's words may quote an address or a subject.
    return ConnectionError(f"Boîte aux lettres injoignable ({type(error).__name__}).")
