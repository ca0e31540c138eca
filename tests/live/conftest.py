"""A real live process on the test database, and a browser's end of the stream."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from guichet.accounts.models import User
from guichet.hosting.home import CHECKOUT

SECONDS = 20.0  # how long a test waits before it says that nothing came


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def session_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@dataclass(frozen=True)
class Told:
    id: str
    event: str
    data: Any

    @property
    def cases(self) -> dict[int, dict[str, int]]:
        found = self.data.get("demandes", [])
        return {case["id"]: {kind: n for kind, n in case.items() if kind != "id"} for case in found}


class Stream:
    """One open stream, read line by line."""

    def __init__(self, port: int, *, cookie: str = "", path: str = "/direct/", **headers: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        sent = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"} if cookie else {}
        self.connection.request("GET", path, headers={**sent, **{k.replace("_", "-"): v for k, v in headers.items()}})
        self.response = self.connection.getresponse()
        self.status = self.response.status
        if self.status == 200:
            assert self.response.readline().startswith(b"retry:")
            self.response.readline()

    def next(self) -> Told | None:
        """The next message; None when the stream ended. Comments are passed over."""
        found: dict[str, str] = {}
        end = time.monotonic() + SECONDS
        while True:
            assert time.monotonic() < end, "nothing was told"  # comments alone do not count
            raw = self.response.readline()
            if not raw:
                return None
            line = raw.decode().rstrip("\n")
            if line.startswith(":"):
                continue
            if line:
                name, _, value = line.partition(": ")
                found[name] = value
            elif "data" in found:
                return Told(found.get("id", ""), found.get("event", ""), json.loads(found["data"]))

    def close(self) -> None:
        self.connection.close()


class Live:
    """The process, and where it listens."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.port = free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "guichet.live"],
            cwd=CHECKOUT,
            env={**environment, "GUICHET_LIVE_PORT": str(self.port), "GUICHET_PORT": "8000"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.wait_until_listening()

    def health(self) -> int:
        door = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            door.request("GET", "/direct/healthz")
            return door.getresponse().status
        except OSError:
            return 0
        finally:
            door.close()

    def wait_until_listening(self) -> None:
        end = time.monotonic() + 60
        while self.health() != 200:
            assert self.process.poll() is None, self.process.stdout and self.process.stdout.read()
            assert time.monotonic() < end, "the live process does not listen"
            time.sleep(0.05)

    def stop(self) -> str:
        self.process.send_signal(signal.SIGTERM)
        said, _ = self.process.communicate(timeout=30)
        return str(said.decode())


@pytest.fixture
def live(transactional_db: None) -> Iterator[Live]:
    given = connection.settings_dict
    address = f"postgresql://{given['USER']}@/{given['NAME']}?host={given['HOST']}"
    if given["PORT"]:
        address += f"&port={given['PORT']}"
    process = Live({**os.environ, "DATABASE_URL": address, "GUICHET_SECRET_KEY": settings.SECRET_KEY})
    yield process
    if process.process.poll() is None:
        said = process.stop()
        assert "Traceback" not in said, said


@pytest.fixture
def listen(live: Live) -> Iterator[Callable[..., Stream]]:
    opened: list[Stream] = []

    def start(cookie: str = "", **more: str) -> Stream:
        opened.append(Stream(live.port, cookie=cookie, **more))
        return opened[-1]

    yield start
    for stream in opened:
        stream.close()
