from __future__ import annotations

import pytest

from guichet.core.text import key_of, keys_in, number_of


@pytest.mark.parametrize(
    ("typed", "key"),
    [("12", 12), ("0012", 12), ("9" * 17, int("9" * 17)), ("9" * 18, 0), ("9" * 40, 0), ("", 0), ("-1", 0), ("1.5", 0),
     ("١٢", 0), ("²", 0), ("12 OR 1=1", 0)],
)  # fmt: skip
def test_a_key_is_what_a_column_may_hold(typed: str, key: int) -> None:
    assert key_of(typed) == key


def test_what_is_no_key_is_left_out_of_several() -> None:
    assert keys_in(["3", "x", "", "1", "9" * 30]) == [3, 1]


@pytest.mark.parametrize(
    ("typed", "number"), [("0", 0), ("7", 7), ("", -1), ("²", -1), ("٣", -1), ("-1", -1), ("9" * 40, -1)]
)
def test_a_number_announced_or_none(typed: str, number: int) -> None:
    assert number_of(typed) == number
