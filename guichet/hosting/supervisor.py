"""Prepare Guichet, start its processes, watch them and stop them in order. Linux and macOS."""

from __future__ import annotations

import contextlib
import http.client
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import psycopg

from guichet.hosting import CHECKOUT, Refusal, die_with_parent, home_folder, postgres, secret_key

QUICK_SECONDS = 10
QUICK_DEATHS = 5
LONGEST_DELAY = 30.0
READY_SECONDS = 180
STOP_SECONDS = 20


class Stopped(BaseException):
    """A signal asked to stop. Not an Exception: no cautious `except` may swallow it."""


@dataclass
class Program:
    """One long-lived process: its name on screen, its command, what its environment has more than ours."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    due: float = 0.0
    quick_deaths: int = 0
    unfinished_line: bytes = b""


class Supervisor:
    """Keep programs alive. `ready` is asked at each turn until it answers true, then `announce` speaks once."""

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        environment: Mapping[str, str],
        ready: Callable[[], bool],
        announce: Callable[[], None],
        every_turn: Callable[[], None] = lambda: None,
        first_delay: float = 1.0,
    ) -> None:
        self.programs = programs
        self.environment = environment
        self.ready = ready
        self.announce = announce
        self.every_turn = every_turn
        self.first_delay = first_delay
        self.selector = selectors.DefaultSelector()

    def run(self) -> None:
        """Watch until a signal raises Stopped, or Refusal when a program cannot live. Stops all in both cases."""
        limit = time.monotonic() + READY_SECONDS
        announced = False
        try:
            while True:
                for program in self.programs:
                    self._keep_alive(program)
                self._relay(0.25)
                self.every_turn()
                if not announced and self.ready():
                    announced = True
                    self.announce()
                if not announced and time.monotonic() > limit:
                    raise Refusal(f"Guichet ne répond pas après {READY_SECONDS} s : lisez les lignes ci-dessus.")
        finally:
            self._stop()

    def _keep_alive(self, program: Program) -> None:
        now = time.monotonic()
        if program.process is None:
            if now >= program.due:
                self._launch(program)
        elif (code := program.process.poll()) is not None:
            self._bury(program, code, now)

    def _launch(self, program: Program) -> None:
        program.started = time.monotonic()
        program.process = subprocess.Popen(
            program.command,
            cwd=CHECKOUT,
            env={**self.environment, **program.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # Its own group: Ctrl-C at the terminal reaches us alone, and we stop the programs in order.
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
        assert program.process.stdout is not None
        os.set_blocking(program.process.stdout.fileno(), False)
        self.selector.register(program.process.stdout, selectors.EVENT_READ, program)

    def _bury(self, program: Program, code: int, now: float) -> None:
        self._close(program)
        program.quick_deaths = program.quick_deaths + 1 if now - program.started < QUICK_SECONDS else 0
        if program.quick_deaths >= QUICK_DEATHS:
            raise Refusal(
                f"« {program.name} » s'arrête dès qu'on le lance ({QUICK_DEATHS} fois, code {code}) : "
                "Guichet s'arrête ; la cause est dans les lignes ci-dessus."
            )
        delay = min(self.first_delay * 2**program.quick_deaths, LONGEST_DELAY)
        program.due = now + delay
        say(f"« {program.name} » s'est arrêté (code {code}) ; nouveau départ dans {delay:.0f} s.")

    def _close(self, program: Program) -> None:
        """Read what is left, end what the program left behind, and forget it."""
        process = program.process
        if process is None or process.stdout is None:
            return
        kill_group(process, signal.SIGKILL)
        self._read(program)
        if program.unfinished_line:
            say(f"[{program.name}] {program.unfinished_line.decode('utf-8', 'replace')}")
        program.unfinished_line = b""
        with contextlib.suppress(KeyError):
            self.selector.unregister(process.stdout)
        process.stdout.close()
        program.process = None

    def _relay(self, seconds: float) -> None:
        if not self.selector.get_map():
            time.sleep(seconds)
            return
        for key, _ in self.selector.select(seconds):
            if not self._read(key.data):
                self.selector.unregister(key.fileobj)

    def _read(self, program: Program) -> bool:
        """Print the whole lines that came; False at the end of the output."""
        assert program.process is not None and program.process.stdout is not None
        while True:
            try:
                piece = os.read(program.process.stdout.fileno(), 65536)
            except BlockingIOError:
                return True
            if not piece:
                return False
            *lines, program.unfinished_line = (program.unfinished_line + piece).split(b"\n")
            for line in lines:
                say(f"[{program.name}] {line.decode('utf-8', 'replace')}")

    def _stop(self) -> None:
        living = [program for program in self.programs if program.process is not None]
        for program in living:
            if program.process is not None and program.process.poll() is None:
                program.process.terminate()
        limit = time.monotonic() + STOP_SECONDS
        while any(p.process is not None and p.process.poll() is None for p in living):
            if time.monotonic() > limit:
                break
            self._relay(0.1)
        for program in living:
            if program.process is not None:
                kill_group(program.process, signal.SIGKILL)
                program.process.wait()
            self._close(program)


def kill_group(process: subprocess.Popen[bytes], sign: signal.Signals) -> None:
    """Send a signal to a program and to those it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, sign)


def say(line: str) -> None:
    print(line, flush=True)


# -- before anything starts -----------------------------------------------------------------------------------------


def port_number(variable: str, default: int) -> int:
    """Read a free local port from the environment; Refusal when it is no port, or taken."""
    text = os.environ.get(variable) or str(default)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise Refusal(f"{variable} doit être un numéro de port entre 1 et 65535, et non « {text} ».")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(text)))
        except PermissionError as error:
            raise Refusal(f"Le port {text} est réservé par le système : donnez-en un autre dans {variable}.") from error
        except OSError as error:
            raise Refusal(f"Le port {text} est déjà pris : donnez-en un autre dans {variable}.") from error
    return int(text)


def check_given_database(address: str) -> None:
    """Connect once to the database that the environment gives. Its password is never shown."""
    try:
        with psycopg.connect(address, connect_timeout=10):
            return
    except psycopg.OperationalError as error:
        raise Refusal(
            "La base donnée par DATABASE_URL est injoignable : vérifiez que le serveur tourne, "
            "que l'adresse est juste et que le compte y a accès."
        ) from error
    except psycopg.Error as error:
        raise Refusal("DATABASE_URL n'est pas une adresse postgresql:// valable.") from error


@contextlib.contextmanager
def step(title: str) -> Iterator[None]:
    """Say what is being done, then how long it took."""
    began = time.monotonic()
    print(f"{title}… ", end="", flush=True)
    try:
        yield
    except BaseException:
        print(flush=True)
        raise
    say(f"fait ({time.monotonic() - began:.1f} s)")


def manage(environment: Mapping[str, str], *words: str) -> str:
    """Run one of Django's commands to its end and return what it said; Refusal with its last line when it fails."""
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=CHECKOUT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=die_with_parent(signal.SIGTERM),
        check=False,
    )
    told = done.stdout.decode("utf-8", "replace").strip()
    if done.returncode:
        last = told.splitlines()[-1] if told else f"code {done.returncode}"
        raise Refusal(f"« manage.py {' '.join(words)} » a échoué : {last}")
    return told


# -- the whole ------------------------------------------------------------------------------------------------------


def programs_of_guichet(port: int) -> list[Program]:
    """Return the three programs: pages, background tasks, incoming mail."""
    python = sys.executable
    gunicorn = ["gunicorn", "guichet.wsgi:application", "-k", "gthread", "-w", "2", "--threads", "8"]
    return [
        Program("web", [python, "-m", *gunicorn, "-b", f"127.0.0.1:{port}"], {"GUICHET_DB_POOL": "8"}),
        Program("tâches", [python, "manage.py", "worker"]),
        Program("courrier", [python, "manage.py", "lmtp"]),
    ]


def healthy(port: int) -> bool:
    """Tell whether the pages answer. Asked directly: a proxy of the environment has no say here."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def stop_on_signal(number: int, frame: FrameType | None) -> None:
    # Once is enough: a second Ctrl-C must not cut the orderly stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Stopped


class Database:
    """The database of this run: the one given, or the embedded one, which we stop only if we started it."""

    def __init__(self) -> None:
        self.cluster: postgres.Cluster | None = None
        self.process: subprocess.Popen[bytes] | None = None

    def open(self, home: Path) -> str:
        if address := os.environ.get("DATABASE_URL"):
            check_given_database(address)
            return address
        self.cluster = postgres.Cluster(home)
        self.process = self.cluster.start(attached=True)
        return self.cluster.url

    def keep_alive(self) -> None:
        if self.cluster and self.process and self.process.poll() is not None:
            say(f"La base s'est arrêtée (code {self.process.returncode}) ; nouveau départ.")
            self.process = self.cluster.start(attached=True)

    def close(self) -> None:
        if self.cluster and self.process:
            self.cluster.stop()
            self.process.wait()


def main() -> int:
    """Run Guichet until a signal; return 0. Refusal when it cannot start or cannot stay up."""
    home = home_folder()
    port = port_number("GUICHET_PORT", 8000)
    lmtp_port = port_number("GUICHET_LMTP_PORT", 8024)
    signal.signal(signal.SIGINT, stop_on_signal)
    signal.signal(signal.SIGTERM, stop_on_signal)
    database = Database()
    try:
        with step("Base de données"):
            address = database.open(home)
        environment = {
            **os.environ,
            "DATABASE_URL": address,
            "GUICHET_HOME": str(home),
            "GUICHET_PORT": str(port),
            "GUICHET_LMTP_PORT": str(lmtp_port),
            "GUICHET_SECRET_KEY": os.environ.get("GUICHET_SECRET_KEY") or secret_key(home),
            "PYTHONUNBUFFERED": "1",
        }
        _prepare(environment)
        Supervisor(
            programs_of_guichet(port),
            environment=environment,
            ready=lambda: healthy(port),
            announce=lambda: _announce(port, environment),
            every_turn=database.keep_alive,
        ).run()
    except Stopped:
        say("Guichet s'arrête.")
    finally:
        database.close()
    return 0


def _prepare(environment: Mapping[str, str]) -> None:
    with step("Mise à jour des tables"):
        manage(environment, "migrate", "--noinput")
    with step("Feuilles de style et scripts"):
        manage(environment, "collectstatic", "--noinput")
    with step("Jeu de démonstration"):
        manage(environment, "demo", "--once")


def _announce(port: int, environment: Mapping[str, str]) -> None:
    say(f"Guichet est prêt : http://127.0.0.1:{port}")
    say(manage(environment, "demo", "--accounts"))
