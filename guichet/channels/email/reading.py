"""From the raw bytes of a mail to an `Inbound`: the order of the questions, each answered in its own module."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from guichet.channels.contract import Address, Bounce, Inbound, Unreadable
from guichet.channels.email import automatic, body, bounces, forwards, threads, verdicts
from guichet.channels.email.headers import Headers, parse_addresses, parse_date
from guichet.channels.email.mime import Part, parse
from guichet.channels.email.options import Identity, listed
from guichet.channels.email.quoting import fresh_text

MAX_RECIPIENTS = 500
_MAX_SUBJECT = 500
# Where the address that received the message may stand, the surest first.
_DELIVERED = ("delivered-to", "x-original-to", "x-envelope-to", "envelope-to")
_EXPECTED = frozenset(
    {"from", "sender", "to", "subject", "date", "message-id", "received", "return-path", "mime-version"}
)


@dataclass(frozen=True, slots=True)
class _Writer:
    """Who writes, and through whom."""

    sender: Address
    written_from: Address
    envelope: str
    relayed: bool = False
    forwarded_by: Address | None = None


def read_mail(raw: bytes, identity: Identity, envelope_from: str, envelope_to: tuple[str, ...]) -> Inbound:
    """Raises `Unreadable` when the bytes hold no mail at all."""
    if not raw.strip():
        raise Unreadable("Le message est vide.")
    root, defects = parse(raw)
    headers = root.headers
    if not _EXPECTED & headers.names():
        raise Unreadable("Ces données ne sont pas un courriel : aucun en-tête connu.")
    own = identity.own()
    subject = headers.text("subject")[:_MAX_SUBJECT]
    content = body.read_body(root)
    verdict = verdicts.authenticated(headers, identity.authserv_id, _from(headers).value)
    writer = _writer(root, identity, own, envelope_from, verdict, subject, content.text)
    bounce, reason = _machine(root, identity, own, envelope_from, writer, subject, content.text)
    message_id = threads.own_id(headers)
    delivered = _delivered(headers, envelope_to)
    if not writer.sender.value:
        defects.append("no sender")
    if not message_id:
        defects.append("no usable Message-ID")
    if content.remote_images:
        defects.append(f"{content.remote_images} remote images blocked")
    return Inbound(
        channel="email",
        external_id=threads.external_id(message_id, root),
        sender=writer.sender,
        subject=subject,
        text=content.text,
        # The matter of a forwarded message is what it forwards.
        fresh_text=content.text.strip() if writer.forwarded_by else fresh_text(content.text),
        html=content.html,
        sent_at=parse_date(headers.get("date")),
        message_id=message_id,
        references=threads.references(headers),
        tokens=threads.address_tokens(delivered, identity.domain, own, identity.token_keys),
        # Mailers that rewrite the plain part often leave the marker in the other.
        body_tokens=threads.body_tokens(f"{content.text}\n{content.html}", identity.token_keys),
        subject_references=threads.subject_references(subject),
        from_address=writer.written_from if writer.written_from.value else None,
        recipients=_recipients(headers, identity, own),
        delivered_to=tuple(address for address in delivered if _is_ours(address, identity, own)),
        forwarded_by=writer.forwarded_by,
        files=tuple(content.files),
        automatic=reason,
        own_loop=_is_own_loop(headers, identity, own, writer),
        bounce=bounce,
        # The relay vouched for the From address, not for the person named in Reply-To or in a forward.
        authenticated=verdict if writer.sender == writer.written_from else None,
        defects=tuple(dict.fromkeys(defects + content.defects)),
        language=_language(content.text),
    )


def _from(headers: Headers) -> Address:
    found = headers.addresses("from", "sender")
    return found[0] if found else Address("")


def _writer(
    root: Part,
    identity: Identity,
    own: frozenset[str],
    envelope_from: str,
    verdict: bool | None,
    subject: str,
    text: str,
) -> _Writer:
    headers = root.headers
    envelope = automatic.return_path(headers, envelope_from)
    author = _from(headers)
    if not author.value:
        # No From: the envelope is all there is.
        return _Writer(Address(envelope), author, envelope)
    # A forged From must not open these two doors.
    believed = verdict is not False
    replies = headers.addresses("reply-to")
    if believed and replies and replies[0].value not in own and _is_trusted_relay(author.value, envelope, identity):
        person = replies[0] if replies[0].name or replies[0].value != author.value else author
        return _Writer(person, author, envelope, relayed=True)
    inside = author.value.rpartition("@")[2] in identity.agent_domains
    if believed and inside and author.value not in own and forwards.looks_forwarded(subject):
        original = forwards.original_sender(text, root, own, identity.agent_domains | {identity.domain})
        if original:
            return _Writer(original, author, envelope, forwarded_by=author)
    return _Writer(author, author, envelope)


def _is_trusted_relay(author: str, envelope: str, identity: Identity) -> bool:
    named = {author, envelope, author.rpartition("@")[2], envelope.rpartition("@")[2]} - {""}
    return bool(named & identity.trusted_relays)


def _machine(
    root: Part, identity: Identity, own: frozenset[str], envelope_from: str, writer: _Writer, subject: str, text: str
) -> tuple[Bounce | None, str]:
    """The report of non-delivery if any, and why this is a machine's message."""
    if writer.relayed:
        # A contact form is a machine that speaks for a person.
        return None, ""
    headers = root.headers
    report = bounces.report_type(root)
    null_sender = automatic.is_null_sender(headers, envelope_from)
    robot = automatic.is_robot(writer.written_from.value)
    bounce = bounces.read_bounce(
        root,
        sender=writer.written_from.value,
        subject=subject,
        text=text,
        machine=null_sender or robot,
        domain=identity.domain,
        ours=own,
    )
    reason = automatic.reason(headers, writer.written_from.value, subject, report, null_sender)
    return bounce, reason or ("report" if bounce else "")


def _is_own_loop(headers: Headers, identity: Identity, own: frozenset[str], writer: _Writer) -> bool:
    if automatic.carries_own_loop(headers, identity.domain):
        return True
    senders = {threads.untagged(writer.sender.value), "" if writer.relayed else threads.untagged(writer.envelope)}
    return bool(senders & own)


def _delivered(headers: Headers, envelope_to: tuple[str, ...]) -> tuple[str, ...]:
    """Every address that may have received this message, the surest first."""
    envelope = [address.value for item in envelope_to for address in parse_addresses(item)]
    written = [address.value for address in headers.addresses(*_DELIVERED, "to", "cc")]
    return tuple(dict.fromkeys(envelope + written[:MAX_RECIPIENTS]))


def _is_ours(address: str, identity: Identity, own: frozenset[str]) -> bool:
    return threads.untagged(address) in own


def _recipients(headers: Headers, identity: Identity, own: frozenset[str]) -> tuple[Address, ...]:
    found: dict[str, Address] = {}
    for address in headers.addresses("to", "cc"):
        if not _is_ours(address.value, identity, own):
            found.setdefault(address.value, address)
    return tuple(found.values())[:MAX_RECIPIENTS]


_FRENCH = listed("le la les des une est je vous nous pour dans que qui pas sur avec mon ma bonjour merci votre")
_ENGLISH = listed("the and of to is in for that you have with my your this are not hello thank please dear")
_SPANISH = listed("el los las una es que para con por mi su hola gracias usted estoy muy pero como del")


def _language(text: str) -> str:
    """French unless another language clearly wins; a hint for the agent, nothing is decided on it."""
    words = Counter(text[:3000].lower().split()[:300])
    scores = {
        code: sum(words[word] for word in known & words.keys())
        for code, known in (("fr", _FRENCH), ("en", _ENGLISH), ("es", _SPANISH))
    }
    best = max(scores, key=lambda code: (scores[code], code == "fr"))
    return best if scores[best] >= 3 and scores[best] > 2 * scores["fr"] else "fr"
