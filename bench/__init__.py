"""The measures of `make bench`. A module here that has `run() -> Iterator[Measure]` is one of them."""

from __future__ import annotations

from typing import TypedDict


class Measure(TypedDict):
    """One figure: `ratio` is value / the same measure of `against`, in the same run; `None` when there is no peer."""

    name: str
    value: float
    unit: str
    ratio: float | None
    against: str | None
