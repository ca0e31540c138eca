"""A database of its own for a measure, on the server of DATABASE_URL, and what the server spends."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from unittest.mock import patch

from django.core.management import call_command
from django.db import connection, connections
from django.test.utils import override_settings

TICK = os.sysconf("SC_CLK_TCK")


@contextmanager
def own_database(name: str) -> Iterator[None]:
    """Migrated and empty, with a folder of its own for files; both are gone afterwards."""
    database = f"bench_{name}_{os.getpid()}"
    folder = Path(tempfile.mkdtemp(prefix="guichet-bench-"))
    before = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{database}"')
        cursor.execute(f"CREATE DATABASE \"{database}\" ENCODING 'UTF8' TEMPLATE template0")
    _use(database)
    storage = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(folder / "fichiers")},
    }
    from django.conf import settings

    try:
        with override_settings(STORAGES={**settings.STORAGES, "default": storage}):
            call_command("migrate", verbosity=0, interactive=False)
            yield
    finally:
        _use(before)
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def as_durable_as_the_server() -> Iterator[None]:
    """Files are forced to the disk only where the server does it at its commits."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW fsync")
        durable = cursor.fetchone()[0] == "on"
    with nullcontext() if durable else patch("os.fsync", lambda descriptor: None):
        yield


def _use(database: str) -> None:
    connections.close_all()
    for wrapper in connections.all():
        wrapper.settings_dict["NAME"] = database


def cpu_seconds() -> float:
    """User and system time spent so far by this process and by the whole PostgreSQL server, ended backends included.

    Raises `RuntimeError` when the server does not run on this machine: its time could not be counted.
    """
    used = os.times()
    return used.user + used.system + server_seconds()


def server_seconds() -> float:
    postmaster = _postmaster()
    total = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, parent, own, reaped = _read(stat)
        except (OSError, ValueError):
            continue  # ended while we were looking
        if pid == postmaster:
            total += own + reaped
        elif parent == postmaster:
            total += own
    return total / TICK


def _postmaster() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = int(cursor.fetchone()[0])
    stat = Path(f"/proc/{backend}/stat")
    if not stat.exists() or "(postgres" not in stat.read_text():
        raise RuntimeError("the database server does not run on this machine: its CPU time cannot be read")
    return _read(stat)[1]


def _read(stat: Path) -> tuple[int, int, int, int]:
    """Process, parent, own ticks, ticks of the children it buried (proc(5): fields 4, 14 to 17)."""
    head, _, tail = stat.read_text().rpartition(")")
    fields = tail.split()
    user, system, child_user, child_system = map(int, fields[11:15])
    return int(head.split(" ", 1)[0]), int(fields[1]), user + system, child_user + child_system
