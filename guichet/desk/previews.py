"""What of a document can be shown without opening it in a program: its picture, its pages, its words."""

from __future__ import annotations

from dataclasses import dataclass

from guichet.cases.models import Attachment
from guichet.channels.contract import Reader, Unreadable
from guichet.core import files
from guichet.core.documents import words_of_document
from guichet.core.models import FileWords
from guichet.core.plugging import channel

# What browsers draw; others are downloaded.
IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
TEXT_SHOWN = 200_000
MAX_READ = 30 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Preview:
    shape: str  # "image", "pdf", "text", or "none"
    text: str = ""
    why: str = ""  # when there is none


def preview_of(piece: Attachment) -> Preview:
    """The caller has checked that the file may be opened."""
    file = piece.file
    if file.media_type in IMAGES:
        return Preview("image")
    if file.family == "pdf":
        return Preview("pdf")
    if file.size > MAX_READ:
        return Preview("none", why="Ce document est trop lourd pour être montré ici : téléchargez-le.")
    if file.family == "text":
        return _text(words_of_document(files.read_bytes(file.pk)[:TEXT_SHOWN], file.family, file.media_type))
    if file.family == "office":
        known = FileWords.objects.filter(file=file).first()  # read by the worker already, nearly always
        if known is not None:
            return _text(known.text)
        return _text(words_of_document(files.read_bytes(file.pk), file.family, file.media_type))
    if file.family == "mail":
        return _text(_mail(files.read_bytes(file.pk)))
    return Preview("none", why="Ce type de document ne peut pas être montré ici : téléchargez-le.")


def _text(text: str) -> Preview:
    if not text.strip():
        return Preview("none", why="Aucun texte n'a pu être lu dans ce document : téléchargez-le.")
    return Preview("text", text[:TEXT_SHOWN])


def _mail(raw: bytes) -> str:
    reader = channel("email")
    if not isinstance(reader, Reader):
        return ""
    try:
        found = reader.read(raw)
    except Unreadable:
        return ""
    head = [f"De : {found.sender.name} {found.sender.value}".strip(), f"Objet : {found.subject}"]
    if found.sent_at is not None:
        head.insert(1, f"Envoyé le : {found.sent_at:%d/%m/%Y %H:%M}")
    return "\n".join([*head, "", found.text])
