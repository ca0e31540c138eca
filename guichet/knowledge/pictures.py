"""Images of articles: small, without what the camera wrote in them, with words for who does not see them.

An image stands in the Markdown of the full text under an address that holds its SHA-256 and its size, so that a version
keeps the image it was published with: `![what is seen](/images/<sha256>-<width>x<height>.<extension> "caption")`.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from guichet.core.refused import Refused

MOST_BYTES = 10_000_000
MOST_PIXELS = 60_000_000
LONGEST_SIDE = 1600  # pixels: twice the width of a column, for fine screens
MOST_WORDS = 250
MOST_CAPTION = 200
QUALITY = 82
EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
MEDIA_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
ADDRESS = re.compile(
    r"/images/(?P<sha>[0-9a-f]{64})-(?P<width>\d{1,4})x(?P<height>\d{1,4})\.(?P<extension>jpg|png|webp)\Z"
)


@dataclass(frozen=True, slots=True)
class Prepared:
    content: bytes
    width: int
    height: int
    extension: str


def prepare(content: bytes) -> Prepared:
    """What is kept of an image sent: its kind read in its content, upright, shrunk, nothing but the picture.

    Raises `Refused` when it is too heavy, too large, moves, or is not a PNG, JPEG or WebP that opens.
    """
    if len(content) > MOST_BYTES:
        raise Refused("L'image dépasse 10 Mo.", status=400)
    upright, kind = _open(content)
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    written = io.BytesIO()
    options = {"PNG": {"optimize": True}}.get(kind, {"quality": QUALITY})
    upright.info.clear()
    upright.save(written, kind, **options)
    return Prepared(written.getvalue(), upright.width, upright.height, EXTENSIONS[kind])


def _open(content: bytes) -> tuple[Image.Image, str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=tuple(EXTENSIONS)) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    raise Refused("L'image est trop grande : 60 millions de points au plus.", status=400)
                if getattr(opened, "n_frames", 1) > 1:
                    raise Refused("Les images animées ne sont pas acceptées.", status=400)
                kind = str(opened.format)
                upright = ImageOps.exif_transpose(opened)
                seen_through = kind != "JPEG" and (
                    upright.mode in {"RGBA", "LA", "PA"} or "transparency" in upright.info
                )
                return upright.convert("RGBA" if seen_through else "RGB"), kind
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise Refused("Ce fichier n'est pas une image PNG, JPEG ou WebP qui s'ouvre.", status=400) from None


def exported(content: bytes, name: str) -> Prepared:
    """An image as an export wrote it, taken as it is: its name says what it must be, and nothing hides in it."""
    named = ADDRESS.match(f"/images/{name}")
    upright, kind = _open(content[: MOST_BYTES + 1])
    with Image.open(io.BytesIO(content)) as opened:
        bare = not opened.getexif() and not {"exif", "xmp", "comment", "icc_profile"} & set(opened.info)
    right = named is not None and (int(named["width"]), int(named["height"])) == upright.size
    if named is None or not right or not bare or EXTENSIONS[kind] != named["extension"]:
        raise Refused(f"L'image {name[:90]} n'est pas celle qui a été exportée.", status=400)
    return Prepared(content, upright.width, upright.height, EXTENSIONS[kind])


def address(sha256: str, image: Prepared) -> str:
    return f"/images/{sha256}-{image.width}x{image.height}.{image.extension}"


def hashes(addresses: Iterable[str]) -> set[str]:
    return {found["sha"] for one in addresses if (found := ADDRESS.match(one))}
