"""Pages to print, made into PDF by WeasyPrint with our fonts."""

from __future__ import annotations

from django.conf import settings


def pdf_of(html: str) -> bytes | None:
    """The PDF (PDF/UA) of a page; None without the native libraries of WeasyPrint: the page prints as well."""
    try:
        from weasyprint import HTML
    except (ImportError, OSError):
        return None
    fonts = settings.BASE_DIR / "guichet" / "static" / "fonts"
    content: bytes = HTML(string=html, base_url=f"{fonts.as_uri()}/").write_pdf(pdf_variant="pdf/ua-1")
    return content
