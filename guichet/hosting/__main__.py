"""`python -m guichet.hosting run` and `python -m guichet.hosting db start|stop|status|url|exec -- CMD`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from guichet.hosting import database, supervisor
from guichet.hosting.refusal import Refusal


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; a `Refusal` becomes one sentence on the error output and its exit code."""
    parser = argparse.ArgumentParser(prog="guichet.hosting", description="Fait tourner Guichet sur une machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="lance la base, le site, l’ouvrier et la réception du courrier")
    run.add_argument("--with-parent", action="store_true", help="s’arrête avec le programme qui l’a lancé (make)")
    db = commands.add_parser("db", help="la base embarquée")
    db.add_argument("verb", choices=sorted(database.VERBS))
    given = list(sys.argv[1:] if arguments is None else arguments)
    # What follows the verb belongs to it: argparse would take `--temporary` or the command's options for its own.
    chosen = parser.parse_args(given[:2] if given[:1] == ["db"] else given)
    try:
        if chosen.command == "run":
            return supervisor.run(dict(os.environ), with_parent=chosen.with_parent)
        return database.VERBS[chosen.verb](dict(os.environ), given[2:])
    except Refusal as refusal:
        print(refusal.sentence, file=sys.stderr)
        return refusal.exit_code
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
