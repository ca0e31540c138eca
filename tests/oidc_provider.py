"""An OpenID provider for tests, as strict as FranceConnect: real HTTP, real signatures.

In a process (`python -m tests.oidc_provider 9001 …`) for the journeys, in a thread for the other tests, which may ask
it to be dishonest (`Provider.fault`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import secrets
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

CODE_LIVES = 30.0  # seconds, as FranceConnect
TOKEN_LIVES = 60.0
NONCE_AT_LEAST = {"franceconnect": 22, "proconnect": 32}
KNOWN = {"client_id", "redirect_uri", "response_type", "scope", "state", "nonce", "acr_values", "claims"}

PATHS = {  # of ours: where it leads back, and after signing out
    "franceconnect": ("/mon-compte/franceconnect/retour/", "/mon-compte/deconnecte/"),
    "proconnect": ("/bureau/proconnect/retour/", "/bureau/connexion/"),
}

CAMILLE = {
    "sub": "7f3ac1d0camillev1", "given_name": "Camille Rose", "given_name_array": ["Camille", "Rose"],
    "family_name": "Duprat", "birthdate": "2004-03-12", "email": "camille.duprat@courriel.example",
}  # fmt: skip
NADIA = {
    "sub": "pc-nadia", "given_name": "Nadia", "usual_name": "Belkacem", "email": "nadia@agents.example",
    "uid": "nbelkacem", "siret": "20005375900011",
}  # fmt: skip


@dataclass
class Provider:
    port: int = 0
    kind: str = "franceconnect"
    client_id: str = "guichet-test"
    client_secret: str = "a-secret-of-tests"
    callbacks: tuple[str, ...] = ()
    after_logout: tuple[str, ...] = ()
    people: dict[str, dict[str, Any]] = field(default_factory=lambda: {"camille": dict(CAMILLE)})
    amr: list[str] = field(default_factory=lambda: ["pwd"])
    algorithm: str = "ES256"  # of both tokens
    fault: str = ""  # how it lies: see `_lie`
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    signed_out: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rsa = rsa.generate_private_key(65537, 2048)
        self.ec = ec.generate_private_key(ec.SECP256R1())
        self.other = ec.generate_private_key(ec.SECP256R1())
        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler())
        self.port = self.server.server_port
        self.issuer = f"http://127.0.0.1:{self.port}/api/v2"

    def start(self) -> Provider:
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    # -- what it says -------------------------------------------------------------------------------------------------

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token", "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks", "end_session_endpoint": f"{self.issuer}/session/end",
        }  # fmt: skip

    def keys(self) -> dict[str, Any]:
        one = json.loads(RSAAlgorithm.to_jwk(self.rsa.public_key()))
        two = json.loads(ECAlgorithm.to_jwk(self.ec.public_key()))
        return {"keys": [{**one, "kid": "rsa", "use": "sig"}, {**two, "kid": "ec", "use": "sig"}]}

    def sign(self, claims: dict[str, Any]) -> str:
        key: Any = self.ec if self.algorithm == "ES256" else self.rsa
        return jwt.encode(claims, key, self.algorithm, headers={"kid": "ec" if self.algorithm == "ES256" else "rsa"})

    def faults_of(self, params: dict[str, str]) -> str:
        """Why this request for authorization is refused; empty when it is right."""
        long_enough = NONCE_AT_LEAST[self.kind]
        if params.get("client_id") != self.client_id:
            return "client_id"
        if params.get("redirect_uri") not in self.callbacks:
            return "redirect_uri"
        if params.get("response_type") != "code" or "openid" not in params.get("scope", "").split():
            return "response_type or scope"
        if set(params) - KNOWN:
            return f"unknown parameter (Y000400): {set(params) - KNOWN}"
        for name in ("state", "nonce"):
            if len(params.get(name, "")) < long_enough:
                return f"{name} is too short"
        if self.kind == "franceconnect" and params.get("acr_values") not in {"eidas1"}:
            return "acr_values"
        return ""

    def exchange(self, form: dict[str, str]) -> dict[str, Any]:
        """Tokens for a code; raises on anything that is not right. A code serves once."""
        if not hmac.compare_digest(form.get("client_secret", ""), self.client_secret):
            raise ValueError("client_secret")
        if form.get("client_id") != self.client_id or form.get("grant_type") != "authorization_code":
            raise ValueError("client_id or grant_type")
        given = self.codes.pop(form.get("code", ""))
        if time.monotonic() - given["at"] > CODE_LIVES:
            raise ValueError("code too old")
        if form.get("redirect_uri") != given["redirect_uri"]:
            raise ValueError("redirect_uri")
        now = int(time.time())
        who = self.people[given["who"]]
        claims = {
            "iss": self.issuer, "aud": self.client_id, "sub": who["sub"], "iat": now, "exp": now + 60,
            "nonce": given["nonce"], "acr": given.get("acr_values") or "eidas1", "amr": self.amr,
        }  # fmt: skip
        access = secrets.token_urlsafe(24)
        self.tokens[access] = {"who": given["who"], "at": time.monotonic()}
        return {"access_token": access, "token_type": "Bearer", "expires_in": 60, "id_token": self._lie("id", claims)}

    def userinfo(self, access: str) -> tuple[str, str]:
        """(content type, body)"""
        given = self.tokens[access]
        if time.monotonic() - given["at"] > TOKEN_LIVES:
            raise ValueError("token too old")
        now = int(time.time())
        claims = {**self.people[given["who"]], "iss": self.issuer, "aud": self.client_id, "iat": now, "exp": now + 60}
        if self.fault == "userinfo json":
            return "application/json", json.dumps(claims)
        return "application/jwt", self._lie("userinfo", claims)

    def _lie(self, token: str, claims: dict[str, Any]) -> str:
        """`fault` is « <token> <what> »."""
        about, _, what = self.fault.partition(" ")
        if about != token:
            return self.sign(claims)
        changed = {
            "nonce": {"nonce": "another nonce that is long enough to be one"}, "aud": {"aud": "somebody-else"},
            "iss": {"iss": "https://ailleurs.example"}, "acr": {"acr": "eidas0"}, "sub": {"sub": "somebody else"},
            "expired": {"exp": int(time.time()) - 3600}, "azp": {"aud": [self.client_id, "x"], "azp": "x"},
        }.get(what, {})  # fmt: skip
        claims = {**claims, **changed}
        if what.startswith("no "):
            claims.pop(what[3:], None)
        if what == "alg none":
            return jwt.encode(claims, None, "none", headers={"kid": "ec"})
        if what == "other key":
            return jwt.encode(claims, self.other, "ES256", headers={"kid": "ec"})
        if what == "unknown key":
            return jwt.encode(claims, self.other, "ES256", headers={"kid": "unknown"})
        if what == "shared secret":
            return jwt.encode(claims, self.client_secret * 3, "HS256", headers={"kid": "ec"})
        if what == "public key as secret":
            return _forged_with_public_key(claims, json.dumps(self.keys()["keys"][0]))
        if what == "tampered":
            head, body, signature = self.sign(claims).split(".")
            body = base64.urlsafe_b64encode(json.dumps({**claims, "sub": "x"}).encode()).rstrip(b"=").decode()
            return f"{head}.{body}.{signature}"
        if what == "garbage":
            return "not a token"
        return self.sign(claims)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *said: object) -> None:
                pass

            def answer(self, status: int, body: str, kind: str = "text/html; charset=utf-8", **headers: str) -> None:
                self.send_response(status)
                for name, value in {"Content-Type": kind, "Cache-Control": "no-store", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body.encode())))
                self.end_headers()
                self.wfile.write(body.encode())

            def refuse(self, why: str) -> None:
                provider.refused.append(why)
                self.answer(400, f"<!doctype html><title>Refus</title><p>{html.escape(why)}</p>")

            def do_GET(self) -> None:
                address = urlsplit(self.path)
                params = {name: values[-1] for name, values in parse_qs(address.query, keep_blank_values=True).items()}
                step = address.path.removeprefix("/api/v2")
                if provider.fault == "down":
                    self.answer(503, "")
                elif step == "/.well-known/openid-configuration":
                    self.answer(200, json.dumps(provider.discovery()), "application/json")
                elif step == "/jwks":
                    self.answer(200, json.dumps(provider.keys()), "application/json")
                elif step == "/authorize":
                    why = provider.faults_of(params)
                    self.refuse(why) if why else self.choose(params)
                elif step == "/authorize/as":
                    self.let_through(params)
                elif step == "/userinfo":
                    try:
                        kind, body = provider.userinfo(self.headers.get("Authorization", "").removeprefix("Bearer "))
                    except (KeyError, ValueError):
                        self.answer(401, "")
                    else:
                        self.answer(200, body, kind)
                elif step == "/session/end":
                    self.sign_out(params)
                else:
                    self.answer(404, "")

            def choose(self, params: dict[str, str]) -> None:
                names = [*provider.people, "renoncer"]
                ways = {who: html.escape(urlencode({**params, "who": who})) for who in names}
                links = "".join(f'<li><a href="/api/v2/authorize/as?{way}">{who}</a></li>' for who, way in ways.items())
                self.answer(200, f'<!doctype html><html lang="fr"><title>Fournisseur</title><ul>{links}</ul>')

            def let_through(self, params: dict[str, str]) -> None:
                who = params.pop("who", "")
                why = provider.faults_of(params)
                if why:
                    return self.refuse(why)
                back = {"state": params["state"], "iss": provider.issuer}
                if who == "renoncer":
                    back |= {"error": "access_denied", "error_description": "User auth aborted"}
                else:
                    code = secrets.token_urlsafe(24)
                    provider.codes[code] = {**params, "who": who, "at": time.monotonic()}
                    back |= {"code": code}
                if provider.fault == "iss of another":
                    back["iss"] = "https://ailleurs.example"
                return self.answer(302, "", Location=f"{params['redirect_uri']}?{urlencode(back)}")

            def sign_out(self, params: dict[str, str]) -> None:
                try:
                    keys: dict[str, Any] = {"ES256": provider.ec.public_key(), "RS256": provider.rsa.public_key()}
                    said = jwt.decode(
                        params["id_token_hint"], keys[jwt.get_unverified_header(params["id_token_hint"])["alg"]],
                        algorithms=["ES256", "RS256"], audience=provider.client_id, options={"verify_exp": False},
                    )  # fmt: skip
                    if params["post_logout_redirect_uri"] not in provider.after_logout or len(params["state"]) < 22:
                        raise ValueError("post_logout_redirect_uri or state")
                except (KeyError, ValueError, jwt.PyJWTError) as error:
                    return self.refuse(f"logout: {error!r}")
                provider.signed_out.append(said["sub"])
                query = urlencode({"state": params["state"]})
                return self.answer(302, "", Location=f"{params['post_logout_redirect_uri']}?{query}")

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", "0"))
                form = {name: values[-1] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
                if provider.fault == "token down":
                    return self.answer(502, "")
                if provider.fault == "token garbage":
                    return self.answer(200, "<p>maintenance</p>")
                if not self.path.endswith("/token"):
                    return self.answer(404, "")
                try:
                    return self.answer(200, json.dumps(provider.exchange(form)), "application/json")
                except (KeyError, ValueError) as error:
                    provider.refused.append(f"token: {error!r}")
                    return self.answer(400, json.dumps({"error": "invalid_grant"}), "application/json")

        return Handler


def _forged_with_public_key(claims: dict[str, Any], key: str) -> str:
    """HMAC keyed by what everybody knows: the old confusion of algorithms."""

    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    signed = f"{part(json.dumps({'alg': 'HS256', 'kid': 'rsa'}).encode())}.{part(json.dumps(claims).encode())}"
    return f"{signed}.{part(hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest())}"


def main(said: list[str]) -> None:
    """`python -m tests.oidc_provider PORT KIND ALGORITHM SITE`: until it is stopped."""
    port, kind, algorithm, site = said
    paths = PATHS[kind]
    people = {"camille": CAMILLE} if kind == "franceconnect" else {"nadia": NADIA}
    provider = Provider(
        port=int(port), kind=kind, algorithm=algorithm, callbacks=(f"{site}{paths[0]}",),
        after_logout=(f"{site}{paths[1]}",), people={name: dict(who) for name, who in people.items()},
    )  # fmt: skip
    provider.server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
