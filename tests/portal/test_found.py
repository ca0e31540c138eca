"""What search engines and screen readers ask of a page before reading it: the rules that Lighthouse checks."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.test import Client

from guichet.knowledge.actions import build_indexes
from guichet.knowledge.models import Article
from tests.factories import article
from tests.portal.factories import Region
from tests.portal.test_guide import permit

__all__ = ["permit"]
FOUND = ("/", "/aides/", "/aides/aide-permis/", "/aides/trouver/", "/reponses/", "/reponses/carte-perdue/", "/noa/",
         "/contact/", "/suivi/")  # fmt: skip
ANSWER = "Commandez la carte en ligne avec une photo : la nouvelle carte arrive chez vous en huit jours."
NOT_FOUND = ("/recherche/?q=permis",)


@dataclass
class Page(HTMLParser):
    """The parts of a page that these rules are about."""

    title: str = ""
    metas: dict[str, str] = field(default_factory=dict)
    canonical: list[str] = field(default_factory=list)
    language: str = ""
    headings: list[int] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)  # (address, words)
    images_without_words: int = 0
    named: set[str] = field(default_factory=set)
    unnamed: list[str] = field(default_factory=list)
    structured: list[Any] = field(default_factory=list)
    _in: str = ""
    _words: str = ""
    _href: str = ""
    _script: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "html":
            self.language = given.get("lang", "")
        elif tag == "meta" and "name" in given:
            self.metas[given["name"]] = given.get("content", "")
        elif tag == "link" and given.get("rel") == "canonical":
            self.canonical.append(given["href"])
        elif tag == "img" and "alt" not in given:
            self.images_without_words += 1
        elif re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        elif tag == "a":
            self._href, self._words = given.get("href", ""), given.get("aria-label", "")
        elif tag == "label":
            self.named.add(given.get("for", ""))
        elif (
            tag in {"input", "select", "textarea"}
            and given.get("type") not in {"hidden", "submit"}
            and not (given.get("aria-label") or given.get("aria-labelledby"))
        ):
            self.unnamed.append(given.get("id", given.get("name", "")))
        if tag in {"title", "script"}:
            self._in = tag if tag == "title" or given.get("type") == "application/ld+json" else ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self.links.append((self._href, self._words.strip()))
        if tag in {"title", "script"}:
            self._in = ""

    def handle_data(self, data: str) -> None:
        self._words += data
        if self._in == "title":
            self.title += data
        elif self._in == "script":
            self.structured.append(json.loads(data))


def page(client: Client, address: str) -> Page:
    answer = client.get(address)
    assert answer.status_code == 200, address
    read = Page()
    read.feed(answer.content.decode())
    return read


@pytest.fixture
def guide(region: Region, permit: Article) -> Article:
    article(answer=ANSWER, owner=region.service, topics=list(permit.live.topics) if permit.live else [])
    build_indexes()
    return permit


@pytest.mark.parametrize("address", [*FOUND, *NOT_FOUND])
def test_what_every_page_owes(client: Client, guide: Article, address: str) -> None:
    read = page(client, address)
    assert read.language == "fr"
    assert 10 <= len(read.title.strip()) <= 90, read.title
    assert 40 <= len(read.metas["description"]) <= 170, read.metas["description"]
    assert "width=device-width" in read.metas["viewport"]
    assert "user-scalable" not in read.metas["viewport"]
    assert read.headings.count(1) == 1
    assert read.headings[0] == 1
    steps = list(zip(read.headings, read.headings[1:], strict=False))
    assert [pair for pair in steps if pair[1] > pair[0] + 1] == [], "a level of heading is skipped"
    assert len(read.ids) == len(set(read.ids)), sorted({one for one in read.ids if read.ids.count(one) > 1})
    assert read.images_without_words == 0
    assert [one for one in read.unnamed if one not in read.named] == []
    assert [href for href, words in read.links if not words] == []
    vague = {"ici", "cliquez ici", "lire la suite", "en savoir plus", "plus", "lien"}
    assert [words for _, words in read.links if words.lower() in vague] == []


@pytest.mark.parametrize("address", FOUND)
def test_pages_to_be_found_say_their_address(client: Client, guide: Article, address: str) -> None:
    read = page(client, address)
    assert read.canonical == [f"{settings.PUBLIC_URL}{address}"]
    assert "noindex" not in read.metas.get("robots", "")


@pytest.mark.parametrize("address", NOT_FOUND)
def test_results_are_not_indexed(client: Client, guide: Article, address: str) -> None:
    assert page(client, address).metas["robots"] == "noindex"


def test_titles_and_descriptions_are_each_their_own(client: Client, guide: Article) -> None:
    pages = [page(client, address) for address in FOUND]
    assert len({read.title for read in pages}) == len(FOUND)
    assert len({read.metas["description"] for read in pages}) == len(FOUND)


def test_an_aid_is_a_service_of_the_government(client: Client, guide: Article) -> None:
    [data] = page(client, "/aides/aide-permis/").structured
    kinds = [each["@type"] for each in data.get("@graph", [data])]
    assert "GovernmentService" in kinds
    assert data["@context"] == "https://schema.org"


def test_the_sitemap_names_them_all_and_nothing_else(client: Client, guide: Article) -> None:
    tree = ElementTree.fromstring(client.get("/sitemap.xml").content)
    named = {element.text or "" for element in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")}
    assert {f"{settings.PUBLIC_URL}{address}" for address in FOUND} <= named
    for address in named:
        assert "noindex" not in page(client, address.removeprefix(settings.PUBLIC_URL)).metas.get("robots", "")
