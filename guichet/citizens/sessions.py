"""Which citizen this browser is signed in as: kept in its session, checked at each request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import SESSION_KEY as AGENT_KEY
from django.utils.crypto import constant_time_compare, salted_hmac

from guichet.accounts.sessions import CITIZEN_KEY, device_of
from guichet.citizens.models import Account, of_living
from guichet.core.kept import Kept

if TYPE_CHECKING:
    from django.http import HttpRequest

OPEN = Kept(
    lambda pk: Account.objects.filter(pk=pk, closed_at__isnull=True).select_related("person", "person__merged_into")
)
OF_AGENTS = ("_auth_user_", "otp_", "proconnect_")  # what an agent signed in beside keeps


def open_account_of(pk: int) -> Account | None:
    """With its person."""
    account = OPEN.first(pk)
    return None if account is None else of_living(account)


def signed_in(request: HttpRequest) -> Account | None:
    """None, without a question to the database, when nobody is; the traces of a closed session are taken away."""
    kept = request.session.get(CITIZEN_KEY)
    if not kept:
        return None
    account = open_account_of(int(kept[0]))
    if account is None or not _is_current(account, str(kept[1])):
        leave(request)
        return None
    return account


def enter(request: HttpRequest, account: Account) -> None:
    """A new session key: a key known before is worth nothing after. What another citizen left is dropped."""
    kept = request.session.get(CITIZEN_KEY)
    if kept and int(kept[0]) != account.pk:
        leave(request)
    request.session.cycle_key()
    request.session["device"] = device_of(request.headers.get("User-Agent", ""))
    remember(request, account)


def remember(request: HttpRequest, account: Account) -> None:
    """Also after a change of password by this browser, which stays in."""
    request.session[CITIZEN_KEY] = [account.pk, _digests(account)[0]]


def leave(request: HttpRequest) -> None:
    """Nothing of the citizen stays in the browser; an agent signed in beside stays."""
    session = request.session
    if not session.get(AGENT_KEY):
        session.flush()
        return
    for key in [key for key in session.keys() if not key.startswith(OF_AGENTS) and key != "device"]:  # noqa: SIM118
        del session[key]
    session.cycle_key()


def _is_current(account: Account, digest: str) -> bool:
    return any(constant_time_compare(digest, one) for one in _digests(account))


def _digests(account: Account) -> list[str]:
    """By the key in service, then by those of before."""
    value = f"{account.password}|{account.session_salt}"
    return [
        salted_hmac("guichet.citizens.sessions", value, secret=secret, algorithm="sha256").hexdigest()
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ]
