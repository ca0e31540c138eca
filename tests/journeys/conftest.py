from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

from tests.journeys.site import Site, address_of, command, database, running

PLACES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_MS = 15_000  # a server, a worker and a browser share two cores with other tests


def chromium() -> str:
    found = next((path for name in PLACES if (path := shutil.which(name))), None)
    if found is None:
        pytest.fail("no Chromium: requirements/apt-test.txt installs it")
    return found


@pytest.fixture(scope="session")
def region_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a database with the small Region in it, that nobody opens: each file gets a copy."""
    with database() as name:
        place = Site(tmp_path_factory.mktemp("modele"), address_of(name))
        command(place, "manage.py", "migrate", "--verbosity", "0")
        command(place, "-m", "tests.journeys.seed")
        yield name


@pytest.fixture(scope="module")
def site(region_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One Guichet for the journeys of a file."""
    with database(like=region_database) as name:
        place = Site(tmp_path_factory.mktemp("guichet"), address_of(name))
        with running(place):
            yield place


@pytest.fixture(scope="module")
def browser(site: Site) -> Iterator[Browser]:
    """Real Chromium that knows no address but this machine's."""
    with sync_playwright() as driver:
        launched = driver.chromium.launch(
            executable_path=chromium(),
            args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"],
        )
        yield launched
        launched.close()


class Visits:
    """Contexts of this test; each notes what it asked from elsewhere and what the page complained of."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.contexts: list[BrowserContext] = []
        self.elsewhere: list[str] = []
        self.complaints: list[str] = []

    def page(self, *, width: int = 1366, height: int = 768, javascript: bool = True) -> Page:
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, java_script_enabled=javascript, locale="fr-FR",
            timezone_id="Europe/Paris", accept_downloads=True,
        )  # fmt: skip
        context.set_default_timeout(PATIENCE_MS)
        context.on("request", self._note)
        context.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.contexts.append(context)
        return context.new_page()

    def _note(self, request: Request) -> None:
        # The browser's own pages draw a PDF.
        own = ("http://127.0.0.1:", "http://localhost:", "data:", "blob:", "about:", "chrome://", "chrome-extension://")
        if not request.url.startswith(own):
            self.elsewhere.append(request.url)

    def close(self) -> None:
        for context in self.contexts:
            context.close()


@pytest.fixture
def visits(browser: Browser) -> Iterator[Visits]:
    found = Visits(browser)
    yield found
    found.close()
    assert not found.elsewhere
    # A page refused on purpose (400, 404…) is a line of the console, not a fault of the page.
    assert not [text for text in found.complaints if not text.startswith("Failed to load resource")]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "attestation.pdf"
    path.write_bytes(b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n")
    return path


os.environ.setdefault("NO_PROXY", "127.0.0.1,localhost")
expect.set_options(timeout=PATIENCE_MS)
