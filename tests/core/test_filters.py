"""What templates write with our own filters."""

from __future__ import annotations

import pytest
from django.template import Context, Template


@pytest.mark.parametrize(
    ("said", "number", "text"),
    [
        ("{{ n }} message{{ n|pluralize }}", 0, "0 message"),  # Django's would say « 0 messages »
        ("{{ n }} message{{ n|pluralize }}", 1, "1 message"),
        ("{{ n }} message{{ n|pluralize }}", 2, "2 messages"),
        ("{{ n|pluralize:'al,aux' }}", 1.5, "al"),
        ("{{ n|pluralize:'al,aux' }}", 3, "aux"),
        ("jour{{ n|pluralize }}", [], "jour"),
        ("jour{{ n|pluralize }}", [1, 2], "jours"),
        ("jour{{ n|pluralize }}", "12", "jours"),
    ],
)
def test_below_two_is_singular(said: str, number: object, text: str) -> None:
    assert Template(said).render(Context({"n": number})) == text
