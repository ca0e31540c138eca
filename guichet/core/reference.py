"""The public reference of a case: a number that can be dictated by telephone, ending with a check digit.

Damm's algorithm catches every wrong digit and every swap of two neighbours. The reference alone opens nothing.
"""

from __future__ import annotations

import re

from stdnum import damm

_LOOKALIKES = str.maketrans({"O": "0", "o": "0", "I": "1", "l": "1", "|": "1"})
_SEPARATORS = re.compile(r"[\s.\-\u00a0\u202f_/]+")
_LEADING = re.compile(r"^\s*(?:demande|dossier|réf(?:érence)?|num[ée]ro)?\s*(?:n\s*[°ºo]\.?|#)?\s*:?\s*", re.IGNORECASE)
_CANDIDATE = re.compile(r"(?<![\d])\d(?:[ .\u00a0\u202f\-]?\d){5,12}(?![\d])")


def make(number: int) -> str:
    """160421 → "1604217"-like: the number and its check digit. `number` ≥ 100000, so that all look alike."""
    if number < 100_000:
        raise ValueError("a reference has at least seven digits")
    body = str(number)
    return body + str(damm.calc_check_digit(body))


def check(text: str) -> str | None:
    """The canonical digits of what someone typed or said, or None when it is not a reference.

    Accepts spaces, dots, dashes, « N° », "#", and the letters O, I, l typed for digits.
    """
    bare = _SEPARATORS.sub("", _LEADING.sub("", text[:60], count=1)).translate(_LOOKALIKES)
    if not (7 <= len(bare) <= 14 and bare.isascii() and bare.isdigit()):
        return None
    return bare if damm.is_valid(bare) else None


def find(text: str) -> list[str]:
    """Valid references in a free text such as a subject, in order, each once."""
    found: dict[str, None] = {}
    for match in _CANDIDATE.finditer(text[:2000]):
        if reference := check(match.group()):
            found.setdefault(reference)
    return list(found)


def spoken(reference: str) -> str:
    """ "1604217" → « 1 604 217 », with no-break spaces."""
    return f"{int(reference):,}".replace(",", "\u00a0") if reference.isdigit() else reference
