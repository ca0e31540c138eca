"""What machines read: the map of the site, the feed of the aids, their open data."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from guichet.knowledge.exchange import COLUMNS, row_of, to_csv
from guichet.knowledge.models import Article, Kind
from guichet.portal.guide import aids, profiles, themes
from guichet.portal.sheets import address_of, full_address_of, live_of, published

LICENCE = "Licence Ouverte 2.0"
LICENCE_ADDRESS = "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"
FEED_LENGTH = 50
FRESH = "public, max-age=600"
# How people say it, the order of the shelves and the calendar of the editors are no part of the guide.
_INSIDE = {"wordings", "position", "review_on", "audience", "sms", "spoken"}


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    closed = ["/bureau/", "/suivi/", "/recherche/", reverse("portal:find_aids") + "?"]
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed), "",
             f"Sitemap: {settings.PUBLIC_URL}{reverse('portal:sitemap')}", ""]  # fmt: skip
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8", headers={"Cache-Control": FRESH})


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    names = ("home", "aids", "find_aids", "answers", "noa", "contact", "follow", "accessibility", "privacy", "legal")
    rows = list(published().defer("live__body", "live__answer").order_by("code"))
    shelves = [shelf.address for of in (profiles, themes) for shelf in of(row for row in rows if row.kind == Kind.AID)]
    pages: list[dict[str, Any]] = [{"path": reverse(f"portal:{name}"), "changed": None} for name in names]
    pages += [{"path": path, "changed": None} for path in shelves]
    pages += [{"path": address_of(row), "changed": live_of(row).published_at} for row in rows]
    return _xml(request, "portal/sitemap.xml", {"pages": pages}, "application/xml")


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """New and changed aids, the last first (Atom)."""
    rows = published().filter(kind=Kind.AID, live__published_at__isnull=False).defer("live__body")
    found = list(rows.order_by("-live__published_at", "-pk")[:FEED_LENGTH])
    entries = [{"article": row, "version": live_of(row), "address": full_address_of(row)} for row in found]
    changed = live_of(found[0]).published_at if found else None
    return _xml(request, "portal/feed.xml", {"entries": entries, "changed": changed}, "application/atom+xml")


@require_safe
def data_json(request: HttpRequest) -> HttpResponse:
    rows = [{**_public(article), "url": full_address_of(article)} for article in _whole()]
    content = {"licence": LICENCE, "source": settings.REGION_NAME, "aides": rows}
    return _open(JsonResponse(content, json_dumps_params={"ensure_ascii": False}), "json")


@require_safe
def data_csv(request: HttpRequest) -> HttpResponse:
    columns = [name for name in COLUMNS if name not in _INSIDE]
    return _open(HttpResponse(to_csv(_whole(), columns), content_type="text/csv; charset=utf-8"), "csv")


def _whole() -> list[Article]:
    """With their text and their wordings, which the exchange reads."""
    codes = [article.pk for article in aids()]
    return list(published().filter(pk__in=codes).prefetch_related("wordings").order_by("code"))


def _public(article: Article) -> dict[str, Any]:
    return {name: value for name, value in row_of(article).items() if name not in _INSIDE} | {
        "updated": published_at.isoformat() if (published_at := live_of(article).published_at) else ""
    }


def _open(response: HttpResponse, form: str) -> HttpResponse:
    """Given to all, other sites included, with its licence."""
    response["Content-Disposition"] = f'inline; filename="aides.{form}"'
    response["Link"] = f'<{LICENCE_ADDRESS}>; rel="license"'
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = FRESH
    return response


def _xml(request: HttpRequest, template: str, context: dict[str, Any], media_type: str) -> HttpResponse:
    response = render(request, template, context, content_type=f"{media_type}; charset=utf-8")
    response["Cache-Control"] = FRESH
    return response
