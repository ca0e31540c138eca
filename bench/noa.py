"""Three hundred conversations open on one web node, and what one turn takes.

Real processes: the pages (gunicorn, as one machine runs them) and the live stream. Each conversation is a page that
listens; meanwhile people write, as many a second as 300 conversations do (one message every half minute each).
A turn is the whole request: the words sent, understood, answered, written, and the HTML come back.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

from bench import Measure
from bench._database import own_database
from bench.answers import made_up
from bench.live import _free_port, _pages, _running, _wait

CHATS, EVERY, SECONDS, SHEETS = 300, 30.0, 30, 300
LOOKS = 15.0  # as `noa.js` does
GOAL = 300.0  # ms, p95


def run() -> Iterator[Measure]:
    with own_database("noa"):
        questions = _region()
        keys = _chats()
        live_port, pages_port = _free_port(), _free_port()
        given = {"GUICHET_HOME": _home(), "GUICHET_TRUSTED_PROXIES": "1"}
        with (
            _running("-m", "guichet.live", GUICHET_LIVE_PORT=str(live_port), **given),
            _running(*_pages(pages_port), **given),
        ):
            _wait(live_port, "/direct/healthz")
            _wait(pages_port, "/healthz")
            spent, told = asyncio.run(_measure(keys, questions, live_port, pages_port))
    assert told == len(spent), (told, len(spent))  # each page was told of its own turns, and of no other
    p95 = sorted(spent)[int(len(spent) * 0.95)]
    yield Measure(name="noa.turn", value=round(p95, 1), unit="ms p95", ratio=round(p95 / GOAL, 3), against="300 ms")
    middle = sorted(spent)[len(spent) // 2]
    yield Measure(name="noa.turn.middle", value=round(middle, 1), unit="ms p50", ratio=None, against=None)
    yield Measure(name="noa.turns", value=len(spent), unit="turns", ratio=None, against=None)


def _region() -> list[str]:
    """A base of its own, filed and learnt, and what is asked of it."""
    from guichet.accounts import machines
    from guichet.accounts.machines import GUICHET, machine
    from guichet.knowledge.actions import build_indexes, import_articles
    from guichet.knowledge.exchange import filed_of
    from guichet.organisation import directory
    from guichet.organisation.models import Team, Topic

    machines.forget()
    directory.forget()
    owner = Team.objects.create(code="E", name="Équipe", path="/1/")
    Topic.objects.create(code="sujet", label="Sujet")
    directory.forget()
    sheets, questions = made_up(random.Random(20261127), SHEETS)
    rows = [
        filed_of({
            "code": sheet.id.lower(), "title": sheet.title[:120], "answer": sheet.introduction[:1200],
            "body": sheet.body, "topics": ["sujet"], "wordings": list(sheet.wordings), "sources": [{"title": "Source"}],
        })
        for sheet in sheets
    ]  # fmt: skip
    done = import_articles(rows, owner=owner, publish=True, by=machine(GUICHET))
    assert not done.problems, done.problems[:3]
    build_indexes()
    return questions


def _home() -> str:
    """Where the index just made is kept, for the processes to find it."""
    from django.core.files.storage import default_storage

    return str(Path(default_storage.path("x")).parent.parent)


def _chats() -> list[str]:
    from guichet.noa.models import Chat

    return [chat.key for chat in Chat.objects.bulk_create(Chat() for _ in range(CHATS))]


async def _measure(keys: list[str], questions: list[str], live_port: int, pages_port: int) -> tuple[list[float], int]:
    told: dict[str, int] = dict.fromkeys(keys, 0)
    listening = [asyncio.create_task(_listen(key, live_port, pages_port, told)) for key in keys]
    await asyncio.sleep(3)
    draw = random.Random(7)
    for _ in range(8):  # each process reads its index once
        await asyncio.gather(*(_say(draw.choice(keys), draw.choice(questions), pages_port) for _ in range(4)))
    await asyncio.sleep(3)
    told.update(dict.fromkeys(told, 0))
    spent: list[float] = []
    looking = [asyncio.create_task(_look(key, draw.random() * LOOKS, pages_port)) for key in keys]
    talking = [asyncio.create_task(_talk(key, questions, draw.random() * EVERY, pages_port, spent)) for key in keys]
    await asyncio.gather(*talking)
    await asyncio.sleep(3)
    for task in (*listening, *looking):
        task.cancel()
    await asyncio.gather(*listening, *looking, return_exceptions=True)
    return spent, sum(told.values())


async def _talk(key: str, questions: list[str], after: float, port: int, spent: list[float]) -> None:
    """One person: a message at a moment of his own, then every half minute."""
    draw, began = random.Random(key), time.monotonic()
    await asyncio.sleep(after)
    while time.monotonic() - began < SECONDS:
        spent.append(await _say(key, draw.choice(questions), port))
        await asyncio.sleep(EVERY)


async def _look(key: str, after: float, port: int) -> None:
    """A page that is seen asks by itself too, stream or not."""
    await asyncio.sleep(after)
    while True:
        await _ask(key, port)
        await asyncio.sleep(LOOKS)


async def _say(key: str, text: str, port: int) -> float:
    body = urlencode({"fil": key, "q": text[:500]}).encode()
    # Each behind an address of his own, as people are: the limit of one address is not what is measured.
    head = (
        f"POST /noa/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nX-Requested-With: noa\r\n"
        f"X-Forwarded-For: {key}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head.encode() + body)
    answer = await reader.read()
    took = (time.monotonic() - began) * 1000
    writer.close()
    assert answer.startswith(b"HTTP/1.1 200"), answer[:300]
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["fil"] == key
    return took


async def _listen(key: str, port: int, pages_port: int, told: dict[str, int]) -> None:
    """The page listens, and each time asks what is new, as `noa.js` does."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    asking: set[asyncio.Task[None]] = set()
    writer.write(f"GET /direct/conversation/?fil={key} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    try:
        while line := await reader.readline():
            if line.startswith(b"data: "):
                told[key] += 1
                task = asyncio.create_task(_ask(key, pages_port))
                asking.add(task)
                task.add_done_callback(asking.discard)
    finally:
        writer.close()


async def _ask(key: str, port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"GET /noa/suite/?fil={key}&apres=9999 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
    )
    await reader.read()
    writer.close()
