"""The real Guichet on this machine: pages and worker as `make run` starts them, on the database of the tests."""

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
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import connection

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
    port: int = field(default_factory=free_port)
    host_port: int = field(default_factory=free_port)  # another site of the Region, that embeds the form

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
            "DATABASE_URL": _url_of_tests(),
            "GUICHET_HOME": str(self.home),
            "GUICHET_SECRET_KEY": settings.SECRET_KEY,
            "GUICHET_PORT": str(self.port),
            "GUICHET_EMBED_ORIGINS": self.other_site,
            "GUICHET_LOG_LEVEL": "WARNING",
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


def _url_of_tests() -> str:
    """The address of the database of these tests, which pytest-django named itself."""
    given = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(given._replace(path="/" + str(connection.settings_dict["NAME"])))


@contextlib.contextmanager
def running(site: Site) -> Iterator[None]:
    python, environment = sys.executable, site.environment()
    subprocess.run([python, "manage.py", "collectstatic", "--noinput"], cwd=CHECKOUT, env=environment, check=True,
                   capture_output=True)  # fmt: skip
    pages = [python, "-m", "gunicorn", "guichet.wsgi:application", "--bind", f"127.0.0.1:{site.port}",
             "--worker-class", "gthread", "--workers", "1", "--threads", "6"]  # fmt: skip
    with (site.home / "log").open("ab") as log:
        started = [
            subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=log, stderr=log)
            for command in (pages, [python, "manage.py", "worker"])
        ]
    try:
        eventually(lambda: _answers(f"{site.url}/healthz"), "the pages")
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
