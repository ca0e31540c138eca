"""Markdown, plain language, masking."""

from __future__ import annotations

import pytest

from guichet.knowledge.checks import findings, reading
from guichet.knowledge.markup import answer_html, sections, to_html, to_plain
from guichet.knowledge.masking import key, masked
from tests.factories import Region, article


@pytest.mark.parametrize(
    "hostile",
    ["<script>alert(1)</script>", "[x](javascript:alert(1))", "![x](javascript:alert(1))", "<img src=x onerror=a()>",
     "[x](data:text/html;base64,xx)", "[x](vbscript:x)"],
)  # fmt: skip
def test_no_markup_runs(hostile: str) -> None:
    html = to_html(hostile)
    for harm in ("<script", 'href="javascript', 'src="javascript', "<img src=x", 'href="data:text', 'href="vbscript'):
        assert harm not in html


def test_headings_stand_under_the_page_s_own() -> None:
    assert "<h2>A</h2>" in to_html("## A")
    assert "<h4>A</h4>" in answer_html("## A")


def test_tables_scroll_with_the_keyboard() -> None:
    assert 'tabindex="0"' in to_html("| a | b |\n|---|---|\n| 1 | 2 |")


def test_plain_words_only() -> None:
    assert to_plain("## Titre\n\n- **Un** [lien](https://x.example)\n- deux") == "Titre\nUn lien\ndeux"


def test_cut_at_headings() -> None:
    found = sections("Avant\n## Un\ntexte\n### Q ?\nR\n## Deux\n")
    assert [(s.title, s.text) for s in found] == [("", "Avant"), ("Un", "texte\n### Q ?\nR"), ("Deux", "")]
    assert [q.title for q in found[1].questions] == ["Q ?"]


def test_masks_who_asked() -> None:
    said = masked("je m'appelle Jeanne Martin, jeanne@x.example, 06 39 98 12 34, dossier 1535986 : carte perdue le 12")
    assert said == "je m'appelle …, …, …, dossier … : carte perdue le 12"
    assert masked("Madame Durand a perdu sa carte") == "Madame … a perdu sa carte"


def test_same_words_same_key() -> None:
    assert key("Cartes perdues !") == key("perdue carte")


def test_plain_language_is_measured() -> None:
    easy = reading("Vous avez perdu la carte. Vous payez dix euros. Elle arrive vite.")
    hard = reading(
        "L'administration territoriale procède ultérieurement à l'instruction réglementaire des réclamations "
        "susmentionnées conformément aux dispositions réglementaires applicables."
    )
    assert easy.level == "facile"
    assert hard.level == "difficile"
    assert hard.longest > easy.longest


def test_what_the_author_should_look_at(region: Region) -> None:
    made = article(
        owner=region.transport,
        answer="Le récépissé coûte 10 €. " + "mot " * 30 + ". Avant le 3 mars 2020.",
        sms="Carte : 12 €.",
        related=["nulle-part"],
    )
    assert made.live is not None
    kinds = {found.kind for found in findings(made.live, wordings=0)}
    assert kinds == {"length", "jargon", "date", "amount", "link", "blank", "wordings"}
