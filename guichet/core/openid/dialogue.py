"""Going to a provider and coming back: each departure has its own state and nonce, so that two tabs do not mix."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from mozilla_django_oidc.views import OIDCAuthenticationRequestView

from guichet.core.openid.identity import Backend, Identity, Untrusted, own_address
from guichet.core.openid.provider import Provider, Unreachable, endpoints

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

LENGTH = 43  # characters of a state and of a nonce: FranceConnect asks for 22, ProConnect for 32
MINUTES = 30  # between leaving and coming back
_STATES = "oidc_states"  # of the library
_LOGOUT = "oidc_logout"


class Abandoned(Exception):
    """The person gave up there, or came back too late or from another browser: nothing to fear, start again."""


class Departure(OIDCAuthenticationRequestView):  # type: ignore[misc]  # the library has no types
    def __init__(self, of: Provider) -> None:
        self.provider = of
        self.settings = {
            "OIDC_OP_AUTHORIZATION_ENDPOINT": endpoints(of).authorization,
            "OIDC_RP_CLIENT_ID": of.client_id,
            "OIDC_RP_SCOPES": of.scopes,
            "OIDC_STATE_SIZE": LENGTH,
            "OIDC_NONCE_SIZE": LENGTH,
            "OIDC_AUTHENTICATION_CALLBACK_URL": of.callback,
        }
        super().__init__()

    def get_settings(self, attr: str, *args: Any) -> Any:
        return self.settings.get(attr, args[0] if args else None)

    def get_extra_params(self, request: HttpRequest) -> dict[str, str]:
        asked = {"redirect_uri": own_address(self.provider.callback)}
        if self.provider.acr:
            asked["acr_values"] = self.provider.acr[0]
        if self.provider.claims:
            asked["claims"] = self.provider.claims
        return asked


def start(request: HttpRequest, of: Provider, *, after: str = "") -> HttpResponse:
    """To the provider. Raises `Unreachable`."""
    response: HttpResponse = Departure(of).get(request)
    request.session.pop("oidc_login_next", None)
    for state in request.session[_STATES].values():  # the new one is the only one without a provider
        state.setdefault("provider", of.code)
        state.setdefault("after", after)
    request.session.modified = True
    return response


def finish(request: HttpRequest, of: Provider) -> tuple[Identity, str]:
    """Who came back, and the page he wanted. Raises `Abandoned`, `Untrusted`, `Unreachable`."""
    left = _departure(request, of)
    if request.GET.get("error"):
        raise Abandoned(request.GET["error"])
    code = request.GET.get("code", "")
    if not code:
        raise Abandoned("no code")
    if request.GET.get("iss", of.issuer) != of.issuer:  # RFC 9207: the answer of another provider
        raise Untrusted("another issuer")
    return Backend(of).identify(code, left["nonce"]), str(left.get("after", ""))


def _departure(request: HttpRequest, of: Provider) -> dict[str, Any]:
    """Taken once, and at once: neither a replay nor a second tab finds it again."""
    states = request.session.get(_STATES, {})
    left: dict[str, Any] | None = states.pop(request.GET.get("state", ""), None)
    if left is None:
        raise Abandoned("no such departure")
    request.session.modified = True
    request.session.save()
    # Asking the provider is slow: what another tab writes in the session meanwhile must not be written over.
    request.session = request.session.__class__(request.session.session_key)
    if left.get("provider") != of.code or time.time() - left["added_on"] > MINUTES * 60:
        raise Abandoned("another departure")
    return left


def logout_address(request: HttpRequest, of: Provider, id_token: str) -> str:
    """Where the browser goes to be signed out there too; empty when the provider offers none, or does not answer.
    Call it once the session was emptied: the state is kept in the new one."""
    try:
        end = endpoints(of).end_session
    except Unreachable:
        return ""
    if not end:
        return ""
    state = secrets.token_urlsafe(32)
    request.session[_LOGOUT] = state
    asked = {"id_token_hint": id_token, "state": state, "post_logout_redirect_uri": own_address(of.signed_out)}
    return f"{end}?{urlencode(asked)}"


def came_back_signed_out(request: HttpRequest) -> bool:
    """Whether this is the return of the sign-out that this browser began."""
    kept = request.session.pop(_LOGOUT, "")
    return bool(kept) and secrets.compare_digest(str(kept), request.GET.get("state", ""))
