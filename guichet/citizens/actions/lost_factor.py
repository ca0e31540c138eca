"""A telephone and spare codes are lost: the second factor goes after three days in which its owner can object.

The first proof was given. It is not enough by itself, or there would be no second one: whoever holds the code stops
this by signing in, and is told at every address proved as his.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from guichet.citizens import letters
from guichet.citizens.actions.sessions import forget_sessions
from guichet.citizens.actions.writing_down import locked, note
from guichet.citizens.models import Account
from guichet.core.calendar import say_moment
from guichet.outbox.actions import queue
from guichet.people.models import ContactPoint

WAIT = timedelta(days=3)
AT_ONCE = 200


@transaction.atomic
def ask_removal(account: Account) -> datetime | None:
    """When it will go; None when there is nothing to remove any more. Asked again, the first moment stays."""
    account = locked(account)
    if not account.has_second_factor:
        return None
    if account.factor_leaves_at is None:
        account.factor_leaves_at = timezone.now() + WAIT
        account.save(update_fields=["factor_leaves_at"])
        for address in _addresses(account):
            queue(letters.factor_leaves(address, say_moment(account.factor_leaves_at)))
        note("citizen.second_factor_lost", account)
    return account.factor_leaves_at


def keep_factor(account: Account) -> None:
    """Part of what proves that it is not lost, the account locked."""
    if account.factor_leaves_at is not None:
        account.factor_leaves_at = None
        account.save(update_fields=["factor_leaves_at"])
        note("citizen.second_factor_kept", account)


def remove_lost() -> int:
    """Those whose days are over, each in its own transaction."""
    due = Account.objects.filter(factor_leaves_at__lte=timezone.now(), closed_at__isnull=True).order_by("pk")[:AT_ONCE]
    return sum(_remove(account) for account in due)


@transaction.atomic
def _remove(account: Account) -> bool:
    account = locked(account)
    if account.factor_leaves_at is None or account.factor_leaves_at > timezone.now():
        return False
    take_off(account, "citizen.second_factor_removed", told=_addresses(account))
    forget_sessions(account)
    return True


def take_off(account: Account, verb: str, *, told: Iterable[str]) -> None:
    """Part of what removes the second factor, the account locked; `told`: the addresses that learn it."""
    account.totp_secret, account.totp_step, account.recovery_digests, account.factor_leaves_at = "", -1, [], None
    account.save(update_fields=["totp_secret", "totp_step", "recovery_digests", "factor_leaves_at"])
    for address in told:
        queue(letters.warning(address, "La vérification en deux étapes de votre compte vient d'être retirée."))
    note(verb, account)


def _addresses(account: Account) -> list[str]:
    points = ContactPoint.objects.filter(
        person_id=account.person_id, kind=ContactPoint.Kind.EMAIL, verified_at__isnull=False, is_shared=False,
        bad_since__isnull=True,
    )  # fmt: skip
    return sorted({account.email, *points.values_list("value", flat=True)})
