"""Run Guichet on one machine: its database when nobody gives one, and its processes. Never imports Django."""

from __future__ import annotations

import ctypes
import os
import secrets
import signal
import sys
from collections.abc import Callable
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PR_SET_PDEATHSIG = 1
# Loaded before any fork: loading a library between fork and exec may deadlock.
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class Refusal(Exception):
    """What Guichet cannot do, as one French sentence for the person at the terminal."""


def home_folder() -> Path:
    """Return GUICHET_HOME (absolute), by default `data` in the checkout; made when absent, Refusal when unwritable."""
    home = Path(os.environ.get("GUICHET_HOME") or CHECKOUT / "data").expanduser().resolve()
    try:
        if not home.exists():
            home.mkdir(parents=True)
            # Not listable by others; passable when root hands the cluster to an unprivileged user.
            home.chmod(0o711 if os.geteuid() == 0 else 0o700)
        probe = home / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise Refusal(
            f"Guichet ne peut pas écrire dans le dossier {home} ({error.strerror}) : "
            "donnez-en un autre dans GUICHET_HOME."
        ) from error
    return home


def secret_key(home: Path) -> str:
    """Return the key kept in GUICHET_HOME/secret-key, made once (0600)."""
    path = home / "secret-key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_text("ascii").strip()
        if not key:
            raise Refusal(f"Le fichier {path} est vide : remettez la clé sauvegardée, ou supprimez-le.") from None
        return key
    key = secrets.token_urlsafe(50)
    with os.fdopen(descriptor, "w") as file:
        file.write(key + "\n")
    return key


def die_with_parent(sign: signal.Signals) -> Callable[[], None]:
    """Return a `preexec_fn`: the child gets this signal when its parent dies, even by kill -9 (Linux only)."""
    parent = os.getpid()

    def arrange() -> None:
        if LIBC is not None:
            LIBC.prctl(PR_SET_PDEATHSIG, int(sign), 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return arrange
