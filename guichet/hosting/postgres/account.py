"""Which account of the system runs the server: never root, and never with wider rights on the folders around."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guichet.hosting.refusal import Refusal

# An account of its own: under the one of a system PostgreSQL (or `nobody`), other services could enter the folders.
OWN_ACCOUNT = "guichet-postgres"


@dataclass(frozen=True)
class Account:
    """An account of the system, and whether it is another one than ours."""

    name: str
    uid: int
    gid: int

    @property
    def is_other(self) -> bool:
        """Tell whether a process must change account to run as this one."""
        return self.uid != os.geteuid()

    def popen(self) -> dict[str, Any]:
        """Return the arguments of `subprocess` that make a child run as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.is_other else {}

    def can(self, test: str, path: Path) -> bool:
        """Ask the kernel, as this account, whether `path` passes `test` (`-x`, `-r`, `-d`)."""
        try:
            asked = subprocess.run(["/usr/bin/test", test, str(path)], check=False, cwd="/", **self.popen())
        except (OSError, subprocess.SubprocessError) as error:
            raise Refusal(
                f"PostgreSQL refuse d’être lancé par root et ce système ne permet pas de devenir « {self.name} » : "
                "lancez Guichet depuis un compte ordinaire, ou donnez une base avec DATABASE_URL."
            ) from error
        return asked.returncode == 0

    def make_folder(self, path: Path) -> Path:
        """Make `path` for this account alone (0700); refuse a link or a folder of somebody else in its place."""
        try:
            path.mkdir(mode=0o700)
            os.chown(path, self.uid, self.gid, follow_symlinks=False)
        except FileExistsError:
            pass
        found = path.lstat()
        if path.is_symlink() or not path.is_dir() or found.st_uid != self.uid:
            raise Refusal(f"« {path} » n’est pas un dossier du compte « {self.name} » : déplacez-le, puis recommencez.")
        if found.st_mode & 0o777 != 0o700:
            path.chmod(0o700)
        return path


def account_for(folder: Path) -> Account:
    """Return who runs the server of `folder`: ourselves or, for root, the owner of the data or a made account."""
    if os.geteuid() != 0:
        ours = _known(os.geteuid())
        if ours is None:
            raise Refusal(
                f"Le compte numéro {os.geteuid()} n’a pas de nom sur cette machine et PostgreSQL l’exige : "
                "lancez Guichet depuis un compte ordinaire, ou donnez une base avec DATABASE_URL."
            )
        return ours
    if folder.exists() and (owner := folder.stat().st_uid) != 0:
        known = _known(owner)
        if known is None:
            raise Refusal(
                f"Les données de la base sont au compte numéro {owner}, inconnu sur cette machine. "
                f"Tapez : chown -R {_own_account().name}: {folder}"
            )
        return known
    return _own_account()


def _known(uid: int) -> Account | None:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _own_account() -> Account:
    for name in (OWN_ACCOUNT, "postgres"):
        if name == OWN_ACCOUNT:
            _create_own_account()
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise Refusal(
        "PostgreSQL ne doit pas être lancé par root et son compte n’a pas pu être créé. "
        f"Tapez : useradd --system --user-group --shell /usr/sbin/nologin {OWN_ACCOUNT}"
    )


def _create_own_account() -> None:
    try:
        pwd.getpwnam(OWN_ACCOUNT)
    except KeyError:
        useradd = shutil.which("useradd") or "/usr/sbin/useradd"
        options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
        try:
            subprocess.run(
                [useradd, *options, "--shell", "/usr/sbin/nologin", OWN_ACCOUNT],
                check=False,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        except OSError:
            return  # the caller falls back on `postgres` or says what to type
