"""Thread tokens: short, case-insensitive, and nobody else can make one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guichet.channels.email.tokens import IN_LOCAL_PART, check_token, make_token

KEY = "clef-de-test"
REFERENCES = st.from_regex(r"\A[a-z0-9]{1,12}(-[a-z0-9]{1,8})?\Z")


@given(REFERENCES, st.text(min_size=1, max_size=20))
def test_round_trip(reference: str, key: str) -> None:
    token = make_token(reference, key)
    assert check_token(token, key) == reference
    assert check_token(token.upper(), key) == reference
    assert check_token(token, key + "new", key) == reference  # made before a change of key
    assert check_token(token, key + "x") is None


@given(REFERENCES, st.data())
def test_one_changed_character_is_refused(reference: str, data: st.DataObject) -> None:
    token = make_token(reference, KEY)
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from([char for char in "0123456789abcdefghjkmnpqrstvwxyz" if char != token[at]]))
    assert check_token(token[:at] + other + token[at + 1 :], KEY) is None


def test_the_same_on_every_machine_and_for_ever() -> None:
    assert make_token("1604217", KEY) == "1604217-2fdw292nf805ymcj"


def test_fits_a_local_part() -> None:
    token = make_token("NA-2026-1604217", KEY)
    assert re.fullmatch(r"na-2026-1604217-[0-9a-z]{16}", token)
    assert IN_LOCAL_PART.search(f"demandes+{token}") is not None
    assert len(f"demandes+{token}") <= 64


def test_letters_misread_aloud_are_understood() -> None:
    token = make_token("1604217", KEY)
    reference, _, signature = token.rpartition("-")
    assert check_token(f"{reference}-{signature.replace('0', 'o').replace('1', 'l')}", KEY) == "1604217"


@pytest.mark.parametrize("token", ["", "-", "1604217", "1604217-", "é" * 30, "a" * 5000, "1604217-2fdw292nf805ymc"])
def test_garbage_is_refused(token: str) -> None:
    assert check_token(token, KEY) is None


@pytest.mark.parametrize("reference", ["", "a b", "n°12", "a+b", "x" * 41, "a\nb"])
def test_references_that_no_address_carries(reference: str) -> None:
    with pytest.raises(ValueError, match="reference"):
        make_token(reference, KEY)


def test_no_key_no_token() -> None:
    with pytest.raises(ValueError, match="key"):
        make_token("1", "")
    assert check_token("1604217-2fdw292nf805ymcj", "") is None
