from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from guichet.cases.models import Case
from tests.factories import Region, case_of, mail, receive

PARIS = ZoneInfo("Europe/Paris")
At = Callable[..., datetime]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """`at(2026, 7, 20, 9)`: it is now nine o'clock in Paris, that day, until said otherwise."""

    def travel(*moment: int) -> datetime:
        now = datetime(*moment, tzinfo=PARIS)  # type: ignore[arg-type]
        monkeypatch.setattr(timezone, "now", lambda: now)
        return now

    return travel


@pytest.fixture
def case(region: Region) -> Case:
    """One that came by mail to the transport team."""
    return case_of(receive(mail()))
