"""Settings of the e-mail channel, from plain values such as environment variables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

Addresses = str | Iterable[str] | Callable[[], frozenset[str]]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the Region is on the mail network, and whom it believes."""

    own: Callable[[], frozenset[str]]
    agent_domains: frozenset[str]
    trusted_relays: frozenset[str]
    authserv_id: str
    domain: str
    token_keys: tuple[str, ...]  # the current one first, then those of before a rotation


def listed(value: str | Iterable[str]) -> frozenset[str]:
    """Lower-cased items of a tuple, or of a text with commas, semicolons or spaces."""
    items = value.replace(",", " ").replace(";", " ").split() if isinstance(value, str) else value
    return frozenset(item.strip().lower() for item in items if item.strip())


def source_of(value: Addresses) -> Callable[[], frozenset[str]]:
    """A function giving the addresses at the time of each call: teams' addresses change while the process runs."""
    if callable(value):
        return lambda: listed(value())
    fixed = listed(value)
    return lambda: fixed
