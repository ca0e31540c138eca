"""The line of the journal of what a citizen did on his login."""

from __future__ import annotations

from typing import Any

from guichet.accounts.machines import PORTAL, machine
from guichet.accounts.models import User
from guichet.citizens.models import Account, of_living
from guichet.core.refused import Refused
from guichet.journal.actions import record


def author() -> User:
    return machine(PORTAL)


def note(verb: str, account: Account, **data: Any) -> None:
    record(
        verb, by=author(), person_id=account.person_id, on_behalf_of=account.person_id,
        subject=f"citizen:{account.pk}", **data,
    )  # fmt: skip


def locked(account: Account) -> Account:
    """The row, for this transaction. Raises `Refused` when it was closed meanwhile."""
    rows = Account.objects.select_for_update(of=("self",)).select_related("person__merged_into")
    found = rows.filter(pk=account.pk).first()
    if found is None or not found.is_open:
        raise Refused("Ce compte est fermé.")
    return of_living(found)
