"""The commands of guichet.hosting, run as people run them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from guichet.hosting.home import CHECKOUT

HOSTING = [sys.executable, "-m", "guichet.hosting"]


def call(environment: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [*HOSTING, *words]
    return subprocess.run(command, cwd=CHECKOUT, env=dict(environment), capture_output=True, text=True, check=False)


def db(home: Path, *words: str) -> str:
    """Run a `db` command that must succeed; return what it said."""
    done = call({**os.environ, "GUICHET_HOME": str(home)}, "db", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout
