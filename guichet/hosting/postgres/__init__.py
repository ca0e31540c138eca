"""The embedded PostgreSQL (demo, tests, pilot): in production a Region gives its own with `DATABASE_URL`."""

from __future__ import annotations

import os
from pathlib import Path

from guichet.hosting.postgres import cluster as _clusters
from guichet.hosting.postgres.account import account_for
from guichet.hosting.postgres.cluster import Cluster
from guichet.hosting.postgres.server import Server
from guichet.hosting.refusal import Refusal

__all__ = ["Server", "running_url"]


def running_url(home: Path) -> str:
    """Return the address of the embedded server of `home` without making or starting anything.

    Raise `Refusal`, which says how to start it, when it does not run.
    """
    folder = _clusters.locate(home)
    if os.access(home, os.X_OK) and folder.is_dir():
        account = account_for(folder)
        found = Cluster(home, folder, account, _clusters.sockets_of(folder, account))
        if (found.sockets / _clusters.SOCKET_NAME).exists():
            return found.url
    raise Refusal(
        "La base embarquée ne tourne pas. Tapez : make run (tout Guichet) "
        "ou python -m guichet.hosting db start (la base seule), ou donnez une base avec DATABASE_URL."
    )
