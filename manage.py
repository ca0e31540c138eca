#!/usr/bin/env python
"""Django's commands, on the embedded database when no other is given."""

import os
import sys

from guichet.hosting.home import home_from
from guichet.hosting.postgres import running_url
from guichet.hosting.refusal import Refusal

# They do their work without any database.
WITHOUT_DATABASE = {"collectstatic", "makemessages", "compilemessages", "help", "version", "check"}


def main() -> int:
    """Fill what the supervisor would give (database, secret key), then run the command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guichet.settings")
    home = home_from(os.environ)
    needs_database = len(sys.argv) > 1 and sys.argv[1] not in WITHOUT_DATABASE
    if needs_database and not os.environ.get("DATABASE_URL"):
        try:
            os.environ["DATABASE_URL"] = running_url(home)
        except Refusal as refusal:
            sys.stderr.write(f"{refusal.sentence}\n")
            return refusal.exit_code
    key = home / "secret-key"
    if not os.environ.get("GUICHET_SECRET_KEY") and os.access(key, os.R_OK):
        os.environ["GUICHET_SECRET_KEY"] = key.read_text().strip()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
    return 0


if __name__ == "__main__":
    sys.exit(main())
