"""What a file is, by its content and never by its name; and whether the form may take it."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

import filetype

from guichet.core.text import safe_filename

MAX_UNPACKED = 300 * 1024 * 1024
MAX_RATIO = 200
MAX_ENTRIES = 2000


@dataclass(frozen=True, slots=True)
class Kind:
    media_type: str
    family: str  # pdf, image, office, text, archive, mail, audio, video, executable, page, unknown
    extension: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    kind: Kind
    accepted: bool
    reason: str = ""  # French, says how to correct
    name: str = ""  # with the extension its content deserves


MAIL = Kind("message/rfc822", "mail", "eml")
UNKNOWN = Kind("application/octet-stream", "unknown")
_PROGRAM = Kind("application/x-executable", "executable")
_MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (b"%PDF-", Kind("application/pdf", "pdf", "pdf")),
    (b"MZ", _PROGRAM), (b"\x7fELF", _PROGRAM), (b"#!", Kind("text/x-script", "executable")),
    (b"\xca\xfe\xba\xbe", _PROGRAM), (b"\xcf\xfa\xed\xfe", _PROGRAM), (b"\xfe\xed\xfa", _PROGRAM),
    (b"L\x00\x00\x00\x01\x14\x02\x00", Kind("application/x-ms-shortcut", "executable")),
    (b"{\\rtf", Kind("application/rtf", "office", "rtf")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind("application/x-ole-storage", "office")),
)  # fmt: skip
_ZIP_KINDS: tuple[tuple[str, Kind], ...] = (
    ("word/", Kind("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "office", "docx")),
    ("xl/", Kind("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "office", "xlsx")),
    ("ppt/", Kind("application/vnd.openxmlformats-officedocument.presentationml.presentation", "office", "pptx")),
    ("META-INF/MANIFEST.MF", Kind("application/java-archive", "executable")),
)
_OLE_EXTENSIONS = {"doc": "application/msword", "xls": "application/vnd.ms-excel", "msg": "application/vnd.ms-outlook",
                   "ppt": "application/vnd.ms-powerpoint"}  # fmt: skip


def sniff(head: bytes, name: str = "") -> Kind:
    """The kind of a file from its first bytes (all of them for a zip, if at hand). Never raises."""
    if not head:
        return UNKNOWN
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return _ole(name) if kind.media_type == "application/x-ole-storage" else kind
    if b"%PDF-" in head[:1024]:
        return Kind("application/pdf", "pdf", "pdf")
    if head.startswith(b"PK\x03\x04"):
        return _zip_kind(head)
    guess = filetype.guess(head)
    if guess is not None:
        family = guess.mime.split("/")[0]
        family = (
            family if family in {"image", "audio", "video"} else "archive" if _is_archive(guess.mime) else "unknown"
        )
        return Kind(guess.mime, family, guess.extension)
    return _textual(head, name)


def _ole(name: str) -> Kind:
    extension = name.rpartition(".")[2].lower()
    return Kind(_OLE_EXTENSIONS.get(extension, "application/x-ole-storage"), "office", extension[:4])


def _is_archive(media_type: str) -> bool:
    return any(word in media_type for word in ("zip", "tar", "rar", "7z", "bzip", "gzip", "xz"))


def _zip_kind(head: bytes) -> Kind:
    for marker, kind in _ZIP_KINDS:
        if marker.encode() in head:
            return kind
    if head[30:38] == b"mimetype" and b"opendocument" in head[:120]:
        return Kind("application/vnd.oasis.opendocument.text", "office", "odt")
    return Kind("application/zip", "archive", "zip")


def _textual(head: bytes, name: str) -> Kind:
    if b"\x00" in head[:4096]:
        return UNKNOWN
    start = head[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<script")) or b"<script" in start:
        return Kind("text/html", "page", "html")
    if start.startswith((b"<svg", b"<?xml")) and b"<svg" in start:
        return Kind("image/svg+xml", "page", "svg")
    if start.startswith((b"from:", b"received:", b"return-path:", b"mime-version:", b"delivered-to:")):
        return MAIL
    sample = head[:4096]
    strange = sum(byte < 9 or 13 < byte < 32 for byte in sample)
    if strange:
        return UNKNOWN
    extension = name.rpartition(".")[2].lower()
    return Kind("text/csv" if extension == "csv" else "text/plain", "text", "csv" if extension == "csv" else "txt")


_NOT_INSIDE = (".zip", ".exe", ".js", ".bat", ".vbs", ".scr", ".jar")
_WELCOME = "Envoyez un PDF, une photo, un document bureautique ou un texte."


def judge(content: bytes, name: str, *, max_bytes: int) -> Verdict:
    """Whether the form takes this file. Reasons are told to the citizen as they are."""
    name = safe_filename(name)
    kind = sniff(content, name)
    if not content:
        return Verdict(kind, False, "Ce fichier est vide. Vérifiez-le, puis choisissez-le à nouveau.", name)
    if len(content) > max_bytes:
        limit = max_bytes // (1024 * 1024)
        return Verdict(kind, False, f"Ce fichier dépasse {limit} Mo. Réduisez-le ou envoyez-le en plusieurs.", name)
    if kind.family == "executable":
        return Verdict(kind, False, f"Ce fichier est un programme, même s’il porte un autre nom. {_WELCOME}", name)
    if kind.family in {"page", "unknown", "mail"}:
        return Verdict(kind, False, f"Nous ne pouvons pas lire ce type de fichier. {_WELCOME}", name)
    if content.startswith(b"PK\x03\x04") and (reason := _zip_fault(content)):
        return Verdict(kind, False, reason, name)
    return Verdict(kind, True, "", _renamed(name, kind))


def _renamed(name: str, kind: Kind) -> str:
    """photo.jpg that is a PDF becomes photo.pdf."""
    stem, dot, extension = name.rpartition(".")
    same = {"jpeg": "jpg", "tiff": "tif", "htm": "html"}
    if not kind.extension or same.get(extension.lower(), extension.lower()) == same.get(kind.extension, kind.extension):
        return name
    if kind.family == "text":
        return name if extension.lower() in {"txt", "csv", "md", "log"} else f"{name}.txt"
    return f"{stem if dot else name}.{kind.extension}"


def _zip_fault(content: bytes) -> str:
    """A bomb, a lie or a lock, found from the directory without unpacking anything."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return "Ce fichier est abîmé. Enregistrez-le à nouveau, puis recommencez."
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED or unpacked > MAX_RATIO * max(len(content), 1):
        return "Cette archive est trop grosse une fois ouverte. Envoyez les documents un par un."
    if any(entry.flag_bits & 1 for entry in entries):
        return "Cette archive est protégée par un mot de passe. Envoyez les documents sans protection."
    if any(entry.filename.lower().endswith(_NOT_INSIDE) for entry in entries):
        return "Cette archive contient un programme ou une autre archive. Envoyez les documents un par un."
    return ""
