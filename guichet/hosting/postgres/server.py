"""The life of the embedded server: started, taken over, probed by a real connection, stopped by its owner."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg import sql

from guichet.hosting.home import Lock, open_home
from guichet.hosting.postgres import binaries as programs
from guichet.hosting.postgres import cluster as clusters
from guichet.hosting.postgres.cluster import Cluster
from guichet.hosting.refusal import Refusal
from guichet.hosting.system import ends_with_parent, is_alive, processes_in, works_in

START_SECONDS = 600.0  # a recovery after a crash replays up to a few GB of journal: 2.3 GB took 10 s when measured
STOP_SECONDS = 60.0
Say = Callable[[str], None]


def _mute(_: str) -> None:
    return None


class Server:
    """The embedded PostgreSQL of a data folder.

    Three locks of the kernel, gone with their holders however these die: `starting` while somebody starts or stops the
    server, `owner` while the process that will stop it lives, `running` held by the server's own processes (they
    inherit it), which tells the truth where a pid in a file cannot.
    """

    def __init__(
        self, home: Path, *, fallback: Path = programs.FALLBACK, say: Say = _mute, throwaway: bool = False
    ) -> None:
        self.home = open_home(home)
        self.throwaway = throwaway  # the data end with the command: nothing is forced to the disk
        self.cluster: Cluster = clusters.open_cluster(home, fallback=fallback)
        self.fallback = fallback
        self.say = say
        self._starting = Lock(home / ".postgres-starting.lock")
        self._owner = Lock(home / ".postgres-owner.lock")
        self._running = Lock(home / ".postgres-running.lock")
        self._kept = home / ".postgres-kept"
        self._process: subprocess.Popen[bytes] | None = None

    # -- questions ---------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The value of DATABASE_URL for this server."""
        return self.cluster.url

    @property
    def is_owned(self) -> bool:
        """Tell whether this object must stop the server."""
        return self._owner.descriptor is not None

    def pid(self) -> int | None:
        """Return the number of the postmaster of this very data folder, `None` when there is none alive.

        The number in postmaster.pid may be, after a crash or a reboot, that of any other process: the working folder
        of the process decides.
        """
        pid = self._written_pid()
        if pid is None or not is_alive(pid) or not works_in(pid, self.cluster.data):
            return None
        return pid

    def answers(self) -> bool:
        """Tell whether a real connection to the server succeeds and finds our data folder."""
        try:
            with psycopg.connect(self.cluster.admin_url, connect_timeout=5, autocommit=True) as connection:
                row = connection.execute("SHOW data_directory").fetchone()
        except psycopg.OperationalError:
            return False
        return row is not None and Path(str(row[0])).resolve() == self.cluster.data

    # -- verbs -------------------------------------------------------------------------------------------------------

    def start(self, *, keep: bool = False) -> bool:
        """Make the server answer; return whether this call started it.

        A server left by an owner that was killed is taken over. With `keep`, nobody owns it: it outlives this process
        until `stop`. Raise `Refusal`.
        """
        if not self._starting.take(seconds=START_SECONDS):
            raise Refusal(f"PostgreSQL est déjà en cours de démarrage dans « {self.home} » : attendez qu’il ait fini.")
        try:
            if self._wait_for_running():
                started = False
            else:
                self._launch_or_undo(keep=keep)
                started = True
            self._settle_ownership(keep=keep)
            self._ensure_database()
        finally:
            self._starting.release()
        return started

    def stop(self) -> bool:
        """Stop the server, whoever started it; return whether there was one."""
        if not self._starting.take(seconds=START_SECONDS):
            raise Refusal(f"PostgreSQL est en cours de démarrage dans « {self.home} » : attendez qu’il ait fini.")
        try:
            self._kept.unlink(missing_ok=True)
            pid = self.pid()
            if pid is not None:
                self._end(pid)
            return pid is not None
        finally:
            self._owner.release()
            self._starting.release()

    def close(self) -> None:
        """Stop the server if it is ours to stop."""
        if self.is_owned:
            self.stop()

    def erase(self) -> None:
        """Stop the server and delete its data, wherever they lie."""
        self.stop()
        shutil.rmtree(self.cluster.folder, ignore_errors=True)
        if self.cluster.sockets.parent != self.cluster.folder:
            shutil.rmtree(self.cluster.sockets, ignore_errors=True)

    # -- start -------------------------------------------------------------------------------------------------------

    def _wait_for_running(self) -> bool:
        """Wait until a server found alive answers; return `False` when there is none (or no longer)."""
        end = time.monotonic() + START_SECONDS
        warned = False
        while (pid := self.pid()) is not None:
            if self.answers():
                return True
            if not warned:
                self.say("PostgreSQL tourne mais ne répond pas encore (reprise ou arrêt en cours)…")
                warned = True
            if time.monotonic() > end:
                raise Refusal(f"PostgreSQL (processus {pid}) ne répond pas : voir {self.cluster.log}.")
            time.sleep(0.1)
        self._wait_for_orphans()
        self._drop_foreign_pid()
        return False

    def _wait_for_orphans(self) -> None:
        """Wait for processes that outlive a killed postmaster: a new server beside them would harm the data."""
        end = time.monotonic() + STOP_SECONDS
        told = False
        while (orphans := processes_in(self.cluster.data)) or self._running.is_held_elsewhere():
            if not told:
                for orphan in orphans:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(orphan, signal.SIGTERM)
                told = True
            if time.monotonic() > end:
                numbers = ", ".join(map(str, orphans)) or "inconnus"
                raise Refusal(
                    f"Des processus d’un PostgreSQL arrêté brutalement utilisent encore « {self.cluster.data} » "
                    f"(numéros : {numbers}) : arrêtez-les, puis recommencez."
                )
            time.sleep(0.05)

    def _drop_foreign_pid(self) -> None:
        """Remove a postmaster.pid that names a living stranger: the server would believe it and refuse to start.

        One that names a dead process is left to PostgreSQL, which also checks its shared memory.
        """
        pid = self._written_pid()
        stranger = pid is not None and Path(f"/proc/{pid}").exists()
        for path in (self.cluster.data / "postmaster.pid", self.cluster.sockets / f"{clusters.SOCKET_NAME}.lock"):
            if stranger:
                path.unlink(missing_ok=True)

    def _launch_or_undo(self, *, keep: bool) -> None:
        try:
            self._launch(keep=keep)
        except BaseException:  # Ctrl-C included: no server is left that nobody owns
            if self._process is not None and self._process.poll() is None:
                self._end(self._process.pid)
            raise

    def _launch(self, *, keep: bool) -> None:
        binaries = programs.choose(self.cluster.pinned(), data=self.cluster.data)
        binaries = programs.reachable_by(self.cluster.account, binaries, fallback=self.fallback)
        if self.cluster.pinned() is None:
            self.say(f"Création de la base (PostgreSQL {binaries.major})…")
            clusters.initialise(self.cluster, binaries)
        clusters.write_access_rules(self.cluster)
        clusters.rotate_log(self.cluster)
        if not self._running.try_take():
            raise Refusal(f"« {self.home} » est utilisé par un PostgreSQL lancé ailleurs (un autre conteneur ?).")
        assert self._running.descriptor is not None
        log = os.open(self.cluster.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        log_from = os.fstat(log).st_size
        try:
            self._process = subprocess.Popen(
                clusters.server_command(self.cluster, binaries, throwaway=self.throwaway),
                cwd=self.cluster.folder,
                env=clusters.server_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                umask=0o077,
                pass_fds=[self._running.descriptor],
                # SIGINT: a fast, clean stop when the owner is killed without being able to say anything.
                preexec_fn=None if keep else ends_with_parent(signal.SIGINT),
                **self.cluster.account.popen(),
            )
        finally:
            os.close(log)
            self._running.release()  # the server's processes hold it from now on
        self._wait_for_answer(self._process, log_from)

    def _wait_for_answer(self, process: subprocess.Popen[bytes], log_from: int) -> None:
        begin = time.monotonic()
        warned = False
        while not (self.cluster.sockets / clusters.SOCKET_NAME).exists() or not self.answers():
            if process.poll() is not None:
                raise Refusal(f"PostgreSQL n’a pas démarré : {self._last_words(log_from)} (voir {self.cluster.log})")
            waited = time.monotonic() - begin
            if waited > 5 and not warned:
                self.say("PostgreSQL reprend après un arrêt brutal : cela peut durer quelques minutes…")
                warned = True
            if waited > START_SECONDS:
                process.send_signal(signal.SIGINT)
                raise Refusal(f"PostgreSQL n’a pas répondu en {START_SECONDS:.0f} s : voir {self.cluster.log}.")
            time.sleep(0.03)

    def _last_words(self, log_from: int) -> str:
        with self.cluster.log.open("rb") as file:
            file.seek(log_from)
            lines = file.read().decode(errors="replace").splitlines()
        for line in lines:
            if "FATAL" in line or "PANIC" in line:
                return line.partition(":  ")[2] or line
        return lines[-1] if lines else "sans explication"

    def _settle_ownership(self, *, keep: bool) -> None:
        if keep:
            self._kept.touch()
        elif not self._kept.exists():
            self._owner.try_take()  # fails when another living process owns the server: it will stop it

    def _ensure_database(self) -> None:
        """Make the application's role and database: not a superuser, but able to make the databases of the tests."""
        with psycopg.connect(self.cluster.admin_url, connect_timeout=30, autocommit=True) as connection:
            role, database = sql.Identifier(clusters.ROLE), sql.Identifier(clusters.DATABASE)
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [clusters.ROLE]).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(role))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [clusters.DATABASE]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))

    # -- stop --------------------------------------------------------------------------------------------------------

    def _end(self, pid: int) -> None:
        for how, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 20.0), (signal.SIGKILL, 10.0)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
            if self._wait_for_end(pid, seconds):
                return
        raise Refusal(f"PostgreSQL (processus {pid}) ne s’arrête pas : voir {self.cluster.log}.")

    def _wait_for_end(self, pid: int, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self._process is not None and self._process.pid == pid:
                self._process.poll()  # buries our own child
            if not is_alive(pid) and not self._running.is_held_elsewhere():
                return True
            time.sleep(0.02)
        return False

    def _written_pid(self) -> int | None:
        try:
            return int((self.cluster.data / "postmaster.pid").read_text().splitlines()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return None
