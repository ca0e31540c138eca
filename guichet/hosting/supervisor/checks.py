"""What is looked at before and after the start: ports, pages, mail door, static files."""

from __future__ import annotations

import hashlib
import http.client
import socket
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from guichet.hosting.home import CHECKOUT
from guichet.hosting.refusal import Refusal

LOCAL = "127.0.0.1"


def port_from(environment: Mapping[str, str], variable: str, default: int, *, use: str) -> int:
    """Read a port number; raise `Refusal` (exit code 2) when it is none."""
    text = environment.get(variable, "").strip() or str(default)
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise Refusal(f"{variable} (port {use}) doit être un nombre entre 1 et 65535, et non « {text} ».", exit_code=2)
    return int(text)


def check_ports(ports: Mapping[str, int], *, uses: Mapping[str, str], patience: float = 0.0) -> None:
    """Raise `Refusal` unless each port (by variable) is ours to take; `patience`: seconds left to a run that ends."""
    numbers = list(ports.values())
    for variable, port in ports.items():
        if numbers.count(port) > 1:
            raise Refusal(f"Le port {port} est demandé deux fois : donnez-en un autre avec {variable}.", exit_code=2)
        end = time.monotonic() + patience
        while (trouble := _port_trouble(port)) is not None:
            if trouble == "est déjà pris" and time.monotonic() < end:
                time.sleep(0.2)
                continue
            free = _free_port_near(port, numbers)
            raise Refusal(
                f"Le port {port} ({uses[variable]}) {trouble} : "
                f"donnez-en un autre, par exemple {variable}={free} make run"
            )


def _port_trouble(port: int) -> str | None:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((LOCAL, port))
            trial.listen(1)
        except PermissionError:
            return "est réservé par le système"
        except OSError:
            return "est déjà pris"
    return None


def _free_port_near(port: int, avoid: Iterable[int]) -> int:
    candidates = (number for number in range(max(port, 1024) + 1, 65536) if number not in set(avoid))
    return next((number for number in candidates if _port_trouble(number) is None), port + 1)


def pages_answer(port: int) -> bool:
    """Tell whether /healthz answers 200."""
    return _answers_200(port, "/healthz")


def live_answers(port: int) -> bool:
    """Tell whether live updates listen to the database."""
    return _answers_200(port, "/direct/healthz")


def _answers_200(port: int, path: str) -> bool:
    """Asked directly: a proxy of the environment has no say here."""
    connection = http.client.HTTPConnection(LOCAL, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def mail_door_answers(port: int) -> bool:
    """Tell whether the LMTP listener greets."""
    try:
        with socket.create_connection((LOCAL, port), timeout=5) as connection:
            greeting = connection.recv(512)
            connection.sendall(b"QUIT\r\n")
            connection.recv(512)
    except OSError:
        return False
    return greeting.startswith(b"220")


def static_signature(checkout: Path = CHECKOUT) -> str:
    """Return a digest of the static files of the checkout and of the locked dependencies, which bring theirs."""
    digest = hashlib.sha256()
    folders = [checkout / "guichet" / "static", *sorted(checkout.glob("guichet/*/static"))]
    paths = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    for path in paths:
        status = path.stat()
        digest.update(f"{path.relative_to(checkout)} {status.st_size} {status.st_mtime_ns}\n".encode())
    locked = checkout / "requirements" / "base.txt"
    digest.update(locked.read_bytes() if locked.exists() else b"")
    return digest.hexdigest()
