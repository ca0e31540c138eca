"""The colours of the form inside another site: the site says one, ours are drawn from it so that all stays readable."""

from __future__ import annotations

import re
from dataclasses import dataclass

WHITE, BLACK = (255, 255, 255), (0, 0, 0)
READABLE = 4.5  # WCAG 2.2, 1.4.3: text on its background
_HEXADECIMAL = re.compile(r"[0-9a-f]{6}")

Colour = tuple[int, int, int]  # red, green, blue: 0 … 255


@dataclass(frozen=True, slots=True)
class Theme:
    """Tokens of tokens.css that take the colour of the site."""

    brand: str
    brand_hover: str
    brand_soft: str
    on_brand_soft: str


def read_colour(text: str) -> str:
    """Six hexadecimal digits in lower case, with or without « # »; empty when it is anything else."""
    found = text.strip().removeprefix("#").lower()
    return found if _HEXADECIMAL.fullmatch(found) else ""


def theme_of(colour: str) -> Theme:
    """From six hexadecimal digits; a colour too light for white text is darkened until it can be read."""
    asked = (int(colour[:2], 16), int(colour[2:4], 16), int(colour[4:], 16))
    brand = _darkened(asked, WHITE)
    soft = _mixed(brand, WHITE, 0.88)
    return Theme(
        brand=_written(brand),
        brand_hover=_written(_mixed(brand, BLACK, 0.3)),
        brand_soft=_written(soft),
        on_brand_soft=_written(_darkened(brand, soft)),
    )


def contrast(one: Colour, other: Colour) -> float:
    """From 1 to 21, as WCAG counts it."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _darkened(colour: Colour, background: Colour) -> Colour:
    for step in range(21):
        tried = _mixed(colour, BLACK, step / 20)
        if contrast(tried, background) >= READABLE:
            return tried
    return BLACK


def _luminance(colour: Colour) -> float:
    red, green, blue = (_linear(value / 255) for value in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _mixed(colour: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def _written(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
