"""What a citizen downloads to see a page for the first time: counted byte by byte on the wire."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.journeys.conftest import Visits
from tests.journeys.site import Site
from tests.journeys.test_citizen import fill, open_follow_up, send

pytestmark = pytest.mark.browser
AT_MOST = 100_000


class Scale:
    """Counts what arrives, headers included, as the browser's own network log says."""

    def __init__(self, page: Page) -> None:
        self.parts: dict[str, int] = {}
        self._names: dict[str, str] = {}
        log = page.context.new_cdp_session(page)
        log.send("Network.enable")
        log.send("Network.setCacheDisabled", {"cacheDisabled": True})
        log.on("Network.responseReceived", lambda e: self._names.__setitem__(e["requestId"], e["response"]["url"]))
        log.on("Network.loadingFinished", self._weigh)

    def _weigh(self, event: dict[str, object]) -> None:
        name = self._names.get(str(event["requestId"]), "?")
        self.parts[name] = self.parts.get(name, 0) + int(float(str(event["encodedDataLength"])))

    def weigh(self, page: Page, address: str) -> int:
        self.parts.clear()
        page.goto(address)
        page.wait_for_load_state("networkidle")
        return sum(self.parts.values())


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/contact/",
        "/suivi/",
        "/accessibilite/",
        "/donnees-personnelles/",
        "/mentions-legales/",
        "/rien/",
        "/aides/",
        "/aides/trouver/?age=18",
        "/aides/aide-permis/",
        "/reponses/",
        "/recherche/?q=carte",
    ],
)
def test_a_page_is_light(visits: Visits, site: Site, path: str) -> None:
    page = visits.page()
    scale = Scale(page)
    weight = scale.weigh(page, site.url + path)
    assert 20_000 < weight <= AT_MOST, scale.parts
    assert any("woff2" in name for name in scale.parts), "the font counts too"


def test_what_a_citizen_sees_of_his_case_is_light(visits: Visits, site: Site) -> None:
    page, address = visits.page(), "leger@courriel.example"
    page.goto(f"{site.url}/contact/")
    fill(page, address=address)
    send(page)
    page.wait_for_url("**/contact/recu/")
    scale = Scale(page)
    assert scale.weigh(page, f"{site.url}/contact/recu/") <= AT_MOST, scale.parts
    number = page.get_by_role("link", name="Suivre ma demande").get_attribute("href") or ""
    open_follow_up(page, site, number.rpartition("=")[2], address)
    assert scale.weigh(page, page.url) <= AT_MOST, scale.parts


def test_the_scale_counts(visits: Visits, site: Site) -> None:
    """The guard itself: an uncompressed drawing would be seen."""
    page = visits.page()
    scale = Scale(page)
    scale.weigh(page, f"{site.url}/contact/")
    kinds = {name.rsplit(".", 1)[-1].split("?")[0] for name in scale.parts}
    assert {"css", "js", "woff2", "svg"} <= kinds
    print({name.rsplit("/", 1)[-1] or "page": size for name, size in scale.parts.items()}, sum(scale.parts.values()))
