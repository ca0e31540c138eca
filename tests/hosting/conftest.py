"""A home for a real embedded server: short enough for a socket, passable by the account that runs it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from guichet.hosting.postgres import Server


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in ("DATABASE_URL", "GUICHET_HOME", "GUICHET_TEST", "GUICHET_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    folder = Path(tempfile.mkdtemp(prefix="guichet-test-", dir="/tmp"))
    folder.chmod(0o711)
    yield folder
    if (folder / "postgres").exists():
        Server(folder).erase()
    shutil.rmtree(folder)


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    """The environment of a command of this home, free from that of the tests."""
    return {**os.environ, "GUICHET_HOME": str(home)}
