#!/usr/bin/env python
"""Django's commands, on the embedded database when it runs and no other is given."""

import os
import sys
from pathlib import Path

from guichet.hosting import CHECKOUT, postgres


def use_embedded_server() -> None:
    """Fill what the supervisor would give: the address of the database and the secret key."""
    home = Path(os.environ.get("GUICHET_HOME") or CHECKOUT / "data").expanduser().resolve()
    if not os.environ.get("DATABASE_URL") and (address := postgres.url(home)):
        os.environ["DATABASE_URL"] = address
    key = home / "secret-key"
    if not os.environ.get("GUICHET_SECRET_KEY") and os.access(key, os.R_OK):
        os.environ["GUICHET_SECRET_KEY"] = key.read_text("ascii").strip()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guichet.settings")
    use_embedded_server()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
