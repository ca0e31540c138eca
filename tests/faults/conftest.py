"""A Guichet of real processes on a real server of its own, to be broken: database, door, worker, pages, SMTP."""

from __future__ import annotations

import os
import shutil
import signal
import smtplib
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from guichet.hosting.home import CHECKOUT
from guichet.hosting.postgres import Server
from tests.channels.mail_servers import Mailer, free_port, smtp_server

PATIENCE = 90.0  # how long a slow machine may take; nothing is asserted on time


def until(condition: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """Wait for `condition` to hold and return it."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"never came: {what}")


@dataclass
class World:
    home: Path
    server: Server
    environment: dict[str, str]
    smtp_port: int
    lmtp_port: int
    web_port: int
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    # -- processes ----------------------------------------------------------------------------------------------------

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        log = (self.home / f"{command[-1].strip('-')}.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, *command], cwd=CHECKOUT, env=self.environment, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
        log.close()
        self.running.append(process)
        return process

    def worker(self) -> subprocess.Popen[bytes]:
        return self.start("manage.py", "worker", "--sans-horloge")

    def door(self) -> subprocess.Popen[bytes]:
        process = self.start("manage.py", "lmtp")
        until(lambda: answers(self.lmtp_port), "the LMTP door")
        return process

    def pages(self) -> subprocess.Popen[bytes]:
        bind = f"127.0.0.1:{self.web_port}"
        process = self.start(
            "-m", "gunicorn", "guichet.wsgi:application", "--bind", bind, "--worker-class", "gthread", "--threads", "3"
        )
        until(lambda: self.healthy(), "the pages")
        return process

    def healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.web_port}/healthz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def kill(self, process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGKILL) -> None:
        """The process alone and what it started: no time to end anything."""
        if process.poll() is None:
            os.killpg(process.pid, how)
        process.wait(60)
        self.running.remove(process)

    # -- database -----------------------------------------------------------------------------------------------------

    def ask(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """From outside; waits for the database if it is away."""

        def rows() -> list[list[tuple[Any, ...]]] | None:
            try:
                with psycopg.connect(self.server.url, connect_timeout=5, autocommit=True) as connection:
                    cursor = connection.execute(query, values)
                    return [cursor.fetchall() if cursor.description else []]
            except psycopg.OperationalError:
                return None

        return list(until(rows, "the database")[0])

    def count(self, query: str, *values: Any) -> int:
        return int(self.ask(query, *values)[0][0])

    def cut_database(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Immediate shutdown, as a crash does: no connection is ended politely, recovery at the start.

        `meanwhile` is done while it is away.
        """
        pid = self.server.pid()
        assert pid is not None
        os.kill(pid, signal.SIGQUIT)
        if self.server._process is not None:
            self.server._process.wait(60)  # ours to bury, before the next one takes its place
        until(lambda: self.server.pid() is None, "the end of the database")
        meanwhile()
        self.server.start()

    # -- mail ---------------------------------------------------------------------------------------------------------

    def deliver(self, raw: bytes, *recipients: str) -> bool:
        """Hand a mail over as the Region's MTA does; whether 250 was said."""
        try:
            with smtplib.LMTP("127.0.0.1", self.lmtp_port) as door:
                refused = door.sendmail("x@courriel.example", recipients or ["jeunes@nouvelle-aquitaine.example"], raw)
                return not refused
        except (OSError, smtplib.SMTPException):
            return False

    def stop_everything(self) -> None:
        for process in list(self.running):
            self.kill(process)


def answers(port: int) -> bool:
    try:
        with smtplib.LMTP("127.0.0.1", port):
            return True
    except (OSError, smtplib.SMTPException):
        return False


@pytest.fixture(scope="session")
def place() -> Iterator[tuple[Path, Server]]:
    """A migrated database with a small Region, on a server that may be killed."""
    home = Path(tempfile.mkdtemp(prefix="guichet-test-", dir="/tmp"))
    home.chmod(0o711)
    server = Server(home)
    try:
        server.start()
        environment = environment_of(home, server)
        run = "from tests.factories import build_region; build_region()"
        for command in (["migrate", "-v0"], ["shell", "-c", run]):
            subprocess.run([sys.executable, "manage.py", *command], cwd=CHECKOUT, env=environment, check=True,
                           capture_output=True)  # fmt: skip
        yield home, server
    finally:
        server.erase()
        shutil.rmtree(home, ignore_errors=True)


def environment_of(home: Path, server: Server) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GUICHET_")}
    return {**kept, "DATABASE_URL": server.url, "GUICHET_HOME": str(home), "GUICHET_TEST": "1",
            "DJANGO_SETTINGS_MODULE": "guichet.settings", "GUICHET_LOG_LEVEL": "WARNING",
            "GUICHET_OUTBOX_LEASE_SECONDS": "3", "GUICHET_TRUSTED_PROXIES": "1"}  # fmt: skip


@pytest.fixture
def world(place: tuple[Path, Server]) -> Iterator[World]:
    home, server = place
    smtp, lmtp, web = free_port(), free_port(), free_port()
    environment = {
        **environment_of(home, server), "GUICHET_SMTP_HOST": "127.0.0.1", "GUICHET_SMTP_PORT": str(smtp),
        "GUICHET_SMTP_TLS": "none", "GUICHET_LMTP_PORT": str(lmtp), "GUICHET_PORT": str(web),
    }  # fmt: skip
    found = World(home, server, environment, smtp, lmtp, web)
    tables = "cases_inbounditem, cases_interaction, cases_case, outbox_parcel, journal_event, core_storedfile"
    found.ask(f"TRUNCATE {tables} CASCADE")
    try:
        yield found
    finally:
        found.stop_everything()


@pytest.fixture
def mailer(world: World) -> Iterator[Mailer]:
    with smtp_server(Mailer(port=world.smtp_port)) as running:
        yield running
