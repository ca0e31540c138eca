"""From an `Outgoing` to the bytes of a mail. Pure: the same exchange gives the same bytes but for the date.

Headers are written here, not with the standard library's policies: those fold long Message-IDs into encoded words,
which breaks the threads, and refuse or rewrite what they should pass on.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import html as entities
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime
from urllib.parse import quote

from guichet.channels.contract import Address, Outgoing, OutgoingFile, Undelivered
from guichet.channels.email import automatic, tokens
from guichet.channels.email.filenames import display_name
from guichet.channels.email.options import listed

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029\ud800-\udfff]+")
_ID = re.compile(r"<?([^\s<>\x00-\x1f\x7f]{1,900})>?")
_ADDRESS = re.compile(r"[^\s<>()\[\]\\,;:\"@\x00-\x1f\x7f]{1,128}@[^\s<>()\[\]\\,;:\"@\x00-\x1f\x7f]{1,253}")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,70}")
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,100}", re.ASCII)
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_MAX_FOLD = 76
# What this module writes itself; the caller may not write it a second time.
_RESERVED = listed(
    "from to cc bcc sender reply-to subject date message-id in-reply-to references mime-version content-type "
    "content-transfer-encoding content-disposition auto-submitted return-path received x-guichet-loop"
)


def build(outgoing: Outgoing, domain: str, at: datetime | None = None) -> bytes:
    """RFC 5322 bytes, ASCII but for addresses with accents, lines ended by CRLF.

    Raises `Undelivered(final=True)` when a header would carry a line break or an address is none.
    """
    top, content = _content(outgoing)
    lines = [*_headers(outgoing, domain, at or datetime.now(UTC)), "MIME-Version: 1.0", *top]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def _headers(outgoing: Outgoing, domain: str, at: datetime) -> list[str]:
    lines = [
        f"Date: {format_datetime(at)}",
        f"From: {_addresses([outgoing.sender])}",
        f"To: {_addresses(outgoing.shown_to or [outgoing.recipient])}",
    ]
    if outgoing.shown_cc:
        lines.append(f"Cc: {_addresses(outgoing.shown_cc)}")
    if outgoing.reply_to:
        lines.append(f"Reply-To: {_addresses([outgoing.reply_to])}")
    lines += [f"Subject: {_text('Subject', outgoing.subject)}", f"Message-ID: {_id(outgoing.message_id)}"]
    if outgoing.in_reply_to:
        lines.append(f"In-Reply-To: {_id(outgoing.in_reply_to)}")
    if outgoing.references:
        # The first and the nearest ones: some servers refuse very long headers.
        kept = outgoing.references[:1] + outgoing.references[1:][-20:]
        lines.append("References: " + "\r\n ".join(_id(item) for item in kept))
    lines.append(f"{automatic.LOOP_HEADER}: {_plain(domain)}")
    if outgoing.automatic:
        lines += ["Auto-Submitted: auto-generated", "X-Auto-Response-Suppress: DR, OOF, AutoReply"]
    return lines + [_custom(name, value) for name, value in outgoing.headers.items()]


def _refuse(what: str) -> Undelivered:
    return Undelivered(f"Envoi refusé : {what}.", final=True, code="header")


def _id(value: str) -> str:
    match = _ID.fullmatch(value.strip(" "))
    if not match:
        raise _refuse("identifiant de message mal formé")
    return f"<{match.group(1)}>"


def _plain(value: str) -> str:
    if _CONTROL.search(value):
        raise _refuse("un en-tête contient un retour à la ligne")
    return value


def _custom(name: str, value: str) -> str:
    if not _HEADER_NAME.fullmatch(name) or name.lower() in _RESERVED:
        raise _refuse(f"en-tête « {_CONTROL.sub(' ', name)[:40]} » non admis")
    return f"{name}: {_text(name, _plain(value))}"


def _text(name: str, value: str) -> str:
    """Unstructured text: one line, encoded words when needed, folded."""
    value = " ".join(_CONTROL.sub(" ", value).split())
    charset = "us-ascii" if value.isascii() and "=?" not in value else "utf-8"
    if charset == "us-ascii" and max(map(len, value.split(" "))) > 900:
        charset = "utf-8"
    return Header(value, charset, maxlinelen=_MAX_FOLD, header_name=name).encode(linesep="\r\n")


def _addresses(addresses: Iterable[Address]) -> str:
    return ",\r\n ".join(_address(address) for address in addresses)


def _address(address: Address) -> str:
    value = wire_address(address.value)
    name = " ".join(_CONTROL.sub(" ", address.name).split())[:200]
    if not name:
        return value
    if not name.isascii() or "=?" in name:
        return f"{_text('To', name)} <{value}>"
    if not _ATOM.fullmatch(name):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{name} <{value}>"


def wire_address(value: str) -> str:
    """The address as the network carries it: the domain in its ASCII form. Raises `Undelivered(final=True)`."""
    if not _ADDRESS.fullmatch(value) or ".." in value.rpartition("@")[2]:
        raise Undelivered("Envoi refusé : l’adresse n’est pas valable.", final=True, code="address")
    local, _, host = value.rpartition("@")
    try:
        return f"{local}@{host.encode('idna').decode('ascii')}"
    except UnicodeError as error:
        reason = "Envoi refusé : le domaine de l’adresse n’est pas valable."
        raise Undelivered(reason, final=True, code="address") from error


def _content(outgoing: Outgoing) -> tuple[list[str], bytes]:
    """Headers of the top entity and its body."""
    seed = hashlib.sha256(f"{outgoing.message_id}\0{outgoing.delivery_id}".encode("utf-8", "replace")).hexdigest()
    entity = _leaf("text/plain; charset=utf-8", _quoted_printable(_marked_text(outgoing)), "quoted-printable")
    if outgoing.html:
        formatted = _leaf("text/html; charset=utf-8", _quoted_printable(_marked_html(outgoing)), "quoted-printable")
        entity = _multipart("alternative", [entity, formatted], f"=_a{seed[:24]}")
    if outgoing.files:
        entity = _multipart("mixed", [entity, *map(_file, outgoing.files)], f"=_m{seed[:24]}")
    return entity


def _leaf(media_type: str, body: bytes, encoding: str, *more: str) -> tuple[list[str], bytes]:
    return [f"Content-Type: {media_type}", f"Content-Transfer-Encoding: {encoding}", *more], body


def _multipart(subtype: str, parts: list[tuple[list[str], bytes]], boundary: str) -> tuple[list[str], bytes]:
    """ "=_" stands in no quoted-printable and in no base64 line: the boundary cannot be met in the parts."""
    out = []
    for headers, body in parts:
        out += [f"--{boundary}\r\n".encode(), "\r\n".join(headers).encode(), b"\r\n\r\n", body, b"\r\n"]
    out.append(f"--{boundary}--\r\n".encode())
    return [f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"'], b"".join(out)


def _quoted_printable(text: str) -> bytes:
    text = re.sub(r"\r\n?", "\n", text).encode("utf-8", "replace").decode().rstrip("\n") + "\n"
    raw = binascii.b2a_qp(text.encode(), istext=True)
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _marked_text(outgoing: Outgoing) -> str:
    if not outgoing.token or tokens.body_marker(outgoing.token) in outgoing.text:
        return outgoing.text
    return f"{outgoing.text.rstrip()}\n\n{tokens.body_marker(_plain(outgoing.token))}\n"


def _marked_html(outgoing: Outgoing) -> str:
    marker = tokens.body_marker(outgoing.token)
    if not outgoing.token or marker in outgoing.html:
        return outgoing.html
    line = f'<p style="color:#666666;font-size:12px">{entities.escape(marker)}</p>'
    head, closing, tail = outgoing.html.rpartition("</body>")
    return f"{head}{line}{closing}{tail}" if closing else f"{outgoing.html}{line}"


def _file(file: OutgoingFile) -> tuple[list[str], bytes]:
    media_type = file.media_type if _MEDIA_TYPE.fullmatch(file.media_type) else "application/octet-stream"
    if media_type.startswith(("multipart/", "message/")):
        # These may not be base64 (RFC 2046, 5.2.1), and a relay would open them.
        media_type = "application/octet-stream"
    name = display_name(file.name, media_type)
    disposition = f"Content-Disposition: attachment{_filename(name)}"
    body = base64.encodebytes(file.content).replace(b"\n", b"\r\n")
    return _leaf(media_type, body, "base64", disposition)


def _filename(name: str) -> str:
    """RFC 2231, in pieces when long, after an ASCII name for old mailers."""
    plain = re.sub(r'[^\x20-\x7e]|["\\]', "_", name)[:60]
    if plain == name:
        return f';\r\n filename="{plain}"'
    encoded = quote(name, safe="")
    pieces = re.findall(r"(?:%[0-9A-F]{2}|[^%]){1,18}", encoded)
    if len(pieces) == 1:
        return f";\r\n filename=\"{plain}\";\r\n filename*=utf-8''{encoded}"
    pieces[0] = f"utf-8''{pieces[0]}"
    return "".join(f";\r\n filename*{index}*={piece}" for index, piece in enumerate(pieces))
