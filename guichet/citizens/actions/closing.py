from __future__ import annotations

import secrets

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from guichet.citizens import letters
from guichet.citizens.actions.sessions import forget_sessions
from guichet.citizens.actions.writing_down import locked, note
from guichet.citizens.models import Account, SignInLink
from guichet.core.refused import Refused
from guichet.outbox.actions import queue


@transaction.atomic
def close_account(account: Account, *, password: str = "") -> None:
    """The login goes, with all that opens it. The record of the person and his requests stay: they are archives."""
    account = locked(account)
    if account.has_password and not account.check_password(password):
        raise Refused("Le mot de passe n'est pas le bon.", status=400)
    queue(letters.closed(account.email))
    account.email, account.password, account.session_salt = "", make_password(None), secrets.token_hex(16)
    account.totp_secret, account.recovery_digests = "", []
    account.closed_at = timezone.now()
    account.save(update_fields=["email", "password", "session_salt", "totp_secret", "recovery_digests", "closed_at"])
    SignInLink.objects.filter(account=account).delete()
    account.identities.all().delete()
    forget_sessions(account)
    note("citizen.closed", account)
