"""Photographs of documents: large ones from a telephone, HEIC too, turned upright, shrunk, joined into one PDF.

What is doubtful to read is told at once, never refused: an agent judges.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import img2pdf
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from pillow_heif import register_heif_opener

from guichet.core.refused import Refused

register_heif_opener()
LONGEST_SIDE = 2200  # pixels: an A4 page at about 190 dpi
SMALLEST_SIDE = 600
MOST_PIXELS = 120_000_000  # a telephone of today takes 50 to 108 million
QUALITY = 82
DARK, PALE = 60, 246  # mean of the grey levels
BLURRED = 60.0  # variance of the Laplacian of the page at 1,000 pixels
PAGES = 12


@dataclass(frozen=True, slots=True)
class Prepared:
    """`warning`: a sentence for the person, empty when it reads well."""

    content: bytes
    name: str
    warning: str = ""


def is_photograph(media_type: str) -> bool:
    return media_type.startswith("image/") and media_type not in {"image/svg+xml"}


def prepare(photographs: Sequence[tuple[str, bytes]]) -> Prepared:
    """(name, content) of each page → one PDF. Raises `Refused` when one of them is not a picture that opens."""
    if len(photographs) > PAGES:
        raise Refused(f"Envoyez {PAGES} photos au plus pour un document.", status=400)
    pages, warned = [], ""
    for name, content in photographs:
        page, said = _page(name, content)
        pages.append(page)
        warned = warned or said
    stem = photographs[0][0].rpartition(".")[0] or photographs[0][0] or "document"
    joined = img2pdf.convert(pages)
    return Prepared(bytes(joined or b""), f"{stem[:180]}.pdf", warned)


def _page(name: str, content: bytes) -> tuple[bytes, str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content)) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    raise Refused(f"« {name} » est une image trop grande. Reprenez-la en photo.", status=400)
                upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise Refused(f"« {name} » ne s'ouvre pas : reprenez la photo, ou envoyez un PDF.", status=400) from None
    said = _doubt(upright)
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    written = io.BytesIO()
    upright.save(written, "JPEG", quality=QUALITY, optimize=True)
    return written.getvalue(), said


def _doubt(page: Image.Image) -> str:
    if min(page.size) < SMALLEST_SIDE:
        return "L'image est petite : vérifiez que tout se lit en l'agrandissant."
    grey = page.convert("L")
    grey.thumbnail((1000, 1000))
    levels = np.asarray(grey, dtype=np.float32)
    mean = float(levels.mean())
    if mean < DARK:
        return "La photo est sombre : vérifiez que tout se lit, ou reprenez-la à la lumière."
    if mean > PALE:
        return "La photo est très claire : vérifiez que tout se lit."
    edges = (
        4 * levels[1:-1, 1:-1] - levels[:-2, 1:-1] - levels[2:, 1:-1] - levels[1:-1, :-2] - levels[1:-1, 2:]
    )  # fmt: skip
    if float(edges.var()) < BLURRED:
        return "La photo semble floue : vérifiez que tout se lit, ou reprenez-la."
    return ""
