"""Which providers are plugged, and where they answer (OpenID Connect Discovery 1.0)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import requests
from django.conf import settings

TIMEOUT = (3.05, 7)  # seconds to connect, then to answer
REMEMBERED = 3600.0  # seconds: endpoints and keys
ASKED_AGAIN = 30.0  # seconds, at least, between two readings of keys for one that is not known


class Unreachable(Exception):
    """It does not answer, or not what it should."""


@dataclass(frozen=True, slots=True)
class Provider:
    code: str  # "franceconnect"
    name: str  # "FranceConnect"
    issuer: str
    client_id: str
    client_secret: str
    scopes: str
    acr: tuple[str, ...]  # levels accepted, the first one is asked; none: not asked
    claims: str  # JSON of the `claims` parameter, or empty
    callback: str  # names of our addresses
    signed_out: str


@dataclass(frozen=True, slots=True)
class Endpoints:
    authorization: str
    token: str
    userinfo: str
    keys: str
    end_session: str


def provider(code: str) -> Provider | None:
    """None when it is not set up: its button is not shown."""
    found = settings.OPENID[code]
    if not (found["issuer"] and found["client_id"] and found["client_secret"]):
        return None
    return Provider(code=code, **found)


_endpoints: dict[str, tuple[float, Endpoints]] = {}
_keys: dict[str, tuple[float, list[dict[str, Any]]]] = {}


def endpoints(of: Provider) -> Endpoints:
    kept = _endpoints.get(of.issuer)
    if kept is None or time.monotonic() - kept[0] > REMEMBERED:
        said = _read(f"{of.issuer.rstrip('/')}/.well-known/openid-configuration")
        if said.get("issuer") != of.issuer:
            raise Unreachable("another issuer answers")
        try:
            found = Endpoints(
                said["authorization_endpoint"], said["token_endpoint"], said["userinfo_endpoint"], said["jwks_uri"],
                said.get("end_session_endpoint", ""),
            )  # fmt: skip
        except KeyError as missing:
            raise Unreachable(f"no {missing}") from None
        kept = _endpoints[of.issuer] = (time.monotonic(), found)
    return kept[1]


def keys(address: str, *, key_id: str) -> list[dict[str, Any]]:
    """Public keys; read again when none has that name: providers renew them."""
    kept = _keys.get(address)
    age = time.monotonic() - kept[0] if kept else REMEMBERED + 1
    known = kept is not None and any(key.get("kid") == key_id for key in kept[1])
    if kept is None or age > REMEMBERED or (not known and age > ASKED_AGAIN):
        found = _read(address).get("keys")
        if not isinstance(found, list):
            raise Unreachable("no keys")
        kept = _keys[address] = (time.monotonic(), found)
    return kept[1]


def forget() -> None:
    """Between tests."""
    _endpoints.clear()
    _keys.clear()


def _read(address: str) -> dict[str, Any]:
    try:
        response = requests.get(address, timeout=TIMEOUT, allow_redirects=False)
        response.raise_for_status()
        said = response.json()
    except (requests.RequestException, ValueError) as error:
        raise Unreachable(str(error)) from error
    if response.status_code != 200 or not isinstance(said, dict):
        raise Unreachable("not a document")
    return said
