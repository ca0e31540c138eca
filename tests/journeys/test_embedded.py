"""The form on a page of another origin, by one script tag, under a strict policy of that page."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Frame, Page, expect

from guichet.hosting.home import CHECKOUT
from tests.journeys import looking
from tests.journeys.conftest import Visits
from tests.journeys.site import Site
from tests.journeys.test_citizen import fill, number_of

pytestmark = pytest.mark.browser
PAGE = """<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Jeunes en Nouvelle-Aquitaine</title></head>
<body><main><h1>Une question ?</h1><p><a href="#avant">Avant</a></p>
<script src="{guichet}/contact/integrer.js?sujet=transport_scolaire.carte" data-couleur="#7a1f5c" async></script>
<p><a href="#apres">Après</a></p></main></body></html>"""

NOA = """<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Jeunes en Nouvelle-Aquitaine</title></head>
<body><main><h1>Le site</h1></main><script src="{guichet}/noa/integrer.js" async></script></body></html>"""


def policy(guichet: str) -> str:
    """As docs/integrer-le-formulaire.md tells the webmaster to write it."""
    said = re.search(r"^Content-Security-Policy: (.+)$", GUIDE.read_text(), re.MULTILINE)
    assert said
    return said[1].replace("https://guichet.region.example", guichet)


GUIDE = CHECKOUT / "docs" / "integrer-le-formulaire.md"


@pytest.fixture(scope="module")
def other_site(site: Site) -> Iterator[str]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = (NOA if self.path == "/noa" else PAGE).format(guichet=site.url).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", policy(site.url))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", site.host_port), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield site.other_site
    server.shutdown()
    server.server_close()
    thread.join()


def frame_of(page: Page) -> Frame:
    page.wait_for_selector("iframe")
    inside = page.wait_for_selector("iframe").content_frame()
    assert inside is not None
    inside.wait_for_selector("h1")
    return inside


def heights(page: Page) -> tuple[int, int]:
    """Of the frame, and of what is in it."""
    outside = int(page.locator("iframe").evaluate("e => Math.round(e.getBoundingClientRect().height)"))
    return outside, int(frame_of(page).evaluate("() => document.documentElement.offsetHeight"))


def follows(page: Page) -> None:
    page.wait_for_function(
        """() => new Promise((done) => requestAnimationFrame(() => done(
        document.querySelector('iframe').height !== '1200')))"""
    )
    outside, inside = heights(page)
    assert abs(outside - inside) <= 2


def test_it_is_sent_from_another_site(visits: Visits, site: Site, other_site: str, photo: Path) -> None:
    page = visits.page()
    page.goto(other_site)
    frame = frame_of(page)
    assert page.locator("iframe").get_attribute("title") == "Écrire à la Région Nouvelle-Aquitaine"
    expect(frame.get_by_label("Sujet")).to_have_value("transport_scolaire.carte")
    assert frame.evaluate("() => getComputedStyle(document.querySelector('button[type=submit]')).backgroundColor") == (
        "rgb(122, 31, 92)"
    )
    follows(page)
    before, _ = heights(page)
    assert looking.axe(page) == []
    assert looking.sniff(frame) == []
    for width in (1366, 390, 320):
        page.set_viewport_size({"width": width, "height": 768})
        assert frame.evaluate(looking.TOO_WIDE) == []
    page.set_viewport_size({"width": 1366, "height": 768})

    # An error keeps everything and is as tall as it must be; the frame had no cookie to count on.
    fill(frame, address="cadre@")
    frame.get_by_label("Pièces jointes").set_input_files(photo)
    page.wait_for_timeout(2100)
    frame.get_by_role("button", name="Envoyer mon message").click()
    expect(frame.get_by_role("alert")).to_contain_text("Il reste quelque chose à corriger")
    expect(frame.get_by_label("Objet")).to_have_value("Carte de car perdue")
    expect(frame.get_by_text("Déjà ajoutés")).to_be_visible()
    page.wait_for_function(f"() => Number(document.querySelector('iframe').height) > {before}")
    follows(page)
    assert looking.sniff(frame) == []
    frame.get_by_label("Adresse e-mail").fill("cadre@courriel.example")
    page.wait_for_timeout(2100)
    frame.get_by_role("button", name="Envoyer mon message").click()
    expect(frame.get_by_role("heading", level=1)).to_have_text("Nous avons bien reçu votre message")
    page.wait_for_function(f"() => Number(document.querySelector('iframe').height) < {before}")
    follows(page)
    expect(frame.get_by_role("heading", level=1)).to_be_in_viewport()
    assert looking.axe(page) == []
    assert number_of(frame)
    assert page.context.cookies() == []
    site.mail("cadre@courriel.example", "Transports scolaires")


def test_the_keyboard_goes_in_and_out(visits: Visits, site: Site, other_site: str) -> None:
    page = visits.page()
    page.goto(other_site)
    frame = frame_of(page)
    page.get_by_role("link", name="Avant").focus()
    page.keyboard.press("Tab")
    assert frame.evaluate("() => document.activeElement.id") == "id_topic"
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.textContent") == "Après":
            break
    expect(page.get_by_role("link", name="Après")).to_be_focused()


def test_a_site_that_is_not_named_cannot_embed(visits: Visits, site: Site, other_site: str) -> None:
    """The same page under another name: the browser obeys frame-ancestors and shows nothing."""
    page = visits.page()
    page.goto(other_site.replace("localhost", "127.0.0.1"))
    page.wait_for_selector("iframe")
    page.wait_for_timeout(500)
    assert all("integre=1" not in frame.url for frame in page.frames)
    assert visits.complaints.pop().startswith("Framing")


def test_the_assistant_opens_on_another_site(visits: Visits, site: Site, other_site: str) -> None:
    page = visits.page()
    page.goto(f"{other_site}/noa")
    page.get_by_role("button", name="Demander à Noa").click()
    frame = page.frame_locator("iframe[title='Demander à Noa']")
    frame.get_by_label("Votre question").fill("j'ai perdu ma carte de car")
    frame.get_by_role("button", name="Envoyer", exact=True).click()
    expect(frame.locator(".bulle", has_text="duplicata")).to_be_visible()
    frame.get_by_role("button", name="Fermer la conversation").click()
    expect(page.locator("iframe[title='Demander à Noa']")).to_be_hidden()
