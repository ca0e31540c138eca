"""The data folder of an installation (`GUICHET_HOME`) and what lies at its root."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path

from guichet.hosting.refusal import Refusal

CHECKOUT = Path(__file__).resolve().parents[2]


def home_from(environment: Mapping[str, str]) -> Path:
    """Return the absolute data folder: `GUICHET_HOME`, or `data` in the checkout."""
    chosen = environment.get("GUICHET_HOME", "").strip()
    return Path(chosen).expanduser().absolute() if chosen else CHECKOUT / "data"


def open_home(home: Path) -> Path:
    """Make the data folder if it is missing, check that it can be written; raise `Refusal` otherwise.

    A folder that exists keeps its rights. A new one is closed to others; run by root, it stays passable (0711) because
    the database runs as another account. What it holds is closed piece by piece.
    """
    try:
        if not home.exists():
            home.mkdir(parents=True)
            home.chmod(0o711 if os.geteuid() == 0 else 0o700)
        trial = home / f".ecriture-{os.getpid()}"
        trial.touch()
        trial.unlink()
    except OSError as error:
        raise Refusal(
            f"Le dossier de données « {home} » ne peut pas être écrit ({reason(error)}) : "
            "donnez-en un autre avec GUICHET_HOME=/chemin/du/dossier."
        ) from error
    return home


def reason(error: OSError) -> str:
    """Say an operating system error in French, for the cases people meet."""
    known: dict[type[OSError], str] = {
        PermissionError: "droits insuffisants",
        NotADirectoryError: "ce n’est pas un dossier",
        FileExistsError: "un fichier porte déjà ce nom",
        FileNotFoundError: "introuvable",
    }
    numbered = {28: "disque plein", 30: "disque en lecture seule"}
    return known.get(type(error)) or numbered.get(error.errno or 0) or (error.strerror or str(error))


def secret_key(home: Path) -> str:
    """Return the installation's secret key, drawn once and readable by its owner only."""
    path = home / "secret-key"
    with contextlib.suppress(FileNotFoundError):
        return path.read_text().strip()
    draft = home / f".secret-key-{os.getpid()}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(64) + "\n")
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        path.hardlink_to(draft)  # never over the key of a start made at the same time
    draft.unlink()
    return path.read_text().strip()


class Lock:
    """A lock of the kernel on a file: it disappears with its holder, however the holder dies."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor: int | None = None

    def try_take(self) -> bool:
        """Take the lock if nobody holds it."""
        if self.descriptor is not None:
            return True
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self.descriptor = descriptor
        return True

    def take(self, *, seconds: float) -> bool:
        """Take the lock, waiting up to `seconds` for its holder."""
        end = time.monotonic() + seconds
        while not self.try_take():
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True

    def is_held_elsewhere(self) -> bool:
        """Tell whether somebody else holds the lock now."""
        if self.descriptor is not None or not self.path.exists():
            return False
        if self.try_take():
            self.release()
            return False
        return True

    def write(self, text: str) -> None:
        """Leave a word to those who find the lock held (the number of the process)."""
        assert self.descriptor is not None
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, text.encode(), 0)

    def read(self) -> str:
        """Return the word left by the last holder, empty if there is none."""
        try:
            return self.path.read_text().strip()
        except OSError:
            return ""

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None
