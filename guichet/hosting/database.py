"""The database of an installation: the one of `DATABASE_URL`, checked, or the embedded one; and `db` commands."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from guichet.hosting.home import home_from
from guichet.hosting.postgres import Server, running_url
from guichet.hosting.postgres.binaries import OLDEST
from guichet.hosting.refusal import Refusal

Environment = dict[str, str]


def check(url: str) -> None:
    """Raise `Refusal` with what is wrong unless `url` leads to a PostgreSQL that is new enough."""
    try:
        if not url.startswith(("postgresql://", "postgres://")):
            raise psycopg.ProgrammingError
        place = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise Refusal(
            "DATABASE_URL est mal formé : attendu postgresql://utilisateur:motdepasse@serveur:5432/base "
            "(Guichet n’utilise que PostgreSQL).",
            exit_code=2,
        ) from error
    where = f"« {place.get('host', 'localhost')} », base « {place.get('dbname', '')} »"  # never the password
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            version = connection.info.server_version // 10000
            encoding = connection.info.parameter_status("server_encoding")
    except psycopg.Error as error:
        raise Refusal(f"DATABASE_URL : {_why(str(error))} ({where}).") from error
    if version < OLDEST:
        raise Refusal(
            f"DATABASE_URL mène à PostgreSQL {version} : Guichet demande la version {OLDEST} ou plus ({where})."
        )
    if encoding != "UTF8":
        raise Refusal(f"DATABASE_URL mène à une base codée en {encoding} : Guichet demande UTF8 ({where}).")


def _why(message: str) -> str:
    for sign, sentence in (
        ("password authentication failed", "le mot de passe ou l’utilisateur est refusé"),
        ("no password supplied", "le serveur demande un mot de passe"),
        ("Peer authentication failed", "l’utilisateur est refusé pour ce compte du système"),
        ("no pg_hba.conf entry", "le serveur n’accepte pas cette machine ou cet utilisateur"),
        ("role ", "cet utilisateur n’existe pas"),
        ("does not exist", "cette base n’existe pas"),
        ("resolve host", "ce nom de serveur est inconnu"),
        ("Name or service not known", "ce nom de serveur est inconnu"),
        ("too many clients", "le serveur n’a plus de connexion libre"),
        ("timeout expired", "la base ne répond pas"),
        ("starting up", "la base démarre, réessayez dans un instant"),
    ):
        if sign in message:
            return sentence
    return "la base ne peut pas être jointe"


def is_reachable(url: str) -> bool:
    """Tell whether a connection to `url` succeeds now."""
    try:
        psycopg.connect(url, connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


# -- commands ---------------------------------------------------------------------------------------------------------


def _start(environment: Environment, _: Sequence[str]) -> int:
    server = Server(home_from(environment), say=print)
    started = server.start(keep=True)
    print(f"PostgreSQL {'a démarré' if started else 'tourne déjà'} (processus {server.pid()}).")
    return 0


def _stop(environment: Environment, _: Sequence[str]) -> int:
    home = home_from(environment)
    stopped = home.exists() and Server(home).stop()
    print("PostgreSQL est arrêté." if stopped else "PostgreSQL ne tournait pas.")
    return 0


def _status(environment: Environment, _: Sequence[str]) -> int:
    """Answer 0 when the server answers, 3 otherwise (as system services do)."""
    home = home_from(environment)
    if home.exists():
        server = Server(home)
        if server.answers():
            print(f"PostgreSQL tourne (processus {server.pid()}) : {server.url}")
            return 0
        if (pid := server.pid()) is not None:
            print(f"PostgreSQL (processus {pid}) est lancé mais ne répond pas encore.")
            return 3
    print("PostgreSQL ne tourne pas.")
    return 3


def _url(environment: Environment, _: Sequence[str]) -> int:
    print(environment.get("DATABASE_URL") or running_url(home_from(environment)))
    return 0


def _exec(environment: Environment, words: Sequence[str]) -> int:
    """Run a command with DATABASE_URL set, and stop the server afterwards if it was started for it.

    With `--temporary` first, on a database and a data folder made for it and deleted after it.
    """
    temporary = list(words[:1]) == ["--temporary"]
    words = words[1:] if temporary else words
    command = list(words[1:] if list(words[:1]) == ["--"] else words)
    if not command:
        raise Refusal("Donnez la commande à lancer : db exec -- COMMANDE.", exit_code=2)
    given = environment.get("DATABASE_URL")
    if given:
        check(given)
        return _call(command, environment)
    if temporary:
        return _call_on_throwaway(command, environment)
    home = home_from(environment)
    server = Server(home)
    try:
        server.start()
        return _call(command, {**environment, "DATABASE_URL": server.url, "GUICHET_HOME": str(home)})
    finally:
        server.close()


def _call_on_throwaway(command: list[str], environment: Environment) -> int:
    home = Path(tempfile.mkdtemp(prefix="guichet-"))  # short on purpose: the path of a socket is limited
    home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    server = Server(home, throwaway=True)
    try:
        server.start()
        return _call(command, {**environment, "DATABASE_URL": server.url, "GUICHET_HOME": str(home)})
    finally:
        server.erase()
        shutil.rmtree(home, ignore_errors=True)


def _call(command: list[str], environment: Environment) -> int:
    """Run the command to its end, whatever signal reaches us: it gets it too, and the server stops after it."""
    try:
        process = subprocess.Popen(command, env=environment)
    except OSError as error:
        raise Refusal(f"La commande « {command[0]} » ne peut pas être lancée.", exit_code=127) from error
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for number in before:
        signal.signal(number, lambda got, _frame: process.send_signal(got))
    try:
        code = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return code if code >= 0 else 128 - code


VERBS: dict[str, Callable[[Environment, Sequence[str]], int]] = {
    "start": _start,
    "stop": _stop,
    "status": _status,
    "url": _url,
    "exec": _exec,
}
