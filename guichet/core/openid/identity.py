"""The answer of a provider, read with mozilla-django-oidc and verified more than it does.

It looks neither at `iss`, `aud`, `acr` nor at the `sub` of userinfo, and takes an unsigned userinfo: all are checked
here (OpenID Connect Core 1.0, 3.1.3.7 and 5.3.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jwt
import requests
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.urls import reverse
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from guichet.core.openid.provider import TIMEOUT, Provider, Unreachable, endpoints, keys

ALGORITHMS = ("ES256", "RS256")  # signed by a key pair; « none » and shared secrets never
LEEWAY = 30  # seconds between two clocks


class Untrusted(Exception):
    """What came back proves nothing."""


@dataclass(frozen=True, slots=True)
class Identity:
    provider: str
    issuer: str
    sub: str
    claims: dict[str, Any]  # of userinfo
    id_token: str  # given back when signing out
    methods: frozenset[str]  # `amr`: how the person proved himself

    def text(self, name: str) -> str:
        """A claim as text; empty when it is not one."""
        value = self.claims.get(name)
        return value.strip()[:160] if isinstance(value, str) else ""


class Backend(OIDCAuthenticationBackend):  # type: ignore[misc]  # the library has no types
    """One provider, one answer."""

    def __init__(self, of: Provider) -> None:
        self.provider = of
        self.endpoints = endpoints(of)
        self.settings = {
            "OIDC_OP_TOKEN_ENDPOINT": self.endpoints.token,
            "OIDC_OP_USER_ENDPOINT": self.endpoints.userinfo,
            "OIDC_OP_JWKS_ENDPOINT": self.endpoints.keys,
            "OIDC_RP_CLIENT_ID": of.client_id,
            "OIDC_RP_CLIENT_SECRET": of.client_secret,
            "OIDC_RP_SIGN_ALGO": ALGORITHMS[0],
            "OIDC_TIMEOUT": TIMEOUT,
        }
        super().__init__()

    def get_settings(self, attr: str, *args: Any) -> Any:
        return self.settings.get(attr, args[0] if args else None)

    def identify(self, code: str, nonce: str) -> Identity:
        """Raises `Untrusted`, or `Unreachable`."""
        try:
            tokens = self.get_token({
                "client_id": self.provider.client_id,
                "client_secret": self.provider.client_secret,
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": own_address(self.provider.callback),
            })  # fmt: skip
            said = self.verify_token(tokens["id_token"], nonce=nonce)
            claims = self.get_userinfo(tokens["access_token"], tokens["id_token"], said)
        except requests.HTTPError as error:
            if error.response is not None and error.response.status_code < 500:
                raise Untrusted("refused by the provider") from error
            raise Unreachable("fault of the provider") from error
        except requests.JSONDecodeError as error:
            raise Untrusted("not a token") from error
        except requests.RequestException as error:
            raise Unreachable(str(error)) from error
        except (jwt.PyJWTError, SuspiciousOperation, KeyError, TypeError, ValueError, AttributeError) as error:
            raise Untrusted(str(error)) from error
        methods = said.get("amr")
        return Identity(
            self.provider.code, self.provider.issuer, said["sub"], claims, tokens["id_token"],
            frozenset(map(str, methods)) if isinstance(methods, list) else frozenset(),
        )  # fmt: skip

    def verify_token(self, token: Any, **kwargs: Any) -> dict[str, Any]:
        """The claims of an id token: signature, issuer, audience, end, nonce, level."""
        said = self._signed(token, required=("iss", "aud", "sub", "exp", "iat"))
        if not kwargs.get("nonce") or said.get("nonce") != kwargs["nonce"]:
            raise Untrusted("another nonce")
        if self.provider.acr and said.get("acr") not in self.provider.acr:
            raise Untrusted("another level")
        return said

    def get_userinfo(self, access_token: str, id_token: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Signed too, and about the same person."""
        response = requests.get(
            self.endpoints.userinfo, headers={"Authorization": f"Bearer {access_token}"}, timeout=TIMEOUT,
            allow_redirects=False,
        )  # fmt: skip
        response.raise_for_status()
        if not response.headers.get("Content-Type", "").lower().startswith("application/jwt"):
            raise Untrusted("userinfo is not signed")
        said = self._signed(response.text.strip(), required=("iss", "aud", "sub"))
        if said["sub"] != payload["sub"]:
            raise Untrusted("userinfo is about somebody else")
        return said

    def _signed(self, token: Any, *, required: tuple[str, ...]) -> dict[str, Any]:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS:
            raise Untrusted("not a signature we take")
        key = self._key(str(header.get("kid", "")), algorithm)
        said: dict[str, Any] = jwt.decode(
            token, key, algorithms=[algorithm], audience=self.provider.client_id, issuer=self.provider.issuer,
            leeway=LEEWAY, options={"require": list(required)},
        )  # fmt: skip
        if isinstance(said["aud"], list) and len(said["aud"]) > 1 and said.get("azp") != self.provider.client_id:
            raise Untrusted("for another service")
        if not isinstance(said["sub"], str) or not 0 < len(said["sub"]) <= 255:
            raise Untrusted("nobody")
        return said

    def _key(self, name: str, algorithm: str) -> jwt.PyJWK:
        kind = {"ES256": "EC", "RS256": "RSA"}[algorithm]
        for key in keys(self.endpoints.keys, key_id=name):
            if key.get("kid") == name and key.get("kty") == kind and key.get("use", "sig") == "sig":
                return jwt.PyJWK(key, algorithm)
        raise Untrusted("an unknown key")


def own_address(name: str) -> str:
    """As it was declared to the provider, whatever name this request came by."""
    return f"{settings.PUBLIC_URL}{reverse(name)}"
