"""What a voice says: nothing is left to guess, and it lasts as long as somebody listens."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import call_command

from guichet.knowledge.checks import findings
from guichet.knowledge.models import Version
from guichet.knowledge.voice import LONGEST, number, say, seconds
from tests.factories import Region, article


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Il coûte 10 €.", "Il coûte dix euros."),
        ("1 500 € par an, 12,50 €/mois", "mille cinq cents euros par an, douze euros cinquante par mois"),
        ("0,50 € ou 1 €", "cinquante centimes ou un euro"),
        ("2 000 000 €", "deux millions d'euros"),
        ("05 36 49 12 12", "zéro cinq, trente-six, quarante-neuf, douze, douze"),
        ("Appelez le 3114.", "Appelez le trente et un, quatorze."),
        ("Avant le 12/09/2027.", "Avant le douze septembre deux mille vingt-sept."),
        ("Du 1er janvier à la 2e année", "Du premier janvier à la deuxième année"),
        ("à 8 h 30, de 9h à 17h", "à huit heures trente, de neuf heures à dix-sept heures"),
        ("De 17-25 ans", "De dix-sept à vingt-cinq ans"),
        ("1 semaine, 21 heures, 21 ans", "une semaine, vingt et une heures, vingt et un ans"),
        ("80 %, 2,05 km", "quatre-vingts pour cent, deux virgule zéro cinq kilomètres"),
        ("le TER, la SNCF, un CAP/BEP", "le T E R, la S N C F, un C A P ou B E P"),
        ("l'ENT de M. Roy (n° 5)", "l'E N T de monsieur Roy, numéro cinq"),
        ("a.roy@region.fr", "a point roy arobase region point F R"),
        ("https://www.exemple.fr/aides.", "exemple point F R barre aides."),
        ("« Ouvrir » – ou non", "Ouvrir, ou non"),
        ("", ""),
    ],
)
def test_said(written: str, said: str) -> None:
    assert say(written) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "zéro"), (71, "soixante et onze"), (80, "quatre-vingts"), (81, "quatre-vingt-un"),
        (91, "quatre-vingt-onze"), (200, "deux cents"), (201, "deux cent un"), (1000, "mille"),
        (1995, "mille neuf cent quatre-vingt-quinze"), (80_000, "quatre-vingt mille"), (200_000, "deux cent mille"),
        (1_000_001, "un million un"),
    ],
)  # fmt: skip
def test_numbers(value: int, said: str) -> None:
    assert number(value) == said


def test_what_lasts() -> None:
    assert seconds("") == 0
    short = "Le duplicata coûte dix euros."
    assert 1 < seconds(short) < 4
    assert seconds(f"{short} {short}") == pytest.approx(2 * seconds(short), abs=0.2)


def test_too_long_is_a_warning_and_forbids_nothing(region: Region) -> None:
    long = "Commandez le duplicata de la carte en ligne et attendez huit jours. " * 7
    row = article(owner=region.transport, spoken=long.strip())
    assert row.live is not None
    assert [found.kind for found in findings(row.live) if found.kind == "voice"] == ["voice"]
    Version.objects.filter(pk=row.live.pk).update(spoken="Commandez-la en ligne : 10 €.")
    assert not [found for found in findings(Version.objects.get(pk=row.live.pk)) if found.kind == "voice"]


def test_the_export_for_a_voice_menu(region: Region, tmp_path: Path) -> None:
    article(owner=region.transport, spoken="Il coûte 10 €.")
    article("muet", title="Muet", owner=region.transport)
    article("interne", title="Interne", owner=region.transport, audience="agent", spoken="Réservé.")
    call_command("export_articles", str(tmp_path / "voix.jsonl"), "--format", "voice")
    [row] = [json.loads(line) for line in (tmp_path / "voix.jsonl").read_text().splitlines()]
    assert (row["code"], row["said"], row["too_long"]) == ("carte-perdue", "Il coûte dix euros.", False)
    assert row["seconds"] < LONGEST
