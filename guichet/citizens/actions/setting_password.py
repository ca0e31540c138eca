from __future__ import annotations

import secrets

from django.contrib.auth.hashers import make_password
from django.db import transaction

from guichet.citizens import letters
from guichet.citizens.actions.linking import EXPIRED, use
from guichet.citizens.actions.sessions import forget_sessions
from guichet.citizens.actions.writing_down import locked, note
from guichet.citizens.models import Account, SignInLink
from guichet.core.refused import Refused
from guichet.outbox.actions import queue


@transaction.atomic
def change_password(account: Account, *, current: str, password: str, keep: str) -> Account:
    """The new one was validated by the form. Other sessions are closed; the links that were sent open nothing more."""
    account = locked(account)
    if not account.check_password(current):
        raise Refused("Le mot de passe actuel n'est pas le bon.", status=400)
    _set(account, password, keep=keep)
    note("citizen.password_changed", account)
    return account


@transaction.atomic
def choose_password(link: SignInLink, password: str) -> Account:
    """Forgotten, or never chosen: the link came back from the address. Every session is closed."""
    if link.purpose != SignInLink.Purpose.PASSWORD or link.account is None:
        raise Refused(EXPIRED, status=400)
    account = locked(link.account)
    use(link)
    _set(account, password, keep="")
    note("citizen.password_reset", account)
    return account


def _set(account: Account, password: str, *, keep: str) -> None:
    account.password = make_password(password)
    account.session_salt = secrets.token_hex(16)
    account.save(update_fields=["password", "session_salt"])
    forget_sessions(account, keep=keep)
    SignInLink.objects.filter(account=account, used_at__isnull=True).delete()
    queue(letters.warning(account.email, "Le mot de passe de votre compte vient de changer."))
