"""The readable body of a message and its files, gathered from the MIME tree."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from guichet.channels.contract import InboundFile
from guichet.channels.email import charsets, cleaning, tnef
from guichet.channels.email.filenames import display_name
from guichet.channels.email.headers import parse_headers
from guichet.channels.email.mime import Part

MAX_BODY = 2_000_000
_LOGO_BYTES = 12_000

ENCRYPTED = "[Ce message est chiffré : il ne peut pas être lu ici. Il est conservé en pièce jointe.]"
SIGNED_OPAQUE = "[Ce message est signé dans une enveloppe S/MIME : son contenu est conservé en pièce jointe.]"
INVITATION = "[Ce message ne contient qu’une invitation d’agenda, conservée en pièce jointe.]"

_SMIME = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_SIGNATURES = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"})
_NESTED = frozenset({"message/rfc822", "message/global"})
_REPORT_PARTS = frozenset({"message/delivery-status", "message/disposition-notification", "message/feedback-report"})


@dataclass(slots=True)
class Body:
    """`text` and sanitised `html`, the files, and what was repaired."""

    text: str = ""
    html: str = ""
    files: list[InboundFile] = field(default_factory=list)
    remote_images: int = 0
    defects: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Segment:
    """A stretch of body: its plain version, its HTML version, or both (alternatives)."""

    text: str = ""
    cleaned: cleaning.Cleaned | None = None


def read_body(root: Part) -> Body:
    reader = _Reader()
    reader.visit(root)
    return reader.finish()


class _Reader:
    def __init__(self) -> None:
        self.body = Body()
        self.segments: list[_Segment] = []
        self.notices: list[str] = []

    def visit(self, part: Part) -> None:
        """Depth is bounded by the parser."""
        if part.media_type == "multipart/encrypted" or self._is_enveloped(part):
            self._encrypted(part)
        elif part.media_type == "multipart/alternative":
            self._alternative(part)
        elif part.children:
            for child in part.children:
                self.visit(child)
        elif self._is_text(part):
            self.segments.append(self._segment(part))
        else:
            self._file(part)

    def _is_enveloped(self, part: Part) -> bool:
        return part.media_type in _SMIME and "signed" not in part.parameters.get("smime-type", "").lower()

    def _encrypted(self, part: Part) -> None:
        self.notices.append(ENCRYPTED)
        for child in part.children or [part]:
            self._file(child, fallback="message-chiffre.p7m" if child is part else "message-chiffre.asc")

    def _is_text(self, part: Part) -> bool:
        if part.media_type not in ("text/plain", "text/html", "text/enriched") or part.disposition == "attachment":
            return False
        return not part.filename or (part.parent == "" and part.disposition != "attachment")

    def _alternative(self, part: Part) -> None:
        """The same content several times: one segment; calendars and the like stay files."""
        segment = _Segment()
        for child in part.children:
            if self._is_text(child):
                found = self._segment(child)
                segment.text = segment.text or found.text
                segment.cleaned = found.cleaned or segment.cleaned
            elif child.children:
                # multipart/related or mixed inside: HTML with its images.
                before = len(self.segments)
                self.visit(child)
                inner, self.segments = self.segments[before:], self.segments[:before]
                merged = _merge(inner)
                segment.text = segment.text or merged.text
                segment.cleaned = merged.cleaned or segment.cleaned
            else:
                self._file(child)
        self.segments.append(segment)

    def _segment(self, part: Part) -> _Segment:
        raw = part.content()
        if len(raw) > MAX_BODY:
            raw = raw[:MAX_BODY]
            self.body.defects.append("body cut")
        text, repaired = charsets.decode(raw, part.parameters.get("charset", ""))
        if repaired:
            self.body.defects.append("charset repaired")
        if part.media_type == "text/plain":
            return _Segment(_unflow(part, text.replace("\r\n", "\n").replace("\r", "\n")).strip("\n"))
        cleaned = cleaning.clean(text)
        self.body.defects += cleaned.defects
        return _Segment("", cleaned)

    def _file(self, part: Part, fallback: str = "") -> None:
        wrapped = part.media_type in tnef.MEDIA_TYPES or part.filename.lower() == "winmail.dat"
        if wrapped and self._unwrapped(part):
            return
        if part.media_type in _SMIME and not fallback:
            self.notices.append(SIGNED_OPAQUE)
        nested = part.media_type in _NESTED
        name = part.filename or fallback or (_nested_name(part) if nested else "")
        hidden = part.media_type in _SIGNATURES or part.media_type in _REPORT_PARTS
        self._add(name, part.content(), part.media_type, part.content_id, inline=hidden, part=part)

    def _add(
        self,
        name: str,
        content: bytes,
        media_type: str,
        cid: str = "",
        *,
        inline: bool = False,
        part: Part | None = None,
    ) -> None:
        files = self.body.files
        name = display_name(name, media_type, len(files) + 1)
        files.append(InboundFile(name, content, media_type, cid, inline or bool(part and _is_logo(part, content))))

    def _unwrapped(self, part: Part) -> bool:
        content = part.content()
        envelope = tnef.unwrap(content)
        if envelope is None:
            self.body.defects.append("winmail.dat unreadable: kept as a file")
            return False
        for file in envelope.files:
            self._add(file.name, file.content, "application/octet-stream")
        if not any(segment.text.strip() or segment.cleaned for segment in self.segments):
            cleaned = cleaning.clean(envelope.html) if envelope.html else None
            self.segments.append(_Segment(envelope.text, cleaned))
        if not envelope.whole:
            self.body.defects.append("winmail.dat partly opened: kept too")
            self._add("winmail.dat", content, part.media_type)
        return True

    def finish(self) -> Body:
        body = self.body
        whole = _merge(self.segments)
        body.text = (whole.text if _says_something(whole.text) else "") or (whole.cleaned.text if whole.cleaned else "")
        body.html = whole.cleaned.html if whole.cleaned else ""
        body.remote_images = whole.cleaned.remote_images if whole.cleaned else 0
        if not body.text.strip() and any(file.declared_type == "text/calendar" for file in body.files):
            self.notices.append(INVITATION)
        body.text = "\n\n".join([*dict.fromkeys(self.notices), body.text]).strip() if self.notices else body.text
        shown = whole.cleaned.content_ids if whole.cleaned else frozenset()
        body.files = [
            replace(file, inline=True) if file.content_id and file.content_id in shown else file for file in body.files
        ]
        return body


def _merge(segments: list[_Segment]) -> _Segment:
    """Segments one after the other (Apple Mail cuts the text around each attachment)."""
    if len(segments) == 1:
        return segments[0]
    texts = [segment.text or (segment.cleaned.text if segment.cleaned else "") for segment in segments]
    text = "\n\n".join(item for item in texts if item.strip())
    formatted = [segment.cleaned for segment in segments if segment.cleaned]
    if not formatted:
        return _Segment(text)
    html = "\n".join(
        segment.cleaned.html if segment.cleaned else cleaning.escape(segment.text)
        for segment in segments
        if segment.cleaned or segment.text.strip()
    )
    cids = frozenset[str]().union(*(item.content_ids for item in formatted))
    return _Segment(text, cleaning.Cleaned(html, cids, sum(item.remote_images for item in formatted), only_text=text))


def _says_something(text: str) -> bool:
    """Some mailers put in the plain part that one should read the other."""
    if not text.strip():
        return False
    return not re.match(
        r"\s*(?:(?:votre|your)\s.{0,60}(?:ne\s+supporte\s+pas|n['’]affiche\s+pas|does\s+not\s+support)\s.{0,40}html"
        r"|this\s+is\s+a\s+multi-?part\s+message)[^\n]{0,120}\s*$",
        text,
        re.IGNORECASE,
    )


def _unflow(part: Part, text: str) -> str:
    """format=flowed (RFC 3676): lines ending with a space go on, at the same depth of quote."""
    if part.parameters.get("format", "").lower() != "flowed":
        return text
    delete_space = part.parameters.get("delsp", "").lower() == "yes"
    out: list[list[str]] = []
    flowing, depth = False, 0
    for line in text.split("\n"):
        content = line.lstrip(">")
        level = len(line) - len(content)
        content = content.removeprefix(" ")
        goes_on = content.endswith(" ") and content != "-- "
        piece = content[:-1] if goes_on and delete_space else content
        if flowing and level == depth and content != "-- ":
            out[-1].append(piece)
        else:
            out.append(["> " * min(level, 8), piece])
        flowing, depth = goes_on, level
    lines = ("".join(pieces) for pieces in out)
    return "\n".join(line if line == "-- " else line.rstrip() for line in lines)


def _is_logo(part: Part, content: bytes) -> bool:
    """A small picture set in the body rather than joined: the logo of a signature, not a document."""
    if not part.media_type.startswith("image/") or part.disposition == "attachment":
        return False
    return len(content) <= _LOGO_BYTES and (bool(part.content_id) or part.parent == "multipart/related")


def _nested_name(part: Part) -> str:
    headers, _ = parse_headers(part.content()[:20_000].split(b"\r\n\r\n")[0].split(b"\n\n")[0])
    subject = headers.text("subject")[:80].replace("/", "-").replace("\\", "-")
    return f"{subject or 'message'}.eml"
