from __future__ import annotations

from typing import Any

import pytest

from guichet.accounts.actions import create_agent
from guichet.accounts.machines import GUICHET, machine
from guichet.accounts.models import User
from tests.factories import Region


@pytest.fixture
def writers(region: Region) -> Any:
    """Two editors: one writes, the other reads again."""
    by = machine(GUICHET)
    return tuple(
        create_agent(f"{name}@agents.example", by=by, password="un mot de passe long", is_editor=True, last_name=name)
        for name in ("Plume", "Relire")
    )


@pytest.fixture
def plume(writers: tuple[User, User]) -> User:
    return writers[0]


@pytest.fixture
def relire(writers: tuple[User, User]) -> User:
    return writers[1]
