"""What every test starts from: an empty Region in the database, its files in a temporary folder, no network."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.memory import forget_rows

LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing leaves the machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(LOOPBACK):
            raise RuntimeError(f"a test tried to reach {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def fresh_memory(settings: Any, tmp_path: Path) -> Iterator[None]:
    """Files of this test only; nothing remembered from another's rows."""
    settings.MEDIA_ROOT = tmp_path / "fichiers"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "fichiers")},
        },
    }
    path, options = settings.CHANNELS["email"]
    settings.CHANNELS = {**settings.CHANNELS, "email": (path, {**options, "folder": str(tmp_path / "sortants")})}
    forget_rows()
    yield
    forget_rows()


@pytest.fixture
def region(db: None) -> Any:
    """A small Region: see tests/factories.py."""
    from tests.factories import build_region

    return build_region()
