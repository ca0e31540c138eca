"""A language model behind an OpenAI-compatible address (a server of the State, a local vLLM): one question, one text.

Only the address the administrator wrote is called: no redirection is followed, no proxy of the environment is read.
It has a few seconds in all; one that fails or is too slow is left alone for a minute.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit

from guichet.channels.contract import Unanswered

MOST_BYTES = 256 * 1024
AT_ONCE = 4  # calls of one process: more would hold all its threads when the model slows down


class ModelEndpoint:
    """`url`: up to « /v1 ». Safe to share by threads."""

    def __init__(self, url: str, key: str = "", name: str = "", *, seconds: float = 4.0, rest: float = 60.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("the address of the model begins with http:// or https://")
        self._secure, self._host, self._port = parts.scheme == "https", parts.hostname, parts.port
        self._path = f"{parts.path.rstrip('/')}/chat/completions"
        self._key, self._name, self._seconds, self._rest = key, name, seconds, rest
        self._free = threading.BoundedSemaphore(AT_ONCE)
        self._left_alone_until = 0.0

    def ask(self, instructions: str, data: str, *, tokens: int = 500) -> str:
        """What the model writes. Raises `Unanswered`, and at once while it is left alone."""
        if time.monotonic() < self._left_alone_until or not self._free.acquire(blocking=False):
            raise Unanswered("left alone")
        try:
            return self._ask(instructions, data, tokens)
        except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError) as error:
            self._left_alone_until = time.monotonic() + self._rest
            raise Unanswered(type(error).__name__) from error
        finally:
            self._free.release()

    def _ask(self, instructions: str, data: str, tokens: int) -> str:
        body = json.dumps({
            "model": self._name, "temperature": 0, "max_tokens": tokens, "stream": False,
            "messages": [{"role": "system", "content": instructions}, {"role": "user", "content": data}],
        }).encode()  # fmt: skip
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        door = kind(self._host, self._port, timeout=self._seconds)
        late = None
        try:
            started = time.monotonic()
            door.connect()
            # The time given is for all of it: one who answers a byte a second is cut like one who says nothing.
            late = threading.Timer(max(0.05, self._seconds - (time.monotonic() - started)), _cut, [door.sock])
            late.daemon = True
            late.start()
            door.request("POST", self._path, body, headers)
            answer = door.getresponse()
            raw = answer.read(MOST_BYTES + 1)
        finally:
            if late is not None:
                late.cancel()
            door.close()
        if answer.status != 200 or len(raw) > MOST_BYTES:
            raise ValueError("not an answer")
        return str(json.loads(raw)["choices"][0]["message"]["content"] or "")


def _cut(wire: socket.socket) -> None:
    with suppress(OSError):
        wire.shutdown(socket.SHUT_RDWR)
