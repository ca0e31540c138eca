"""The database goes away and comes back: streams stay open, and nothing that happened is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from guichet.hosting.home import CHECKOUT
from guichet.hosting.postgres import Server
from tests.hosting.conftest import environment, home  # noqa: F401 (fixtures)
from tests.live.conftest import Live, Stream

pytestmark = pytest.mark.server

BUILD = """
from tests.factories import build_region, case_of, mail, receive
from tests.live.conftest import session_of
region = build_region()
case = case_of(receive(mail()))
print("BUILT", session_of(region.nadia), case.pk)
"""
CLOSE = """
from guichet.accounts.models import User
from guichet.cases import actions
from guichet.cases.models import Case
actions.close(Case.objects.get(), by=User.objects.get(email="nadia@agents.example"))
"""


def manage(settings: Mapping[str, str], *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *words], cwd=CHECKOUT, env=dict(settings), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_database_restarted_under_an_open_stream(home: Path, environment: dict[str, str]) -> None:  # noqa: F811
    server = Server(home)
    server.start()
    settings = {**os.environ, **environment, "DATABASE_URL": server.url, "GUICHET_TEST": "1"}
    live: Live | None = None
    try:
        manage(settings, "migrate", "--noinput")
        built = manage(settings, "shell", "-c", BUILD).split("BUILT", 1)[1].split()
        live = Live(settings)
        stream = Stream(live.port, cookie=built[0])
        assert stream.status == 200
        server.close()
        server = Server(home)
        server.start()
        manage(settings, "shell", "-c", CLOSE)
        told = stream.next()
        assert told is not None and set(told.cases) == {int(built[1])}
        live.wait_until_listening()
        stream.close()
    finally:
        said = live.stop() if live is not None else ""
        server.close()
    assert "Traceback" not in said and "is away" in said, said
