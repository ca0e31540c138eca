"""`python -m guichet.hosting run` and `python -m guichet.hosting db start|stop|status|url|exec`."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from guichet.hosting import Refusal, home_folder, postgres, supervisor


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code (2: refused, with one sentence on the error output)."""
    options = _parser().parse_args(arguments)
    try:
        return supervisor.main() if options.command == "run" else _db(options)
    except Refusal as refusal:
        print(" ".join(str(refusal).split()), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m guichet.hosting", description="Faire tourner Guichet.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="démarrer la base, le site, les tâches et le courrier")
    verbs = commands.add_parser("db", help="la base embarquée").add_subparsers(dest="verb", required=True)
    verbs.add_parser("start", help="démarrer la base et rendre la main")
    verbs.add_parser("stop", help="arrêter la base")
    verbs.add_parser("status", help="dire si la base tourne")
    verbs.add_parser("url", help="écrire son adresse")
    run = verbs.add_parser("exec", help="lancer une commande avec DATABASE_URL")
    run.add_argument("--temporary", action="store_true", help="sur une base jetable")
    run.add_argument("words", nargs=argparse.REMAINDER, metavar="-- COMMANDE")
    return parser


def _db(options: argparse.Namespace) -> int:
    if options.verb == "exec":
        return _exec(options)
    home = home_folder()
    cluster = postgres.Cluster(home)
    if options.verb == "start":
        started = cluster.start(attached=False)
        print("La base est démarrée." if started else "La base tournait déjà.")
        return 0
    if options.verb == "stop":
        print("La base est arrêtée." if cluster.stop() else "La base ne tournait pas.")
        return 0
    runs = cluster.connects()
    if options.verb == "url":
        if not runs:
            raise Refusal("La base ne tourne pas : lancez « python -m guichet.hosting db start ».")
        print(cluster.url)
        return 0
    print(f"La base tourne : {cluster.url}" if runs else "La base ne tourne pas.")
    return 0 if runs else 3


def _exec(options: argparse.Namespace) -> int:
    words = options.words[1:] if options.words[:1] == ["--"] else options.words
    if not words:
        raise Refusal("Donnez la commande à lancer après « -- ».")
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return postgres.execute(words, home=None if options.temporary else home_folder())
    except FileNotFoundError as error:
        raise Refusal(f"La commande {words[0]} est introuvable.") from error


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
