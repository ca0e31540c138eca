"""The real Guichet on this machine: pages and worker as `make run` starts them, on databases of their own.

The process of the tests never opens them: a browser is driven from inside an event loop, and a journey must not find
in the memory of its own process what it should see on the screen.
"""

from __future__ import annotations

import contextlib
import email
import email.policy
import os
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from guichet.hosting.home import CHECKOUT

SECONDS = 60.0
T = TypeVar("T")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def eventually(look: Callable[[], T | None], what: str, *, seconds: float = SECONDS) -> T:
    """What `look` finds, asked again until it finds something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if (found := look()) is not None:
            return found
        time.sleep(0.1)
    raise AssertionError(f"never came: {what}")


@dataclass
class Site:
    home: Path
    database: str  # its address
    port: int = field(default_factory=free_port)
    live_port: int = field(default_factory=free_port)
    host_port: int = field(default_factory=free_port)  # another site of the Region, that embeds the form
    more: dict[str, str] = field(default_factory=dict)  # settings of this journey

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def other_site(self) -> str:
        """Another host name, not only another port: the browser treats its frames as foreign."""
        return f"http://localhost:{self.host_port}"

    def environment(self) -> dict[str, str]:
        given = {name: value for name, value in os.environ.items() if name != "GUICHET_TEST"}
        return {
            **given,
            "DATABASE_URL": self.database,
            "GUICHET_HOME": str(self.home),
            "GUICHET_SECRET_KEY": "only-for-the-journeys-" + "x" * 40,
            "DJANGO_SETTINGS_MODULE": "guichet.settings",
            "GUICHET_PORT": str(self.port),
            "GUICHET_LIVE_PORT": str(self.live_port),
            "GUICHET_EMBED_ORIGINS": self.other_site,
            "GUICHET_LOG_LEVEL": "WARNING",
            **self.more,
        }

    def mails(self) -> list[EmailMessage]:
        """What left, oldest first."""
        found = []
        for path in sorted(
            (self.home / "courriels-sortants" / "new").glob("*.eml"), key=lambda p: p.stat().st_mtime_ns
        ):
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            assert isinstance(mail, EmailMessage)
            found.append(mail)
        return found

    def mail(self, to: str, words: str) -> EmailMessage:
        """The last mail to that address with these words in its subject or text, waited for."""

        def look() -> EmailMessage | None:
            return next(
                (m for m in reversed(self.mails()) if to in str(m["To"]) and words in f"{m['Subject']}\n{text_of(m)}"),
                None,
            )

        return eventually(look, f"a mail to {to} saying {words}")


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(preferencelist=("plain",))
    return str(body.get_content()) if body is not None else ""


def address_of(name: str) -> str:
    """The same server as the one of the tests, another database."""
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


@contextlib.contextmanager
def database(*, like: str = "template1") -> Iterator[str]:
    """A new database, dropped at the end; its name."""
    name = f"journeys_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(address_of("postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(like)))
        try:
            yield name
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def command(site: Site, *words: str) -> None:
    """Run one of our commands to its end, and show what it said when it fails."""
    done = subprocess.run(
        [sys.executable, *words], cwd=CHECKOUT, env=site.environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@contextlib.contextmanager
def running(site: Site) -> Iterator[None]:
    python, environment = sys.executable, site.environment()
    command(site, "manage.py", "collectstatic", "--noinput")
    pages = [python, "-m", "gunicorn", "guichet.wsgi:application", "--bind", f"127.0.0.1:{site.port}",
             "--worker-class", "gthread", "--workers", "1", "--threads", "6"]  # fmt: skip
    with (site.home / "log").open("ab") as log:
        started = [
            subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=log, stderr=log)
            for command in (pages, [python, "manage.py", "worker"], [python, "-m", "guichet.live"])
        ]
    try:
        eventually(lambda: _answers(f"{site.url}/healthz"), "the pages")
        eventually(lambda: _answers(f"http://127.0.0.1:{site.live_port}/direct/healthz"), "the live stream")
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(SECONDS)


def _answers(address: str) -> bool | None:
    try:
        with urllib.request.urlopen(address, timeout=2) as response:
            return bool(response.status == 200) or None
    except OSError:
        return None
