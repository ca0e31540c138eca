"""The machines that act: every event has an author, and a rule is one too."""

from __future__ import annotations

from django.db import transaction

from guichet.accounts.models import User

GUICHET = "guichet@machine.invalid"  # rules, clocks, reminders
PORTAL = "portail@machine.invalid"  # a citizen acting through the portal or the form
MAIL = "courriel@machine.invalid"  # a citizen writing by e-mail

_NAMES = {GUICHET: "Guichet", PORTAL: "Portail", MAIL: "Courriel"}
_known: dict[str, User] = {}


def machine(email: str) -> User:
    """The machine user of that address, created the first time. Cached: its row never changes."""
    found = _known.get(email)
    if found is None:
        found, _ = User.objects.get_or_create(
            email=email, defaults={"kind": User.Kind.MACHINE, "last_name": _NAMES[email], "password": "!"}
        )
        # Remembered once committed only: a rollback would leave a user that does not exist.
        user = found
        transaction.on_commit(lambda: _known.__setitem__(email, user))
    return found


def forget() -> None:
    """Between tests, where the rows are rolled back."""
    _known.clear()
