"""The words of documents, to show and to search: PDF, OOXML, OpenDocument, plain text, with no office suite.

Only text is taken: no macro, no link, no image. What is not understood gives no text, never an error.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from charset_normalizer import from_bytes

PDF_SECONDS = 40
MAX_PART = 20 * 1024 * 1024
MAX_TEXT = 500_000
# By media type, as core.filetypes says it: the members whose text is read.
_PARTS = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": re.compile(
        r"word/(document|header\d*|footer\d*|footnotes|endnotes)\.xml"
    ),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": re.compile(
        r"xl/(sharedStrings|worksheets/sheet\d+)\.xml"
    ),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": re.compile(
        r"ppt/(slides/slide\d+|notesSlides/notesSlide\d+)\.xml"
    ),
    "application/vnd.oasis.opendocument.text": re.compile(r"content\.xml"),  # sheets and slides as well
}
# Local names: elements that end a line, those that separate words, those whose text is text.
_ENDS_A_LINE = frozenset({"p", "h", "tr", "table-row", "row", "br", "line-break", "si"})
_SEPARATES = frozenset({"tab", "tc", "table-cell", "c", "s"})
_HOLDS_TEXT = frozenset({"t", "v"})  # in OOXML; OpenDocument holds it in paragraphs
_PARAGRAPHS = frozenset({"p", "h"})


class _Full(Exception):
    """Enough was read."""


class _Collector:
    """Told of each element by the parser, in order and whatever the depth."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._length = 0
        self._holding = 0  # how many elements that hold text are open
        self._is_index = False  # a cell that names a shared string by its number

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition("}")[2]
        if name == "c":
            self._is_index = attributes.get("t") == "s"
        self._holding += self._holds(tag, name)

    def end(self, tag: str) -> None:
        name = tag.rpartition("}")[2]
        self._holding -= self._holds(tag, name)
        if name in _ENDS_A_LINE:
            self.pieces.append("\n")
        elif name in _SEPARATES:
            self.pieces.append(" ")

    def data(self, text: str) -> None:
        if not self._holding:
            return
        self.pieces.append(text)
        self._length += len(text)
        if self._length > MAX_TEXT:
            raise _Full

    def _holds(self, tag: str, name: str) -> bool:
        if "opendocument" in tag:
            return name in _PARAGRAPHS
        return name in _HOLDS_TEXT and not (name == "v" and self._is_index)


def words_of_document(content: bytes, family: str, media_type: str) -> str:
    """Plain text of a document whose kind is known, at most `MAX_TEXT` characters; empty when it has none."""
    if family == "office":
        return text_of_office(content, media_type)
    if family == "pdf":
        return _text_of_pdf(content)
    if family == "text":
        return str(from_bytes(content[:MAX_TEXT]).best() or "").replace("\x00", " ")
    return ""


def _text_of_pdf(content: bytes) -> str:
    """Read by another process, bounded in time and memory: a PDF made to harm may ask for as much as it likes."""
    command = [sys.executable, "-I", str(Path(__file__).with_name("pdf_words.py"))]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=PDF_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return _tidy(done.stdout.decode("utf-8", "replace"))[:MAX_TEXT] if done.returncode == 0 else ""


def text_of_office(content: bytes, media_type: str) -> str:
    """Plain text of a document, at most `MAX_TEXT` characters; empty when it has none or cannot be read."""
    wanted = _PARTS.get(media_type)
    if wanted is None:
        return ""
    collector = _Collector()
    try:
        for part in _parts(content, wanted):
            parser = ElementTree.XMLParser(target=collector)  # noqa: S314 (see above)
            parser.feed(part)
            collector.pieces.append("\n")
    except (_Full, zipfile.BadZipFile, ElementTree.ParseError, ValueError, OSError, NotImplementedError, RuntimeError):
        pass  # what was read before is kept
    return _tidy("".join(collector.pieces))[:MAX_TEXT]


def _parts(content: bytes, wanted: re.Pattern[str]) -> Iterator[bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as folder:
        for entry in folder.infolist():
            if wanted.fullmatch(entry.filename) and entry.file_size <= MAX_PART:
                with folder.open(entry) as part:
                    yield part.read(MAX_PART + 1)[:MAX_PART]


def _tidy(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
