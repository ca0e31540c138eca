"""The legal pages say what is true of this installation: named by its settings, or a demonstration."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from guichet.core.reference import make
from guichet.portal.views.pages import say_months
from tests.factories import Region

PAGES = ("/mentions-legales/", "/donnees-personnelles/", "/accessibilite/")


def text(path: str) -> str:
    return " ".join(Client().get(path).content.decode().replace("\u00a0", " ").split())


@pytest.mark.parametrize("path", PAGES)
def test_without_a_host_it_is_a_demonstration(region: Region, settings: Any, path: str) -> None:
    assert "est une démonstration" in text(path)
    settings.LEGAL = {**settings.LEGAL, "host": "Hébergeur exemple, 1 rue des Serveurs, 33000 Bordeaux, 05 36 49 00 00"}
    assert "démonstration" not in text(path)


def test_publisher_and_host(region: Region, settings: Any) -> None:
    page = text("/mentions-legales/")
    for words in ("Région Nouvelle-Aquitaine", "14 rue François-de-Sourdis", "SIREN 200 053 759", "Alain Rousset",
                  "Aucun hébergeur n’est nommé", "05 36 49 12 12"):  # fmt: skip
        assert words in page, words
    settings.LEGAL = {
        **settings.LEGAL,
        "host": "Hébergeur exemple",
        "publisher": "Région d'essai",
        "siren": "123456789",
    }
    page = text("/mentions-legales/")
    assert "Hébergeur exemple" in page
    assert "Région d&#x27;essai" in page
    assert "123 456 789" in page


def test_officer_and_retention(region: Region, settings: Any) -> None:
    settings.LEGAL = {**settings.LEGAL, "dpo": "delegue@region.example"}
    settings.RETENTION_MONTHS, settings.LOG_MONTHS = 18, 6
    page = text("/donnees-personnelles/")
    for words in ('href="mailto:delegue@region.example"', "18 mois après la fin", "traces techniques du site : 6 mois",
                  "10 minutes", "2 heures", "n’efface encore rien de lui-même"):  # fmt: skip
        assert words in page, words


def test_the_cookies_it_names_are_those_it_sets(region: Region) -> None:
    page = text("/donnees-personnelles/")
    client = Client()
    client.get("/contact/")
    client.post("/suivi/", {"reference": make(160421), "email": "a@b.example"})
    named = {"csrftoken", "guichet_session"}
    assert set(client.cookies) == named
    assert all(name in page for name in named)


def test_accessibility_says_what_is_not_measured(region: Region) -> None:
    page = text("/accessibilite/")
    for words in ("n’est pas conforme", "n’est pas mesuré", "lecteur d’écran", "Défenseur des droits", "2005-102"):
        assert words in page, words
    assert "Accessibilité : non conforme" in text("/"), "said on every page"


@pytest.mark.parametrize(("months", "said"), [(1, "1 mois"), (12, "1 an"), (18, "18 mois"), (24, "2 ans")])
def test_durations(months: int, said: str) -> None:
    assert say_months(months).replace("\u00a0", " ") == said
