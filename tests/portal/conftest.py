from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages

from guichet.accounts.machines import forget as forget_machines
from guichet.organisation.directory import forget as forget_directory
from tests.portal.factories import Region, make_region


@pytest.fixture
def region(db: None, settings: Any, tmp_path: Path) -> Iterator[Region]:
    storage = storages["default"]
    settings.MEDIA_ROOT = tmp_path
    storage.__dict__.update(_location=str(tmp_path), base_location=str(tmp_path), location=str(tmp_path))
    yield make_region()
    forget_directory()
    forget_machines()
