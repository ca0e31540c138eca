from __future__ import annotations

from typing import Any

import pytest

from tests.house.lived import House, live


@pytest.fixture
def house(db: None, settings: Any) -> House:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return live()
