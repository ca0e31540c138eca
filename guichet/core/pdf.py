"""Pages to print, made into PDF by WeasyPrint with our fonts."""

from __future__ import annotations

import warnings

from django.conf import settings


def pdf_of(html: str, *, variant: str = "pdf/ua-1") -> bytes | None:
    """The PDF of a page: PDF/UA, or `variant` ("pdf/a-3b" to last).

    None without the native libraries of WeasyPrint: the page prints as well.
    """
    try:
        from weasyprint import HTML
    except (ImportError, OSError):
        return None
    fonts = settings.BASE_DIR / "guichet" / "static" / "fonts"
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", ResourceWarning
        )  # its colour profile (PDF/A) is left for the collector to close
        content: bytes = HTML(string=html, base_url=f"{fonts.as_uri()}/").write_pdf(pdf_variant=variant)
    return content
