"""The ASGI application: `/direct/` is the stream (server-sent events), `/direct/healthz` says whether it listens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings

from guichet.core.text import key_of
from guichet.live.changes import changes_since
from guichet.live.hub import AWAY, CLIENTS_AT_MOST, HEARTBEAT_SECONDS, Client, Hub, Talk
from guichet.live.talks import is_open
from guichet.live.viewers import session_key

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
RETRY_MILLISECONDS = 2000


class Application:
    def __init__(self) -> None:
        self.hub = Hub()
        self._listening: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._listening = asyncio.create_task(self.hub.run())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._listening.cancel()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        path = scope["path"]
        if path == "/direct/healthz":
            return await _say(send, 200 if self.hub.listening else 503)
        if path == "/direct/conversation/":
            return await self._conversation(scope, headers.get("origin", ""), receive, send)
        if path != "/direct/":
            return await _say(send, 404)
        if scope["method"] != "GET":
            return await _say(send, 405)
        # Only the desk's own pages read the stream: same origin, or the origin of the settings in development.
        origin = headers.get("origin", "")
        if origin and origin != _origin_of(settings.PUBLIC_URL):
            return await _say(send, 403)
        asked = parse_qs(scope["query_string"].decode("latin-1"))
        opened = key_of(asked.get("demande", [""])[0])
        try:
            client = await self.hub.admit(session_key(headers.get("cookie", "")), case=opened)
        except AWAY:
            return await _say(send, 503, origin)
        if client is None:
            return await _say(send, 401, origin)
        if self.hub.stopping or len(self.hub.clients) >= CLIENTS_AT_MOST:
            return await _say(send, 503, origin)
        await self._stream(client, headers.get("last-event-id") or asked.get("depuis", [""])[0], receive, send, origin)

    async def _conversation(self, scope: Scope, origin: str, receive: Receive, send: Send) -> None:
        """« Something was said »: the page then asks for it. The key of the conversation is what opens it."""
        if origin and origin != _origin_of(settings.PUBLIC_URL):
            return await _say(send, 403)
        key = parse_qs(scope["query_string"].decode("latin-1")).get("fil", [""])[0][:32]
        try:
            known = bool(key) and await self.hub.ask(is_open, key)
        except AWAY:
            return await _say(send, 503, origin)
        if not known:
            return await _say(send, 404, origin)
        if self.hub.stopping or len(self.hub.talks) >= CLIENTS_AT_MOST:
            return await _say(send, 503, origin)
        start = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]
        await send({"type": "http.response.start", "status": 200, "headers": [*start, *_common(origin)]})
        talk = Talk(key)
        self.hub.talks.add(talk)
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await _send(send, f"retry: {RETRY_MILLISECONDS}\n\nevent: tour\ndata: {{}}\n\n".encode())
            while not self.hub.stopping and not gone.done():
                told = asyncio.ensure_future(talk.news.wait())
                both: set[asyncio.Future[Any]] = {told, gone}
                await asyncio.wait(both, timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                if gone.done():
                    told.cancel()
                    break
                if not told.done():
                    told.cancel()
                    await _send(send, b": vivant\n\n")
                    continue
                talk.news.clear()
                await _send(send, b"event: tour\ndata: {}\n\n")
        finally:
            gone.cancel()
            self.hub.talks.discard(talk)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _stream(self, client: Client, since: str, receive: Receive, send: Send, origin: str) -> None:
        start = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]
        await send({"type": "http.response.start", "status": 200, "headers": [*start, *_common(origin)]})
        # Heard from now on, then caught up: told twice at worst, never lost.
        self.hub.clients.add(client)
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await _send(send, f"retry: {RETRY_MILLISECONDS}\n\n".encode())
            if since:
                delta = await self.hub.ask(changes_since, since)
                await _send(send, delta.said_to(client.viewer))
            await self._tell(client, gone, send)
        except AWAY:
            return  # the browser comes back with its mark
        finally:
            gone.cancel()
            self.hub.clients.discard(client)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _tell(self, client: Client, gone: asyncio.Future[None], send: Send) -> None:
        while not self.hub.stopping:
            told = asyncio.ensure_future(client.waiting.get())
            both: set[asyncio.Future[Any]] = {told, gone}
            await asyncio.wait(both, timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                told.cancel()
                return
            if not told.done():
                told.cancel()
                # A comment keeps proxies awake; the mark moves on even when nothing concerns this agent.
                await _send(send, f": vivant\nid: {self.hub.until}\n\n".encode() if self.hub.until else b": vivant\n\n")
                continue
            said = told.result()
            if said is None:
                return
            await _send(send, said)


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _common(origin: str) -> list[tuple[bytes, bytes]]:
    found = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"), (b"vary", b"Origin, Cookie")]
    if origin:
        found += [(b"access-control-allow-origin", origin.encode("latin-1")),
                  (b"access-control-allow-credentials", b"true")]  # fmt: skip
    return found


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(send: Send, body: bytes) -> None:
    if body:
        await send({"type": "http.response.body", "body": body, "more_body": True})


async def _say(send: Send, status: int, origin: str = "") -> None:
    await send({"type": "http.response.start", "status": status, "headers": _common(origin)})
    await send({"type": "http.response.body", "body": b""})
