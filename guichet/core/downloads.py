"""Giving a stored file out: always to save, never to open inside one of our pages."""

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
