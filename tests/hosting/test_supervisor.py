from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from guichet.hosting import CHECKOUT, Refusal, secret_key, supervisor

pytestmark = pytest.mark.server


def run(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "guichet.hosting", "run"],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def assert_refused(done: subprocess.CompletedProcess[str], words: str) -> None:
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("variable", ["GUICHET_PORT", "GUICHET_LMTP_PORT"])
def test_a_taken_port_is_one_sentence(environment: dict[str, str], taken_port: int, variable: str) -> None:
    ports = {"GUICHET_PORT": free_port(), "GUICHET_LMTP_PORT": free_port(), variable: str(taken_port)}
    assert_refused(run({**environment, **ports}), f"Le port {taken_port} est déjà pris")


def test_an_unreachable_database_is_one_sentence_without_its_password(environment: dict[str, str]) -> None:
    address = f"postgresql://guichet:tressecret@127.0.0.1:{free_port()}/guichet"
    ports = {"GUICHET_PORT": free_port(), "GUICHET_LMTP_PORT": free_port()}
    done = run({**environment, **ports, "DATABASE_URL": address})
    assert_refused(done, "injoignable")
    assert "tressecret" not in done.stderr + done.stdout


def test_an_address_that_is_none_is_one_sentence(environment: dict[str, str]) -> None:
    ports = {"GUICHET_PORT": free_port(), "GUICHET_LMTP_PORT": free_port()}
    assert_refused(run({**environment, **ports, "DATABASE_URL": "mysql://x"}), "DATABASE_URL")


def test_an_unwritable_home_is_one_sentence(environment: dict[str, str], home: Path) -> None:
    (home / "file").touch()
    assert_refused(run({**environment, "GUICHET_HOME": str(home / "file" / "data")}), "ne peut pas écrire")


def test_the_secret_key_is_made_once_and_closed(home: Path) -> None:
    key = secret_key(home)
    assert len(key) >= 50
    assert secret_key(home) == key
    assert stat.S_IMODE((home / "secret-key").stat().st_mode) == 0o600


def watched(*programs: supervisor.Program, ready: bool = False) -> supervisor.Supervisor:
    return supervisor.Supervisor(
        programs,
        environment=dict(os.environ),
        ready=lambda: ready,
        announce=lambda: supervisor.say("ready"),
        first_delay=0.001,
    )


def python(name: str, code: str) -> supervisor.Program:
    return supervisor.Program(name, [sys.executable, "-u", "-c", code])


def test_a_program_that_cannot_live_is_given_up(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Refusal, match="« broken » s'arrête dès qu'on le lance"):
        watched(python("broken", "print('why'); raise SystemExit(3)")).run()
    shown = capfd.readouterr().out
    assert shown.count("[broken] why") == supervisor.QUICK_DEATHS
    assert shown.count("nouveau départ") == supervisor.QUICK_DEATHS - 1


def test_giving_up_stops_the_others() -> None:
    healthy = python("healthy", "import time; time.sleep(600)")
    with pytest.raises(Refusal):
        watched(healthy, python("broken", "raise SystemExit(3)"), ready=True).run()
    assert healthy.process is None


def test_a_dead_program_comes_back(tmp_path: Path) -> None:
    """The program dies at its first life and, at the second, asks the supervisor to stop."""
    mark = tmp_path / "mark"
    code = (
        f"import os, pathlib, signal, time; mark = pathlib.Path({str(mark)!r})\n"
        "if not mark.exists(): mark.touch(); raise SystemExit(1)\n"
        "os.kill(os.getppid(), signal.SIGTERM); time.sleep(600)"
    )
    previous = {sign: signal.getsignal(sign) for sign in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGTERM, supervisor.stop_on_signal)
    program = python("phoenix", code)
    try:
        with pytest.raises(supervisor.Stopped):
            watched(program).run()
    finally:
        for sign, handler in previous.items():
            signal.signal(sign, handler)
    assert program.process is None
    assert program.quick_deaths == 1
