from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

from guichet.accounts import machines
from guichet.cases.models import ReplyTemplate
from guichet.organisation import directory
from tests.factories import build_region
from tests.journeys.site import Site, running

PLACES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    found = next((path for name in PLACES if (path := shutil.which(name))), None)
    if found is None:
        pytest.fail("no Chromium: requirements/apt-test.txt installs it")
    return found


@pytest.fixture(scope="module")
def site(
    django_db_setup: None, django_db_blocker: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """One Region for the journeys of a file; nothing of it is left to other tests."""
    place = Site(tmp_path_factory.mktemp("guichet"))
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        machines.forget()
        directory.forget()
        try:
            build_region()
            ReplyTemplate.objects.create(name="Perte", text="Bonjour {civilité} {nom}.")
            connection.close()
            with running(place):
                yield place
        finally:
            call_command("flush", "--noinput", verbosity=0)
            machines.forget()
            directory.forget()


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
        context.set_default_timeout(15_000)
        context.on("request", self._note)
        context.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.contexts.append(context)
        return context.new_page()

    def _note(self, request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "http://localhost:", "data:", "blob:", "about:")):
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
