"""One listening connection, fan-out in memory.

What is notified while the connection is down is lost; what happened is not: on every new connection the journal is
read from where it had been read.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import psycopg
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from guichet.cases.models.presence import CHANNEL as PRESENCE
from guichet.cases.policy import Viewer
from guichet.journal.snapshots import CHANNEL, current_snapshot
from guichet.live.changes import Delta, changes_since, message
from guichet.live.viewers import viewer_behind, viewers_behind
from guichet.noa.models import CHANNEL as TALKS

log = logging.getLogger(__name__)
T = TypeVar("T")

HEARTBEAT_SECONDS = 15.0  # proxies cut what is silent for longer; sessions are looked at again as often
WAITING_AT_MOST = 100  # messages a slow client may leave unread before it is told to look at everything again
CLIENTS_AT_MOST = 5000
RIGHTS_SECONDS = 0.5
RETRY_SECONDS, LONGEST_RETRY_SECONDS = 0.5, 5.0
AWAY = (DatabaseError, InterfaceError, psycopg.Error, OSError)


@dataclass(eq=False)
class Client:
    """One open stream. `None` in its queue ends it."""

    key: str
    viewer: Viewer
    case: int = 0  # the one it has open
    looked_at: float = field(default_factory=time.monotonic)  # when its session and rights were last read
    waiting: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(WAITING_AT_MOST))

    def tell(self, said: bytes | None, *, until: str) -> None:
        try:
            self.waiting.put_nowait(said)
        except asyncio.QueueFull:
            while not self.waiting.empty():
                self.waiting.get_nowait()
            self.waiting.put_nowait(said if said is None else message(until, "reprendre", {}))


@dataclass(eq=False)
class Talk:
    """One page that shows a conversation."""

    key: str
    news: asyncio.Event = field(default_factory=asyncio.Event)


class Hub:
    def __init__(self) -> None:
        self.clients: set[Client] = set()
        self.talks: set[Talk] = set()
        self.until = ""  # the journal is told up to here
        self.listening = False
        self.stopping = False
        # One thread, hence one connection, for what is to be told; another for the rights of who listens: reading those
        # of hundreds of agents must not make news wait.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="live-db")
        self._rights = ThreadPoolExecutor(1, thread_name_prefix="live-rights")
        self._accounts_changed = asyncio.Event()

    async def ask(self, question: Callable[..., T], *arguments: Any, of: ThreadPoolExecutor | None = None) -> T:
        """Ask the database; a connection that died since the last question is replaced, once."""

        def safely() -> T:
            try:
                return question(*arguments)
            except (DatabaseError, InterfaceError):
                connection.close()
                return question(*arguments)

        return await asyncio.get_running_loop().run_in_executor(of or self._thread, safely)

    async def admit(self, key: str, *, case: int = 0) -> Client | None:
        viewer = await self.ask(viewer_behind, key)
        return Client(key, viewer, case) if viewer is not None else None

    async def run(self) -> None:
        """Listen until cancelled, whatever happens to the database."""
        rights = asyncio.create_task(self._watch_rights())
        try:
            await self._run()
        finally:
            rights.cancel()

    async def _run(self) -> None:
        pause = RETRY_SECONDS
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(**_listening_parameters()) as listener:
                    await listener.execute(f"LISTEN {CHANNEL}")
                    await listener.execute(f"LISTEN {PRESENCE}")
                    await listener.execute(f"LISTEN {TALKS}")
                    self._tell_talks()
                    self.listening, pause = True, RETRY_SECONDS
                    await self._tell_news()
                    await self._listen(listener)
            except AWAY as error:
                log.warning("live: the database is away (%s), trying again in %.1f s", type(error).__name__, pause)
            finally:
                self.listening = False
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_RETRY_SECONDS)

    async def _listen(self, listener: psycopg.AsyncConnection[Any]) -> None:
        loop = asyncio.get_running_loop()
        look_again = loop.time() + HEARTBEAT_SECONDS
        while True:
            heard = False
            async for said in listener.notifies(timeout=max(look_again - loop.time(), 0.01), stop_after=1):
                if said.channel == PRESENCE:
                    self._tell_presence(said.payload)
                elif said.channel == TALKS:
                    self._tell_talks(said.payload)
                else:
                    heard = True
            if heard:
                await self._tell_news()
            if loop.time() >= look_again:
                await listener.execute("SELECT 1")  # a dead peer shows here
                await self._tell_news()
                look_again = loop.time() + HEARTBEAT_SECONDS

    async def _tell_news(self) -> None:
        if not self.until:
            self.until = await self.ask(current_snapshot)
            return
        delta = await self.ask(changes_since, self.until)
        self.until = delta.until
        self._broadcast(delta)
        if any(change.case is None for change in delta.changes):  # a session revoked, a password changed
            self._accounts_changed.set()

    def _broadcast(self, delta: Delta) -> None:
        if not delta.changes and not delta.too_many:
            return
        said: dict[Viewer, bytes] = {}
        for client in self.clients:
            if client.viewer not in said:
                said[client.viewer] = delta.said_to(client.viewer)
            if said[client.viewer]:
                client.tell(said[client.viewer], until=delta.until)

    def _tell_presence(self, said: str) -> None:
        """To the screens that have this case open; what is missed comes with their next beat."""
        case, team, assignee, sensitivity = (int(part) if part else None for part in said.split(","))
        for client in self.clients:
            seen = client.case == case and client.viewer.sees(
                team_id=team, assignee_id=assignee, sensitivity=sensitivity or 0
            )
            if seen:
                client.tell(f'event: presence\ndata: {{"demande":{case}}}\n\n'.encode(), until=self.until)

    def _tell_talks(self, key: str = "") -> None:
        """To the pages of this conversation; of all, when something may have been missed."""
        for talk in self.talks:
            if not key or talk.key == key:
                talk.news.set()

    async def _watch_rights(self) -> None:
        """Everyone once in HEARTBEAT_SECONDS, a few at a time; everyone at once when an account changed."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._accounts_changed.wait(), RIGHTS_SECONDS)
            try:
                if self._accounts_changed.is_set():
                    self._accounts_changed.clear()
                    await self.look_again(list(self.clients))
                else:
                    before = time.monotonic() - HEARTBEAT_SECONDS
                    some = 1 + int(len(self.clients) * 2 * RIGHTS_SECONDS / HEARTBEAT_SECONDS)
                    due = sorted((c for c in self.clients if c.looked_at < before), key=lambda c: c.looked_at)
                    await self.look_again(due[:some])
            except AWAY:  # `_run` says it
                self._accounts_changed.set()
                await asyncio.sleep(RETRY_SECONDS)

    async def look_again(self, clients: Sequence[Client]) -> None:
        """Rights change and sessions end while streams are open."""
        if not clients:
            return
        viewers = await self.ask(viewers_behind, {client.key for client in clients}, of=self._rights)
        for client in clients:
            client.looked_at = time.monotonic()
            viewer = viewers.get(client.key, client.viewer)
            if viewer is None:
                client.tell(None, until=self.until)
            else:
                client.viewer = viewer

    def stop(self) -> None:
        """Every stream ends, browsers come back to whoever answers next."""
        self.stopping = True
        for client in self.clients:
            client.tell(None, until=self.until)
        self._tell_talks()


def _listening_parameters() -> dict[str, Any]:
    given = settings.DATABASES["default"]
    known = {"dbname": given["NAME"], "user": given["USER"], "password": given["PASSWORD"], "host": given["HOST"],
             "port": given["PORT"]}  # fmt: skip
    with contextlib.suppress(KeyError):
        known["sslmode"] = given["OPTIONS"]["sslmode"]
    kept = {name: value for name, value in known.items() if value}
    return {**kept, "autocommit": True, "application_name": "guichet-live", "connect_timeout": 5}
