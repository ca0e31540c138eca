"""Each expression is tried only where it may fit: what is found is what all of them would have found everywhere."""

from __future__ import annotations

import re

import pytest

from guichet.demo.topics import examples
from guichet.understanding.danger import _tables
from guichet.understanding.expressions import Expressions, beginnings
from guichet.understanding.words import words_of


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("bombe", {"bom"}),
        ("a la rue", {"a "}),
        ("(?:il|elle) (?:a|est)", {"il ", "ell"}),
        ("(?:de )?quoi", {"de ", "quo"}),
        ("peurs?", {"peu"}),
        ("plus? la", {"plu"}),
        ("(?!feu)f(?:eu|in)", {"feu", "fin"}),
        ("(?:n|m)?e", {"ne ", "me ", "e "}),
        ("agress\\w+", {"agr"}),
        ("vi\\w*", {"vi*"}),
        ("\\d+ ?h", {"*"}),
    ],
)
def test_what_an_expression_begins_with(expression: str, expected: set[str]) -> None:
    assert beginnings(expression) == expected


def test_it_ends_and_begins_with_a_word() -> None:
    table = Expressions({"fire": ["feu", "a la rue"]})
    assert [match[0] for _, match in table.found("le feu a la rue")] == ["feu", "a la rue"]
    assert not list(table.found("un feutre dans la rue"))


def test_all_that_alarms_is_found_as_if_everything_was_tried_everywhere() -> None:
    texts = [" ".join(words_of(text)) for text, topic in examples()[::3] if topic != "urgence.personne"]
    texts += [" ".join(words_of(text)) for text, topic in examples() if topic == "urgence.personne"]
    for table in _tables():
        plain = {
            kind: re.compile(rf"\b(?:{'|'.join(line for _, line in lines)})\b") for kind, lines in table._kinds.items()
        }
        for text in texts:
            first: dict[str, str] = {}
            for kind, match in table.found(text):
                first.setdefault(kind, match[0])
            assert first == {kind: found[0] for kind, pattern in plain.items() if (found := pattern.search(text))}
