"""The machines that act: every event has an author, and a rule is one too."""

from __future__ import annotations

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
        _known[email] = found
    return found


def forget() -> None:
    """Between tests, where the rows are rolled back."""
    _known.clear()
