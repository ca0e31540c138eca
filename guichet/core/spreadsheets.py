"""Tables for spreadsheets, as French ones open them; what a citizen typed never becomes a formula (behaviours 106)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
BOM = "\ufeff"  # without it the accents are read as another encoding


def cell(value: object) -> str:
    """The text of a cell; one that would be run as a formula is kept as text by an apostrophe."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_STARTS_A_FORMULA) else text


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Semicolons, quoted where needed."""
    written = io.StringIO()
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([cell(value) for value in row] for row in rows)
    return BOM + written.getvalue()
