"""From the commit of a change to the screens it concerns, with 200 agents connected and 20 changes a second.

Real processes: the live stream and the pages. 40 teams of five agents; each change is a note on a case of one team. An
agent is told by his stream; one screen in each team then asks for its rows as `direct.js` does (at once, then not more
often than the last answer allows), and the change is on it when the answer has come. The instant is taken
just before COMMIT: what the database takes to write is counted.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from bench import Measure
from bench._database import own_database

TEAMS, AGENTS, RATE, SECONDS, WARM = 40, 5, 20, 15, 40
GOAL = 500.0  # ms, p95
JITTER, PAUSE, LONGEST_PAUSE, SPARING = 0.12, 0.3, 1.5, 5.0  # as in direct.js


@dataclass
class Screen:
    """One agent's browser."""

    cookie: str
    team: int
    asks: bool
    told: list[tuple[int, float]] = field(default_factory=list)  # (case, when)
    shown: list[tuple[int, float]] = field(default_factory=list)
    waiting: set[int] = field(default_factory=set)
    planned: bool = False
    last: float = 0.0
    took: float = 0.0


def run() -> Iterator[Measure]:
    with own_database("live"):
        screens, cases = _region()
        live_port, pages_port = _free_port(), _free_port()
        with _running("-m", "guichet.live", GUICHET_LIVE_PORT=str(live_port)) as live, _running(*_pages(pages_port)):
            _wait(live_port, "/direct/healthz")
            _wait(pages_port, "/healthz")
            committed = asyncio.run(_measure(screens, cases, live_port, pages_port))
            memory = _memory(live.pid)
    told = _delays(screens, committed, "told")
    shown = _delays(screens, committed, "shown")
    assert len(told) == len(committed) * AGENTS, (len(told), len(committed))  # everyone concerned, nobody else
    assert len(shown) == len(committed), (len(shown), len(committed))
    for name, delays in (("live.told", told), ("live", shown)):
        p95 = sorted(delays)[int(len(delays) * 0.95)] * 1000
        yield Measure(name=name, value=round(p95, 1), unit="ms p95", ratio=round(p95 / GOAL, 3), against="500 ms")
    yield Measure(name="live.memory", value=round(memory, 1), unit="MiB", ratio=None, against=None)


def _delays(screens: list[Screen], committed: dict[int, float], what: str) -> list[float]:
    return [when - committed[case] for one in screens for case, when in getattr(one, what) if case in committed]


# -- the Region -------------------------------------------------------------------------------------------------------


def _region() -> tuple[list[Screen], list[Any]]:
    """Agents logged in, and one case for each change."""
    from django.test import Client
    from django.utils import timezone

    from guichet.accounts import machines
    from guichet.accounts.models import Membership, User
    from guichet.cases.models import Case
    from guichet.cases.models.case import next_reference
    from guichet.organisation import directory
    from guichet.organisation.models import Team

    machines.forget()
    directory.forget()
    screens = []
    teams = [Team.objects.create(code=f"E{n}", name=f"Équipe {n}", path=f"/{n + 1}/") for n in range(TEAMS)]
    for team in teams:
        for number in range(AGENTS):
            user = User.objects.create(email=f"a{team.code}.{number}@agents.example", first_name="A", last_name="B")
            Membership.objects.create(user=user, team=team)
            client = Client()
            client.force_login(user)
            cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
            screens.append(Screen(cookie, team.pk, asks=number == 0))
    now = timezone.now()
    cases = [
        Case(
            reference=next_reference(), subject="Carte perdue", channel="email", team=teams[n % TEAMS],
            status="assigned", received_at=now, last_inbound_at=now,
        )
        for n in range(RATE * SECONDS + WARM)
    ]  # fmt: skip
    return screens, Case.objects.bulk_create(cases)


# -- the processes ----------------------------------------------------------------------------------------------------


def _pages(port: int) -> list[str]:
    return ["-m", "gunicorn", "guichet.wsgi:application", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread",
            "--workers", "2", "--threads", "4", "--log-level", "error"]  # fmt: skip


@contextmanager
def _running(*words: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    given = connection.settings_dict
    address = f"postgresql://{given['USER']}@/{given['NAME']}?host={given['HOST']}"
    if given["PORT"]:
        address += f"&port={given['PORT']}"
    values = {**os.environ, "DATABASE_URL": address, "GUICHET_SECRET_KEY": settings.SECRET_KEY, **environment}
    process = subprocess.Popen([sys.executable, *words], env=values, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _wait(port: int, path: str) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with suppress(OSError):
            door = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            door.request("GET", path)
            if door.getresponse().status == 200:
                return
        time.sleep(0.1)
    raise RuntimeError(f"nothing answers at {path}")


def _memory(pid: int) -> float:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


# -- changes and screens ----------------------------------------------------------------------------------------------


async def _measure(screens: list[Screen], cases: list[Any], live_port: int, pages_port: int) -> dict[int, float]:
    readers = [asyncio.create_task(_listen(screen, live_port, pages_port)) for screen in screens]
    await asyncio.sleep(3)
    committed: dict[int, float] = {}
    author = threading.Thread(target=_change, args=(cases, committed))
    author.start()
    while author.is_alive():
        await asyncio.sleep(0.1)
    await asyncio.sleep(3)
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    return {case.pk: committed[case.pk] for case in cases[WARM:]}


def _change(cases: list[Any], committed: dict[int, float]) -> None:
    """A change every twentieth of a second, by an agent of the team."""
    from guichet.accounts.models import User
    from guichet.cases import actions

    author = {user.memberships.all()[0].team_id: user for user in User.objects.filter(kind="human")}
    start = time.monotonic()
    for number, case in enumerate(cases):
        time.sleep(max(0.0, start + number / RATE - time.monotonic()))
        with transaction.atomic():
            actions.note(case, by=author[case.team_id], text="Vu avec le transporteur.")
            committed[case.pk] = time.monotonic()
    connection.close()


async def _listen(screen: Screen, live_port: int, pages_port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", live_port)
    cookie = f"Cookie: {settings.SESSION_COOKIE_NAME}={screen.cookie}\r\n"
    writer.write(f"GET /direct/ HTTP/1.1\r\nHost: 127.0.0.1\r\n{cookie}\r\n".encode())
    asked: set[asyncio.Task[None]] = set()
    try:
        while line := await reader.readline():
            if not line.startswith(b"data: "):
                continue
            now = time.monotonic()
            for case in json.loads(line[6:]).get("demandes", []):
                screen.told.append((case["id"], now))
                screen.waiting.add(case["id"])
            if screen.asks and not screen.planned:
                screen.planned = True
                asked.add(asyncio.create_task(_show(screen, pages_port, cookie)))
    finally:
        writer.close()


async def _show(screen: Screen, port: int, cookie: str) -> None:
    pause = screen.last + min(LONGEST_PAUSE, max(PAUSE, SPARING * screen.took)) - time.monotonic()
    await asyncio.sleep(max(random.random() * JITTER, pause))
    cases, screen.waiting, screen.planned = screen.waiting, set(), False
    began = screen.last = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    path = f"/bureau/etat/?file=equipe-{screen.team}&lignes=&changees={','.join(map(str, cases))}"
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{cookie}\r\n".encode())
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 200"), answer[:200]
    now = time.monotonic()
    screen.took = now - began
    screen.shown += [(case, now) for case in cases]
