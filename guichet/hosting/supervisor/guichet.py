"""`make run`: prepare Guichet, start its processes, say when it is ready, watch, stop in order."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from guichet.hosting import database
from guichet.hosting.home import CHECKOUT, Lock, home_from, open_home, secret_key
from guichet.hosting.postgres import Server
from guichet.hosting.refusal import Refusal
from guichet.hosting.supervisor import checks
from guichet.hosting.supervisor.child import Program
from guichet.hosting.supervisor.group import Group, Signals, Stopped, exit_quietly_from_closed_output
from guichet.hosting.system import bind_to_parent, waits_in_a_signal

READY_SECONDS = 180.0
WEB_PROCESSES, WEB_THREADS = 2, 6
USES = {
    "GUICHET_PORT": "site",
    "GUICHET_LMTP_PORT": "réception du courrier",
    "GUICHET_LIVE_PORT": "mises à jour en direct",
}


class Screen:
    """What the person at the keyboard reads: a line for each step, with the time since the start."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    def line(self, text: str) -> None:
        """Print a line at once; when nobody reads any more, go on in silence."""
        try:
            print(text, flush=True)
        except (BrokenPipeError, OSError):
            exit_quietly_from_closed_output()

    def step(self, text: str) -> None:
        """Print a step and the seconds elapsed."""
        elapsed = f"{time.monotonic() - self.began:.1f}".replace(".", ",")
        self.line(f"[{elapsed:>5} s] {text}")


class Base:
    """The database of this run: the one given, or the embedded one."""

    def __init__(self, environment: Mapping[str, str], home: Path, say: Callable[[str], None]) -> None:
        self.given = environment.get("DATABASE_URL", "").strip()
        self.home = home
        self.say = say
        self.server: Server | None = None

    def open(self) -> str:
        """Return the address of a database that answers; raise `Refusal` when there is none."""
        if self.given:
            database.check(self.given)
            return self.given
        self.server = Server(self.home, say=self.say)
        self.server.start()
        return self.server.url

    def keep_alive(self) -> None:
        """Start the embedded server again if it died under us, whoever had started it."""
        if self.server is not None and self.server.pid() is None:
            self.say("PostgreSQL s’est arrêté : nouveau départ…")
            self.server.start()
            self.say("PostgreSQL répond de nouveau.")

    def is_reachable(self) -> bool:
        """Tell whether programs that need the database may start."""
        return self.server.answers() if self.server is not None else database.is_reachable(self.given)

    def close(self) -> None:
        """Stop the embedded server if it is ours."""
        if self.server is not None:
            self.server.close()


def run(environment: dict[str, str], *, with_parent: bool) -> int:
    """Run Guichet until it is asked to stop; return 0. Raise `Refusal` when it cannot start or stay up."""
    parent = os.getppid()
    if with_parent:
        bind_to_parent(signal.SIGTERM, parent=parent)
    os.umask(0o077)  # files hold what citizens wrote
    screen = Screen()
    signals = Signals()
    home = open_home(home_from(environment))
    turn = Lock(home / ".guichet-run.lock")
    if not turn.try_take():
        raise Refusal(
            f"Guichet tourne déjà sur « {home} » (processus {turn.read() or 'inconnu'}) : arrêtez-le d’abord."
        )
    cut = bool(turn.read())  # the last run left its number: it was killed, its programs may be ending still
    turn.write(str(os.getpid()))
    base = Base(environment, home, screen.step)
    try:
        _run(
            environment, home, screen, signals, base, patience=10.0 if cut else 0.0, maker=parent if with_parent else 0
        )
    except Stopped:
        screen.step("Arrêt demandé.")
    finally:
        signals.interrupting = False
        base.close()
        turn.write("")
        turn.release()
    screen.step("Guichet est arrêté.")
    return 0


def _run(
    environment: Mapping[str, str],
    home: Path,
    screen: Screen,
    signals: Signals,
    base: Base,
    *,
    patience: float,
    maker: int,
) -> None:
    ports = _ports(environment)
    checks.check_ports(ports, uses=USES, patience=patience)
    screen.step(f"Dossier de données : {home}")
    address = base.open()
    screen.step("Base de données prête.")
    settings = {
        **environment,
        **{variable: str(port) for variable, port in ports.items()},
        "GUICHET_HOME": str(home),
        "DATABASE_URL": address,
        "GUICHET_SECRET_KEY": environment.get("GUICHET_SECRET_KEY") or secret_key(home),
        "PYTHONUNBUFFERED": "1",
    }
    _prepare(settings, home, screen)
    _watch(settings, home, screen, signals, base, ports, maker=maker)


def _ports(environment: Mapping[str, str]) -> dict[str, int]:
    ports = {
        "GUICHET_PORT": checks.port_from(environment, "GUICHET_PORT", 8000, use="du site"),
        "GUICHET_LMTP_PORT": checks.port_from(environment, "GUICHET_LMTP_PORT", 8024, use="du courrier"),
    }
    if _has_live():
        ports["GUICHET_LIVE_PORT"] = checks.port_from(environment, "GUICHET_LIVE_PORT", 8001, use="du direct")
    return ports


def _has_live() -> bool:
    return importlib.util.find_spec("guichet.live") is not None


# -- preparation ------------------------------------------------------------------------------------------------------


def _prepare(settings: Mapping[str, str], home: Path, screen: Screen) -> None:
    screen.step("Mise à jour des tables…")
    manage(settings, "migrate", "--noinput")
    stamp, signature = home / ".static-empreinte", checks.static_signature()
    if not (home / "static").is_dir() or not stamp.exists() or stamp.read_text() != signature:
        screen.step("Préparation des feuilles de style et des images…")
        manage(settings, "collectstatic", "--noinput")
        stamp.write_text(signature)
    screen.step("Région de démonstration (chargée une seule fois)…")
    manage(settings, "demo", "--once")


def start_manage(settings: Mapping[str, str], *words: str) -> subprocess.Popen[str]:
    """Start one of Django's commands, apart from the terminal's Ctrl-C."""
    return subprocess.Popen(
        [sys.executable, "manage.py", *words],
        cwd=CHECKOUT,
        env=settings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )


def manage(settings: Mapping[str, str], *words: str) -> str:
    """Run one of Django's commands to its end and return what it said; raise `Refusal` when it fails."""
    process = start_manage(settings, *words)
    try:
        told = process.communicate()[0].strip()
    except BaseException:
        end_now(process)
        raise
    if process.returncode:
        print(told, file=sys.stderr)
        last = told.splitlines()[-1] if told else f"code {process.returncode}"
        raise Refusal(f"La commande « manage.py {' '.join(words)} » a échoué : {last}")
    return told


def end_now(process: subprocess.Popen[str]) -> None:
    """End a command that is no longer wanted; what it did not commit is undone by the database."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


# -- the processes ----------------------------------------------------------------------------------------------------


def programs(ports: Mapping[str, int], environment: Mapping[str, str]) -> list[Program]:
    """Return the programs in the order they are stopped: what brings work first, the worker last."""
    python = sys.executable
    pages = [
        *(python, "-m", "gunicorn", "guichet.wsgi:application", "--bind", f"{checks.LOCAL}:{ports['GUICHET_PORT']}"),
        *("--worker-class", "gthread", "--workers", str(WEB_PROCESSES), "--threads", str(WEB_THREADS)),
        *("--timeout", "60", "--graceful-timeout", "10", "--log-level", "warning", "--no-control-socket"),
    ]
    if Path("/dev/shm").is_dir():  # noqa: S108 - a heartbeat on a slow disk would have workers killed
        pages += ["--worker-tmp-dir", "/dev/shm"]  # noqa: S108
    pool = {"GUICHET_DB_POOL": environment.get("GUICHET_DB_POOL") or str(WEB_THREADS)}
    chosen = [Program("web", pages, pool, stop_seconds=15.0)]
    if "GUICHET_LIVE_PORT" in ports:
        chosen.append(Program("live", [python, "-m", "guichet.live"], stop_seconds=6.0, essential=False))
    chosen.append(Program("lmtp", [python, "manage.py", "lmtp"], stop_seconds=15.0))
    chosen.append(Program("worker", [python, "manage.py", "worker"], stop_seconds=60.0))
    return chosen


def _watch(
    settings: Mapping[str, str],
    home: Path,
    screen: Screen,
    signals: Signals,
    base: Base,
    ports: Mapping[str, int],
    *,
    maker: int,
) -> None:
    screen.step("Démarrage du site, du courrier et des tâches…")
    signals.interrupting = False
    group = Group(
        programs(ports, settings),
        environment=settings,
        folder=CHECKOUT,
        say=screen.line,
        signals=signals,
        may_restart=base.is_reachable,
    )
    accounts = start_manage(settings, "demo", "--accounts")
    ready = False
    end = time.monotonic() + READY_SECONDS
    looked_at = time.monotonic()
    try:
        while not signals.count:
            group.turn(0.2 if not ready else 1.0)
            if time.monotonic() - looked_at > 1.0:
                looked_at = time.monotonic()
                base.keep_alive()
                if maker and waits_in_a_signal(maker, signal.SIGINT):
                    signals.request()  # make alone was told to stop, and only waits for us
            if not ready and checks.pages_answer(ports["GUICHET_PORT"]):
                ready = checks.mail_door_answers(ports["GUICHET_LMTP_PORT"]) and _live_settled(ports, group)
                if ready:
                    announce(settings, home, screen, accounts.communicate()[0])
            if not ready and time.monotonic() > end:
                raise Refusal(f"Guichet ne répond pas après {READY_SECONDS:.0f} s : voir les lignes ci-dessus.")
        screen.step("Arrêt demandé : le travail en cours se termine (Ctrl-C de nouveau pour forcer)…")
    finally:
        if accounts.poll() is None:
            end_now(accounts)
        group.stop()


def _live_settled(ports: Mapping[str, int], group: Group) -> bool:
    """Tell whether live updates answer, or were given up: Guichet is ready without them."""
    given_up = any(child.program.name == "live" and child.given_up for child in group.children)
    port = ports.get("GUICHET_LIVE_PORT")
    return port is None or given_up or checks.live_answers(port)


def announce(settings: Mapping[str, str], home: Path, screen: Screen, accounts: str) -> None:
    """Say where Guichet is, who can log in, where the demo's mail goes."""
    screen.line(f"Guichet est prêt : http://{checks.LOCAL}:{settings['GUICHET_PORT']}")
    for line in accounts.strip().splitlines():
        screen.line(line)
    if settings.get("GUICHET_SMTP_HOST"):
        screen.line(f"Courriels sortants : remis au serveur {settings['GUICHET_SMTP_HOST']}.")
    else:
        screen.line(f"Courriels sortants : rien ne part, ils sont écrits dans {home / 'courriels-sortants'}")
    screen.line("Ctrl-C pour arrêter.")
