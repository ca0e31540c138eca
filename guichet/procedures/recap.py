"""What was declared, in the words of the form: the text of the thread, the page and the PDF read the same lines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from stdnum import iban as _iban

from guichet.core.calendar import say_day
from guichet.core.pdf import pdf_of
from guichet.core.phones import show
from guichet.procedures.answers import fields_of, pages_of, typed
from guichet.procedures.definition import Asked, Kind
from guichet.procedures.models import Dossier


@dataclass(frozen=True, slots=True)
class Said:
    code: str
    label: str
    value: str  # as a person reads it; empty when not answered


@dataclass(frozen=True, slots=True)
class Section:
    code: str
    title: str
    lines: tuple[Said, ...]


def sections(dossier: Dossier) -> list[Section]:
    """Page by page, what was asked of this person and what he answered."""
    values = dossier.known()
    return [
        Section(
            page.code,
            page.title,
            tuple(
                Said(field.code, field.label, said(field, dossier.answers.get(field.code)))
                for field in fields_of(page, values)
                if field.kind != Kind.NOTE
            ),
        )
        for page in pages_of(dossier.definition, values)
    ]


def said(field: Asked, raw: Any) -> str:
    value = typed(field, raw)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Oui" if value else "Non"
    if isinstance(value, date):
        return say_day(value)
    if isinstance(value, Decimal):
        return f"{number_said(value)}{_unit(field)}"
    if field.choices:
        labels = {choice.code: choice.label for choice in field.choices}
        found = value if isinstance(value, list) else [value]
        return ", ".join(labels.get(str(code), str(code)) for code in found)
    if field.kind == Kind.IBAN:
        return str(_iban.format(str(value)))
    return show(str(value)) if field.kind == Kind.PHONE else str(value)


def number_said(value: Decimal) -> str:
    """1250.5 → « 1 250,50 »; whole numbers without decimals."""
    text = f"{value:,.2f}" if value != value.to_integral_value() else f"{value:,.0f}"
    return text.replace(",", "\u202f").replace(".", ",")


def euros(cents: int) -> str:
    return f"{number_said(Decimal(cents) / 100)} €"


def _unit(field: Asked) -> str:
    unit = field.unit or ("€" if field.kind == Kind.AMOUNT else "")
    return f" {unit}" if unit else ""


def text_of(dossier: Dossier) -> str:
    """The declaration as plain text, for the history of the case. The IBAN shows its end only."""
    parts = [f"Dépôt d'un dossier : {dossier.procedure.title}"]
    for section in sections(dossier):
        parts.append(f"\n{section.title}")
        for line in section.lines:
            if line.value:
                field = dossier.definition.fields[line.code]
                value = f"•••• {line.value[-4:]}" if field.kind == Kind.IBAN else line.value
                parts.append(f"{line.label} : {value}")
    return "\n".join(parts)


def pdf(dossier: Dossier) -> bytes | None:
    """The summary to keep (PDF/UA); None without the libraries that print."""
    context = {
        "dossier": dossier, "sections": sections(dossier), "pieces": list(dossier.pieces.all()),
        "late_fee": euros(dossier.late_fee_cents), "region_name": settings.REGION_NAME,
    }  # fmt: skip
    return pdf_of(render_to_string("procedures/recap_pdf.html", context))
