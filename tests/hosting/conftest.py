"""A home for a real embedded server, short enough for a socket and open enough for another account."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from guichet.hosting import postgres


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    folder = Path(tempfile.mkdtemp(prefix="guichet-test-", dir="/tmp"))
    folder.chmod(0o711)
    yield folder
    cluster = postgres.Cluster(folder)
    if (cluster.data / "PG_VERSION").exists():
        cluster.stop()
    cluster.remove()
    shutil.rmtree(folder)


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    """The environment of a supervisor of this home."""
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return {**kept, "GUICHET_HOME": str(home)}
