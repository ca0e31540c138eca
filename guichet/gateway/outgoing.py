"""Calling an address that somebody else chose: public addresses only, the one that was checked, no redirection."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

SECONDS = 5.0  # to connect, and for each answer to come
IN_ALL = 10.0
MOST_READ = 2048
NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotCalled(Exception):
    """The call may not be, or could not be; the message is French and short."""


@dataclass(frozen=True, slots=True)
class Target:
    host: str
    port: int
    path: str
    secure: bool


def read_url(url: str) -> Target:
    """Raises `NotCalled` for what is no https address (http is for this machine, in tests and debugging)."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotCalled("Cette adresse est illisible.") from None
    host = (parts.hostname or "").rstrip(".")
    if not host or parts.username is not None or parts.fragment or any(c.isspace() or not c.isprintable() for c in url):
        raise NotCalled("Cette adresse est illisible.")
    secure = parts.scheme == "https"
    if not secure and not (parts.scheme == "http" and settings.WEBHOOKS_TO_LOOPBACK and host in {"127.0.0.1", "::1"}):
        raise NotCalled("L'adresse doit commencer par https://.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise NotCalled("Cette adresse est illisible.")
    return Target(host, port or (443 if secure else 80), path, secure)


def checked_addresses(target: Target) -> list[str]:
    """Where the name leads, all of it public; one private address among them is enough to refuse."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotCalled("Ce nom de site est inconnu.") from None
    addresses = list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
    if not addresses or not all(may_be_called(ipaddress.ip_address(address)) for address in addresses):
        raise NotCalled("Cette adresse mène à un réseau privé.")
    return addresses


def may_be_called(address: Address) -> bool:
    if settings.WEBHOOKS_TO_LOOPBACK and address.is_loopback:
        return True
    if isinstance(address, ipaddress.IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inside is not None:
            return may_be_called(inside)
        if address.teredo is not None:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def sign(secret: str, at: int, body: bytes) -> str:
    """`t=…,v1=…`: the time is signed with the body, so that an old call cannot be played again."""
    code = hmac.new(secret.encode(), str(at).encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={code}"


class _Checked(http.client.HTTPSConnection):
    """Connects to the address that was checked; the certificate is that of the name."""

    def __init__(self, target: Target, address: str) -> None:
        super().__init__(target.host, target.port, timeout=SECONDS, context=ssl.create_default_context())
        self._target, self._address = target, address

    def connect(self) -> None:
        wire = socket.create_connection((self._address, self._target.port), timeout=SECONDS)
        if self._target.secure:
            wire = ssl.create_default_context().wrap_socket(wire, server_hostname=self._target.host)
        self.sock = wire


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """The status answered. Raises `NotCalled`."""
    target = read_url(url)
    address = checked_addresses(target)[0]
    door = _Checked(target, address)
    late = None
    try:
        door.connect()
        late = threading.Timer(IN_ALL, _cut, [door.sock])
        late.daemon = True
        late.start()
        named = f"[{target.host}]" if ":" in target.host else target.host
        usual = target.port == (443 if target.secure else 80)
        door.request("POST", target.path, body, {
            "Host": named if usual else f"{named}:{target.port}", "Content-Type": "application/json",
            "User-Agent": "Guichet", "Connection": "close", **headers,
        })  # fmt: skip
        answer = door.getresponse()
        answer.read(MOST_READ)
        return int(answer.status)
    except ssl.SSLError:
        raise NotCalled("Le certificat de ce site n'est pas valable.") from None
    except TimeoutError:
        raise NotCalled("Ce site n'a pas répondu à temps.") from None
    except (OSError, http.client.HTTPException):
        raise NotCalled("Ce site n'a pas répondu.") from None
    finally:
        if late is not None:
            late.cancel()
        door.close()


def _cut(wire: socket.socket) -> None:
    with suppress(OSError):
        wire.shutdown(socket.SHUT_RDWR)
