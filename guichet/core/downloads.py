"""Giving a stored file out: to save; to look at, only what browsers draw without running anything."""

from __future__ import annotations

from django.http import FileResponse

from guichet.core.files import open_bytes
from guichet.core.text import safe_filename


def given(sha256: str, name: str, media_type: str = "application/octet-stream") -> FileResponse:
    """The caller has checked who asks, and that the file may be opened."""
    response = FileResponse(
        open_bytes(sha256), as_attachment=True, filename=safe_filename(name), content_type=media_type
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


# A PDF is drawn by the browser's own viewer, which a sandbox would forbid; a picture needs nothing.
SHOWN_AS: dict[str, str] = {
    "application/pdf": "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'",
    **dict.fromkeys(
        ("image/png", "image/jpeg", "image/gif", "image/webp"), "sandbox; default-src 'none'; frame-ancestors 'self'"
    ),
}


def shown(sha256: str, name: str, media_type: str) -> FileResponse:
    """The same, to be looked at. `media_type` is one of `SHOWN_AS`; the caller has checked who asks."""
    response = FileResponse(open_bytes(sha256), filename=safe_filename(name), content_type=media_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = SHOWN_AS[media_type]
    response["X-Frame-Options"] = "SAMEORIGIN"
    return response
