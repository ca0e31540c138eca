"""Reading French as people write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guichet.understanding.words import NUMBER, read, sentences, words_of


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("jai perdu ma carte", "J'ai perdu ma carte"),
        ("kan pass le car", "Quand pass le car"),
        ("L’inscription est-elle reçue ?", "l inscription est elle recue"),
        ("c la fin svp", "C'est la fin"),
    ],
)
def test_spellings_of_one_sentence_are_read_alike(written: str, plain: str) -> None:
    assert words_of(written) == words_of(plain)


def test_addresses_are_dropped_and_long_numbers_become_one_mark() -> None:
    words = words_of("Dossier 1535548, écrire à x@y.example ou https://site.example/a?b=1 au 06 39 98 12 34")
    assert words.count(NUMBER) == 2
    assert "1535548" not in words
    assert "example" not in words


def test_singular_and_plural_say_the_same_concept() -> None:
    assert "permis" in read("mes leçons de conduite").concepts
    assert "permis" in read("une leçon de conduite").concepts


def test_an_expression_is_found_only_whole() -> None:
    assert "connexion" in read("le mot de passe").concepts
    assert "connexion" not in read("un mot pour vous").concepts


def test_sentences_keep_crumbs_with_their_neighbour() -> None:
    assert sentences("Bonjour.\nMa fille a perdu sa carte de car hier soir. Merci.") == [
        "Bonjour.",
        "Ma fille a perdu sa carte de car hier soir. Merci.",
    ]


@given(st.text(max_size=300))
def test_anything_can_be_read(text: str) -> None:
    reading = read(text)
    assert all(reading.stems)
