"""Who is signed in on the citizens' side, and where he goes next.

`request.citizen` is the `Account` or None on every request (citizens.middleware). Behind `citizen_required` it is an
`Account`: type the request as `CitizenRequest`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme

from guichet.citizens import sessions
from guichet.citizens.actions import be_seen, note_entry
from guichet.citizens.models import Account
from guichet.core import limits

PENDING_SECONDS = 300
_PENDING = "citizen_pending"
NEXT = "suite"

View = Callable[..., HttpResponseBase]


class CitizenRequest(HttpRequest):
    """A request whose author is a citizen who signed in."""

    citizen: Account


def citizen_of(request: HttpRequest) -> Account | None:
    found: Account | None = getattr(request, "citizen", None)
    return found


def citizen_required(view: View) -> View:
    """Signed in, else the sign-in page, which comes back here. Never kept by a cache."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        account = citizen_of(request)
        if account is None:
            return to_sign_in(request.get_full_path() if request.method in {"GET", "HEAD"} else "")
        be_seen(account)
        response = view(request, *args, **kwargs)
        add_never_cache_headers(response)
        return response

    return guarded


def to_sign_in(wanted: str = "") -> HttpResponseRedirect:
    query = f"?{urlencode({NEXT: wanted})}" if wanted else ""
    return HttpResponseRedirect(f"{reverse('portal:sign_in')}{query}")


def landing() -> str:
    """The first page after signing in."""
    return reverse("portal:dashboard")


def wanted_page(request: HttpRequest) -> str:
    """The page asked for before signing in; empty when it is not one of ours for citizens."""
    return own_page(request, str(request.POST.get(NEXT) or request.GET.get(NEXT) or ""))


def own_page(request: HttpRequest, wanted: str) -> str:
    inside = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if inside and wanted.startswith("/") and not wanted.startswith("/bureau/") else ""


# -- entering ---------------------------------------------------------------------------------------------------------


def enter_or_ask_code(request: HttpRequest, account: Account, *, how: str, after: str = "") -> HttpResponse:
    """The first proof was good. The second one is asked of those who want it, whatever the first was."""
    if not account.has_second_factor:
        return enter(request, account, how=how, after=after)
    request.session.cycle_key()
    request.session[_PENDING] = [account.pk, int(time.time()), how, after]
    return redirect("portal:sign_in_code")


def enter(request: HttpRequest, account: Account, *, how: str, after: str = "") -> HttpResponse:
    request.session.pop(_PENDING, None)
    sessions.enter(request, account)
    note_entry(account, how)
    limits.forget("citizen-address", account.email)
    return HttpResponseRedirect(after or landing())


def pending(request: HttpRequest) -> tuple[Account, str, str] | None:
    """Whose second proof is waited for, how he came, where he goes; None after five minutes."""
    kept = request.session.get(_PENDING)
    if not kept or time.time() - kept[1] > PENDING_SECONDS:
        return None
    account = sessions.open_account_of(int(kept[0]))
    return None if account is None else (account, str(kept[2]), str(kept[3]))
