"""Who is behind a session cookie, and is he still? The same session, the same rule as the pages."""

from __future__ import annotations

from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from guichet.accounts.sessions import SessionStore
from guichet.cases.policy import Viewer, viewer_of
from guichet.desk.guard import is_agent


def session_key(cookies: str) -> str:
    """The key of the session in a Cookie header; "" when there is none."""
    try:
        found = SimpleCookie(cookies).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return found.value if found and found.value.isalnum() and len(found.value) <= 40 else ""


def viewer_behind(key: str) -> Viewer | None:
    """The agent logged in with this session, or None: expired, revoked, closed account, changed password."""
    if not key:
        return None
    request = HttpRequest()
    request.session = SessionStore(key)
    user = get_user(request)
    return viewer_of(user) if is_agent(user) else None  # type: ignore[arg-type]


def viewers_behind(keys: Iterable[str]) -> dict[str, Viewer | None]:
    return {key: viewer_behind(key) for key in keys}
