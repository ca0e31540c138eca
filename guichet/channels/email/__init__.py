"""The e-mail channel: reads what an MTA or a mailbox gives, sends by SMTP, collects by IMAP."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from guichet.channels.contract import Collected, Inbound, Outgoing, Undelivered, Unreadable
from guichet.channels.email import building, outbound_folder, smtp
from guichet.channels.email.imap import Account, ImapMailbox
from guichet.channels.email.options import Addresses, Identity, listed, source_of
from guichet.channels.email.reading import read_mail

__all__ = ["EmailChannel"]


class EmailChannel:
    """Options, all plain values; lists may be tuples or one text with commas.

    Who we are: `own_addresses` (or a callable), `agent_domains`, `trusted_relays` (addresses or domains whose
    Reply-To is the person), `authserv_id` of our own relay, `domain` (Message-ID, tokens, loop header), `token_key`
    and `old_token_keys` (mails sent before a change of key are still recognised).
    Sending: `folder` writes files instead of sending; `allowed_recipients` (addresses or domains), when not empty,
    lets nothing out to anyone else; `envelope_sender` receives the reports of non-delivery (the sender otherwise).
    `smtp_tls`, `imap_tls`: "tls", "starttls" or "none".
    """

    def __init__(
        self,
        *,
        own_addresses: Addresses = (),
        agent_domains: str | Iterable[str] = (),
        trusted_relays: str | Iterable[str] = (),
        authserv_id: str = "",
        domain: str = "localhost",
        token_key: str = "",
        old_token_keys: Iterable[str] = (),
        smtp_host: str = "",
        smtp_port: int | str = 587,
        smtp_user: str = "",
        smtp_password: str = "",
        smtp_tls: str = "starttls",
        envelope_sender: str = "",
        allowed_recipients: str | Iterable[str] = (),
        folder: str = "",
        imap_host: str = "",
        imap_port: int | str = 993,
        imap_user: str = "",
        imap_password: str = "",
        imap_tls: str = "tls",
        imap_mailbox: str = "INBOX",
        imap_done_mailbox: str = "Traités",
        imap_failed_mailbox: str = "En erreur",
        imap_max_bytes: int | str = 60_000_000,
        timeout: float | str = 30,
        ca_file: str = "",
    ) -> None:
        for mode in (smtp_tls, imap_tls):
            if mode not in smtp.TLS_MODES:
                raise ValueError(f"not a TLS mode: {mode!r}")
        self._identity = Identity(
            own=source_of(own_addresses),
            agent_domains=listed(agent_domains),
            trusted_relays=listed(trusted_relays),
            authserv_id=authserv_id,
            domain=domain.lower(),
            token_keys=(token_key, *old_token_keys),
        )
        self._server = smtp.Server(
            smtp_host, int(smtp_port), smtp_user, smtp_password, smtp_tls, float(timeout), ca_file, domain
        )
        self._envelope_sender = envelope_sender
        self._allowed = listed(allowed_recipients)
        self._folder = folder
        self._mailbox = ImapMailbox(
            Account(
                host=imap_host,
                port=int(imap_port),
                user=imap_user,
                password=imap_password,
                mailbox=imap_mailbox,
                done_mailbox=imap_done_mailbox,
                failed_mailbox=imap_failed_mailbox,
                tls=imap_tls,
                timeout=float(timeout),
                ca_file=ca_file,
                max_bytes=int(imap_max_bytes),
            )
        )

    def read(self, raw: bytes, *, envelope_from: str = "", envelope_to: tuple[str, ...] = ()) -> Inbound:
        """Understand a mail. `envelope_from`: "" when unknown, "<>" for the null return path.

        Raises `Unreadable`, never anything else.
        """
        try:
            return read_mail(raw, self._identity, envelope_from, envelope_to)
        except Unreadable:
            raise
        except Exception as error:  # a mail that no rule foresaw goes to the quarantine with its bytes
            raise Unreadable(f"Ce message n’a pas pu être lu ({type(error).__name__}).") from error

    def build(self, outgoing: Outgoing, at: datetime | None = None) -> bytes:
        """The mail as bytes. Raises `Undelivered(final=True)` when it may not be written."""
        return building.build(outgoing, self._identity.domain, at)

    def send(self, outgoing: Outgoing) -> str:
        """Hand one mail over to its one recipient; returns the server's id, else the Message-ID."""
        self._check_allowed(outgoing.recipient.value)
        message = self.build(outgoing)
        if self._folder:
            return outbound_folder.write(self._folder, outgoing, message)
        if not self._server.host:
            raise Undelivered("Aucun serveur d’envoi n’est réglé.", code="settings")
        recipient = building.wire_address(outgoing.recipient.value)
        sender = building.wire_address(self._envelope_sender or outgoing.sender.value)
        return smtp.hand_over(self._server, sender, recipient, message) or outgoing.message_id

    def collect(self) -> Iterator[Collected]:
        """Mails waiting in the mailbox, not marked. Raises `ConnectionError` when it cannot be reached."""
        return self._mailbox.collect()

    def acknowledge(self, key: str) -> None:
        """Move a collected mail to the done mailbox, after our commit only."""
        self._mailbox.acknowledge(key)

    def set_aside(self, key: str) -> None:
        """Move a collected mail that cannot be stored to the failed mailbox, so that it does not come back."""
        self._mailbox.set_aside(key)

    def close(self) -> None:
        self._mailbox.close()

    def _check_allowed(self, recipient: str) -> None:
        if not self._allowed:
            return
        address = recipient.lower()
        host = address.rpartition("@")[2]
        if not {address, host, f"@{host}"} & self._allowed:
            reason = "Mode d’essai : rien ne part vers cette adresse."
            raise Undelivered(reason, final=True, code="test-mode")
