"""Everything that happened to a case, readings included, and the whole file to take away."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, cast

from django.conf import settings
from django.db.models import QuerySet
from django.template.loader import render_to_string

from guichet.cases.models import Attachment, Case
from guichet.core.files import open_bytes
from guichet.core.pdf import pdf_of
from guichet.core.refused import Refused
from guichet.core.spreadsheets import table
from guichet.core.text import key_of, safe_filename
from guichet.journal.models import Event

PAGE = 100
NOT_MADE = "L'export n'a pas pu être fabriqué. Réessayez, ou prévenez l'administrateur."
KEPT_IN_MEMORY = 8 * 1024 * 1024
SAID: dict[str, str] = {
    "from_name": "de", "to_name": "à", "reason": "motif", "result": "résultat", "channel": "canal",
    "team_name": "équipe",
    "topic": "sujet", "why": "raison", "body": "organisme", "wanted": "canal préféré", "used": "canal employé",
    "other": "autre demande", "survivor": "demande", "absorbed": "demande réunie", "new": "nouvelle demande",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    event: Event
    details: list[tuple[str, str]]


def events_of(case: Case) -> QuerySet[Event]:
    return Event.objects.filter(case_id=case.pk).select_related("actor")


def trace(case: Case, before: str = "") -> tuple[list[Line], str]:
    """One page, the latest first, and the mark of the page before ("" when there is none)."""
    found = events_of(case)
    if mark := key_of(before):
        found = found.filter(id__lt=mark)
    page = list(found.order_by("-id")[: PAGE + 1])
    return [line_of(event) for event in page[:PAGE]], str(page[PAGE - 1].pk) if len(page) > PAGE else ""


def line_of(event: Event) -> Line:
    """What the sentence does not say already; keys that only machines read are left out."""
    sentence = event.words
    details = [
        (SAID[name], str(value))
        for name, value in event.data.items()
        if name in SAID and str(value) and str(value) not in sentence
    ]
    return Line(event, details)


def history_table(case: Case) -> str:
    """The whole history for a spreadsheet."""
    rows = (
        (
            event.at.astimezone().isoformat(timespec="seconds"),
            event.actor.full_name,
            "oui" if event.on_behalf_of else "",
            event.words,
            ", ".join(f"{name} : {value}" for name, value in line_of(event).details),
        )
        for event in events_of(case).order_by("id").iterator(chunk_size=2000)
    )
    return table(["Quand", "Par", "Au nom de l'usager", "Quoi", "Détails"], rows)


def archive(case: Case) -> IO[bytes]:
    """A ZIP: the file as a PDF, its history, its documents. Blocked files are named in the PDF, and left out."""
    # The caller closes it.
    kept = cast("IO[bytes]", tempfile.SpooledTemporaryFile(max_size=KEPT_IN_MEMORY))  # noqa: SIM115
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as folder:
        folder.writestr(f"demande-{case.reference}.pdf", as_pdf(case))
        folder.writestr("historique.csv", history_table(case))
        for name, piece in named_pieces(case):
            with open_bytes(piece.file_id) as source, folder.open(f"pieces/{name}", "w") as target:
                while block := source.read(256 * 1024):
                    target.write(block)
    kept.seek(0)
    return kept


def named_pieces(case: Case) -> Iterator[tuple[str, Attachment]]:
    """Documents that may be opened, each under a name of its own."""
    taken: set[str] = set()
    pieces = Attachment.objects.filter(interaction__case=case).select_related("file", "interaction")
    for piece in pieces.order_by("interaction__at", "position", "id"):
        if not piece.file.may_be_opened:
            continue
        name = safe_filename(piece.name)
        if name.lower() in taken:
            name = f"{piece.pk}-{name}"
        taken.add(name.lower())
        yield name, piece


def as_pdf(case: Case) -> bytes:
    """The case on paper: facts, clocks, every exchange in order. Raises `Refused` where no PDF can be made."""
    context: dict[str, Any] = {
        "case": case,
        "region_name": settings.REGION_NAME,
        "clocks": case.clocks.prefetch_related("suspensions"),
        "exchanges": case.interactions.select_related("author", "person")
        .prefetch_related("attachments__file")
        .order_by("at", "id"),
    }
    content = pdf_of(render_to_string("desk/case_pdf.html", context))
    if content is None:
        raise Refused(NOT_MADE)
    return content
