"""What every page owes: one identifier each, no inline code, files that exist, words when all else fails."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.test import Client, RequestFactory

from guichet.core.middleware import RefusalMiddleware
from guichet.core.refused import Refused
from guichet.core.views import broken
from tests.factories import Region

PAGES = [
    "/", "/contact/", "/suivi/", "/suivi/lien/x/", "/accessibilite/", "/donnees-personnelles/",
    "/mentions-legales/", "/nulle-part/", "/aides/", "/aides/trouver/", "/aides/profil/lyceen/",
    "/aides/theme/sport/", "/reponses/", "/recherche/", "/recherche/?q=carte",
]  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_page_is_sound(client: Client, region: Region, path: str) -> None:
    check(client.get(path).content.decode())


def test_page_with_errors_is_sound(client: Client, region: Region) -> None:
    page = client.post("/contact/", {"kind": "company"}).content.decode()
    check(page)
    ids = set(re.findall(r'\sid="([^"]+)"', page))
    for described in re.findall(r'aria-describedby="([^"]+)"', page):
        assert set(described.split()) <= ids
    for target in re.findall(r'href="#([^"]+)"', page):
        assert target in ids


def check(page: str) -> None:
    words = re.sub(r"<script.*?</script>|<svg.*?</svg>|<[^>]+>", "", page, flags=re.DOTALL)
    assert not re.findall(r"[\w»)] [:;?!»].{0,20}|« .{0,20}", words), "a breakable space before a double sign"
    twice = [name for name, count in Counter(re.findall(r'\sid="([^"]+)"', page)).items() if count > 1]
    assert not twice
    assert "<h1" in page
    assert page.count("<h1") == 1
    assert not re.search(r'\s(style|on\w+)="|<style|<script(?![^>]*\ssrc=|\stype="application/ld)', page)
    assert 'href="#"' not in page
    for static in re.findall(r'"/static/([^"#]+)', page):
        assert finders.find(static), static
    sprite = finders.find("icons.svg")
    assert sprite
    with open(str(sprite), encoding="utf-8") as handle:  # noqa: PTH123
        drawn = set(re.findall(r'id="(i-[a-z-]+)"', handle.read()))
    assert set(re.findall(r'icons\.svg#(i-[a-z-]+)"', page)) <= drawn


def test_the_page_of_a_breakdown_needs_no_database() -> None:
    response = broken(RequestFactory().get("/"))
    assert response.status_code == 500
    assert "en panne" in response.content.decode()


def test_a_refusal_is_a_page_and_a_fragment_for_htmx(region: Region) -> None:
    request = RequestFactory().get("/")
    response = RefusalMiddleware(lambda r: None).process_exception(request, Refused("Pas maintenant."))  # type: ignore[arg-type,return-value]
    assert response is not None
    assert response.status_code == 409
    assert "Pas maintenant." in response.content.decode()
    fragment = render_to_string("core/refused_fragment.html", {"refusal": Refused("Pas maintenant.")})
    assert fragment.startswith("<div")


def test_csrf_page(region: Region) -> None:
    response = Client(enforce_csrf_checks=True).post("/suivi/", {"reference": "1"})
    assert response.status_code == 403
    assert "Votre page a expiré" in response.content.decode()
