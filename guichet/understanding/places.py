"""Where a message is from, when its writer says so: a postcode beside a town, in the text or the signature."""

from __future__ import annotations

import re

from guichet.core.identifiers import DEPARTMENTS, department_of

# A postcode is known by its company: alone, five digits are as well an amount or a file number.
_POSTCODE = re.compile(
    r"\(\s*(?P<round>\d{5})\s*\)"  # Marennes (17320)
    r"|(?i:code\s+postal)\s*:?\s*(?P<told>\d{5})\b"
    r"|\b(?!(?i:dossiers?|demandes?|num[ée]ros?|r[ée]f[ée]rences?|r[ée]f|factures?|tickets?|commandes?|clients?|montants?|code)\b)"
    r"[A-ZÀ-Þ][A-Za-zÀ-ÿ'’-]{2,},?[ \t]+(?P<after>\d{5})\b(?![ \t]*(?:€|(?i:euros?)|\d))"  # La Rochelle 17000
    r"|(?<![\d.,-])(?P<before>\d{5})[ \t]+(?=[A-ZÀ-Þ][A-Za-zÀ-ÿ'’-]{2,})(?!(?i:euros?)\b)"  # 17320 Marennes
)


def department_said(text: str) -> str:
    """The department of the Region that a text names by postcodes; "" when it names none, or several."""
    postcodes = (next(filter(None, match.groups())) for match in _POSTCODE.finditer(text))
    found = {department_of(postcode) for postcode in postcodes} & DEPARTMENTS.keys()
    return found.pop() if len(found) == 1 else ""
