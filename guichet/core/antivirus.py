"""Asking ClamAV about a file, in clamd's own words (INSTREAM, clamd(8)): a stream of sized pieces, one line back.

A dozen lines of protocol: the client library that exists has had no release since 2014.
"""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from django.conf import settings

PIECE = 64 * 1024
SECONDS = 120.0  # a large archive is opened piece by piece


class Unavailable(Exception):
    """The scanner cannot be reached or cannot answer now: nothing is known of the file, ask again."""


class TooLarge(Exception):
    """Larger than what the scanner accepts (StreamMaxLength): it will never say."""


@dataclass(frozen=True, slots=True)
class Verdict:
    virus: str = ""  # its name; empty: none was found

    @property
    def is_clean(self) -> bool:
        return not self.virus


def scan(content: IO[bytes]) -> Verdict:
    """What ClamAV says of `content`, at GUICHET_CLAMD.

    Raises `Unavailable` or `TooLarge`: silence is never « clean ».
    """
    try:
        with _connection() as connection:
            said = _ask(connection, content)
    except OSError as error:
        raise Unavailable(type(error).__name__) from error
    if said == "stream: OK":
        return Verdict()
    if found := re.fullmatch(r"stream: (.+) FOUND", said):
        return Verdict(found.group(1)[:200])
    if "size limit exceeded" in said:
        raise TooLarge
    raise Unavailable(said[:100] or "no answer")


def _ask(connection: socket.socket, content: IO[bytes]) -> str:
    connection.sendall(b"zINSTREAM\0")
    try:
        while piece := content.read(PIECE):
            connection.sendall(struct.pack("!L", len(piece)) + piece)
        connection.sendall(struct.pack("!L", 0))
    except (BrokenPipeError, ConnectionResetError):
        pass  # it stopped listening: beyond its limit it says so, then hangs up
    return _line(connection)


def _line(connection: socket.socket) -> str:
    said = b""
    while not said.endswith(b"\0") and len(said) < 4096:
        try:
            got = connection.recv(4096)
        except ConnectionResetError:
            break
        if not got:
            break
        said += got
    if not said.endswith(b"\0"):
        raise OSError("cut answer")
    return said.rstrip(b"\0\n").decode("utf-8", "replace")


@contextmanager
def _connection() -> Iterator[socket.socket]:
    place = settings.CLAMD
    if place.startswith("/"):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(SECONDS)
            connection.connect(place)
            yield connection
        return
    host, _, port = place.rpartition(":")
    with socket.create_connection((host.strip("[]"), int(port)), timeout=10) as connection:
        connection.settimeout(SECONDS)
        yield connection
