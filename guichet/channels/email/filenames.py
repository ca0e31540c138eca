"""Names of files as shown to people: no path, no control, nothing that reverses what is read."""

from __future__ import annotations

import mimetypes
import re
import unicodedata

MAX_LENGTH = 120

_KNOWN = {
    "message/rfc822": ".eml",
    "text/calendar": ".ics",
    "application/pkcs7-mime": ".p7m",
    "application/x-pkcs7-mime": ".p7m",
    "application/pkcs7-signature": ".p7s",
    "application/x-pkcs7-signature": ".p7s",
    "application/pgp-signature": ".asc",
    "application/pgp-encrypted": ".asc",
    "application/ms-tnef": ".dat",
    "application/octet-stream": "",
    "text/plain": ".txt",
    "text/html": ".html",
    "image/jpeg": ".jpg",
}


def display_name(name: str, media_type: str = "", number: int = 1) -> str:
    """A name fit for a screen and for a download, made up when there is none.

    Format characters (Cf: bidirectional overrides, zero-width) are dropped: they make "fdp.exe" read "exe.pdf".
    """
    name = unicodedata.normalize("NFC", name[:1000])
    name = "".join(" " if char in "\r\n\t" else char for char in name if not _hidden(char))
    name = re.split(r"[/\\]", name)[-1]
    name = re.sub(r"\s+", " ", re.sub(r'[<>:"|?*]', "_", name)).strip(" .")
    if not name:
        return f"piece-jointe-{number}{_KNOWN.get(media_type, mimetypes.guess_extension(media_type) or '')}"
    if len(name) <= MAX_LENGTH:
        return name
    stem, dot, extension = name.rpartition(".")
    if dot and len(extension) <= 10:
        return f"{stem[: MAX_LENGTH - len(extension) - 1].rstrip()}.{extension}"
    return name[:MAX_LENGTH].rstrip()


def _hidden(char: str) -> bool:
    return char not in "\r\n\t" and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
