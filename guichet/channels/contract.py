"""What every channel speaks: frozen values in and out, three verbs, two failures.

An adapter implements the verbs it can (`collect`, `read`, `send`) and is plugged by one entry of
`settings.CHANNELS` (dotted path and options). Nothing in this package may import Django.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable


class Unreadable(Exception):
    """The raw item cannot be understood; it stays in quarantine with its bytes kept."""


class Undelivered(Exception):
    """The outside world did not take the item. `final` means that trying again is useless.

    `maybe_sent` is true where the connection broke after the body was handed over: the other
    side may have taken it, and only it knows.
    """

    def __init__(self, reason: str, *, final: bool = False, code: str = "", maybe_sent: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final
        self.code = code
        self.maybe_sent = maybe_sent


class Unanswered(Exception):
    """No text came from a language model: dead, slow, busy, refused, or not of the expected form."""


@dataclass(frozen=True, slots=True)
class Address:
    """An electronic address (`value`, lower-cased) and the name written beside it."""

    value: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class InboundFile:
    """A file as it came: nothing about it is trusted yet, neither name nor declared type."""

    name: str
    content: bytes
    declared_type: str = "application/octet-stream"
    content_id: str = ""
    inline: bool = False  # shown in the body by cid:, or a signature logo: not a document


@dataclass(frozen=True, slots=True)
class Bounce:
    """A report of non-delivery. `message_id` is the Message-ID of what we had sent, if quoted.

    `permanent`: no more tries will be made for this message. Whether the address itself is bad is read in `status`
    (5.1.x): a server given up on after five days reports 4.4.7.
    """

    recipient: str
    permanent: bool
    status: str = ""  # RFC 3463, e.g. "5.1.1"
    diagnostic: str = ""
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One exchange received, normalised. Everything a pipeline needs, whatever the channel."""

    channel: str
    external_id: str  # stable across re-fetches of the same item
    sender: Address  # who writes: Reply-To when it comes from a trusted relay, else From
    subject: str
    text: str  # whole readable text, quotes included
    fresh_text: str  # what this message adds: quotes and signature left out; never empty if text is not
    html: str = ""  # sanitised; remote images blocked; cid: left as "cid:…"
    sent_at: datetime | None = None  # aware; the sender's own clock, never trusted for deadlines
    message_id: str = ""  # Message-IDs are kept in angle brackets, here and everywhere
    references: tuple[str, ...] = ()  # candidates for threading, nearest first
    tokens: tuple[str, ...] = ()  # our own thread tokens found in plus-addresses, newest first
    body_tokens: tuple[str, ...] = ()  # our markers found in the quoted body
    subject_references: tuple[str, ...] = ()  # digits after "N°" or "#" in the subject, unchecked
    from_address: Address | None = None  # the From: header as it stood
    recipients: tuple[Address, ...] = ()  # To and Cc, without our own addresses
    delivered_to: tuple[str, ...] = ()  # our addresses that received it (envelope, To, Cc, Delivered-To…)
    forwarded_by: Address | None = None  # one of our agents forwarded it; `sender` is then the original
    files: tuple[InboundFile, ...] = ()
    automatic: str = ""  # why this is a machine's mail ("auto-submitted", "list", …); empty for a person's
    own_loop: bool = False  # our own loop header, or one of our own addresses as sender
    bounce: Bounce | None = None
    authenticated: bool | None = None  # DMARC/DKIM verdict of the trusted relay; None: unknown
    defects: tuple[str, ...] = ()  # what was repaired while reading, in English, for the log
    language: str = "fr"


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    name: str
    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One thing to send to one recipient, everything frozen when it was queued."""

    channel: str
    delivery_id: int
    message_id: str  # decided when queued, the same at every try
    recipient: Address
    sender: Address
    subject: str
    text: str
    html: str = ""
    reply_to: Address | None = None
    shown_to: tuple[Address, ...] = ()  # To header when the recipient is one of several
    shown_cc: tuple[Address, ...] = ()
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    automatic: bool = False  # adds Auto-Submitted: auto-generated (receipts, reminders)
    token: str = ""  # our thread token, put in Reply-To plus-address by the caller and as a body marker
    files: tuple[OutgoingFile, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Collected:
    """A raw item fetched from a mailbox or a folder; `done()` is called after our commit only."""

    raw: bytes
    envelope_to: tuple[str, ...] = ()
    key: str = ""


@runtime_checkable
class Reader(Protocol):
    def read(self, raw: bytes, *, envelope_from: str = "", envelope_to: tuple[str, ...] = ()) -> Inbound:
        """Understand a raw item. Raises `Unreadable`; never anything else, whatever the bytes.

        `envelope_from`: "" when unknown, "<>" for the null return path.
        """
        ...


@runtime_checkable
class Sender(Protocol):
    def send(self, outgoing: Outgoing) -> str:
        """Hand one item over; returns the provider's id. Raises `Undelivered`."""
        ...


@runtime_checkable
class Collector(Protocol):
    def collect(self) -> Iterator[Collected]:
        """Yield what waits. The item is acknowledged (moved, deleted) when `acknowledge` is called.

        Raises `ConnectionError` when the mailbox or the server cannot be reached.
        """
        ...

    def acknowledge(self, key: str) -> None: ...


@runtime_checkable
class LanguageModel(Protocol):
    def ask(self, instructions: str, data: str, *, tokens: int = 500) -> str:
        """What the model writes about `data`, within seconds. Raises `Unanswered`, and nothing else."""
        ...
