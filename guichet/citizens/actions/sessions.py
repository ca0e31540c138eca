"""Where the account is open, and closing it there."""

from __future__ import annotations

from django.db import transaction

from guichet.accounts.models import Session
from guichet.citizens.actions.writing_down import note
from guichet.citizens.models import Account
from guichet.core.refused import Refused


@transaction.atomic
def revoke_session(account: Account, key_prefix: str) -> int:
    """Those whose key starts so: whole keys are never printed on a page."""
    if len(key_prefix) < 8:
        raise Refused("Cette connexion n'existe plus.", status=400)
    closed, _ = Session.objects.filter(citizen_id=account.pk, session_key__startswith=key_prefix).delete()
    if closed:
        note("citizen.sessions_revoked", account, count=closed)
    return closed


@transaction.atomic
def revoke_sessions(account: Account, *, keep: str = "") -> int:
    """All of them but the current one."""
    closed = forget_sessions(account, keep=keep)
    if closed:
        note("citizen.sessions_revoked", account, count=closed)
    return closed


def forget_sessions(account: Account, *, keep: str = "") -> int:
    """Part of the actions after which nothing that was open may stay so."""
    closed, _ = Session.objects.filter(citizen_id=account.pk).exclude(session_key=keep).delete()
    return closed
