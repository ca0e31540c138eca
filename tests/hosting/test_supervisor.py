from __future__ import annotations

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from guichet.hosting.home import CHECKOUT, secret_key
from guichet.hosting.postgres import Server
from guichet.hosting.refusal import Refusal
from guichet.hosting.supervisor.child import Program
from guichet.hosting.supervisor.group import STOPPING, Group, Signals
from guichet.hosting.system import is_alive
from tests.hosting.commands import HOSTING, call

pytestmark = pytest.mark.server
PORTS = ("GUICHET_PORT", "GUICHET_LMTP_PORT", "GUICHET_LIVE_PORT")


def free_ports() -> dict[str, str]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in PORTS]
    ports = {name: str(probe.getsockname()[1]) for name, probe in zip(PORTS, probes, strict=True)}
    for probe in probes:
        probe.close()
    return ports


def assert_refused(done: subprocess.CompletedProcess[str], words: str) -> None:
    assert done.returncode in {1, 2}
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


# -- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["GUICHET_PORT", "GUICHET_LMTP_PORT"])
def test_a_taken_port_is_one_sentence(environment: dict[str, str], variable: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = call({**environment, **free_ports(), variable: port}, "run")
    assert_refused(done, f"Le port {port}")
    assert variable in done.stderr


def test_an_unreachable_database_is_one_sentence_without_its_password(environment: dict[str, str]) -> None:
    ports = free_ports()
    address = f"postgresql://guichet:tressecret@127.0.0.1:{ports['GUICHET_LIVE_PORT']}/guichet"
    done = call({**environment, **ports, "DATABASE_URL": address}, "run")
    assert_refused(done, "DATABASE_URL")
    assert "tressecret" not in done.stderr + done.stdout


def test_another_database_than_postgresql_is_one_sentence(environment: dict[str, str]) -> None:
    done = call({**environment, **free_ports(), "DATABASE_URL": "mysql://root@localhost/x"}, "run")
    assert_refused(done, "DATABASE_URL est mal formé")


def test_an_unwritable_home_is_one_sentence(environment: dict[str, str], home: Path) -> None:
    (home / "file").touch()
    done = call({**environment, **free_ports(), "GUICHET_HOME": str(home / "file" / "data")}, "run")
    assert_refused(done, "ne peut pas être écrit")


def test_the_secret_key_is_made_once_and_closed(home: Path) -> None:
    key = secret_key(home)
    assert len(key) >= 50
    assert secret_key(home) == key
    assert stat.S_IMODE((home / "secret-key").stat().st_mode) == 0o600


# -- the group --------------------------------------------------------------------------------------------------------


@pytest.fixture
def signals() -> Iterator[Signals]:
    before = {number: signal.getsignal(number) for number in (*STOPPING, signal.SIGCHLD)}
    wakeup = signal.set_wakeup_fd(-1)
    made = Signals()
    made.interrupting = False
    yield made
    signal.set_wakeup_fd(wakeup)
    for number, handler in before.items():
        signal.signal(number, handler)
    made.reader.close()
    made._writer.close()


def python(name: str, script: str, *, essential: bool = True) -> Program:
    return Program(name, [sys.executable, "-u", "-c", script], stop_seconds=0.5, essential=essential)


def group_of(signals: Signals, said: list[str], *programs: Program) -> Group:
    group = Group(programs, environment=dict(os.environ), folder=CHECKOUT, say=said.append, signals=signals)
    group.first_delay = 0.001
    return group


def until(group: Group, said: list[str], words: str) -> None:
    for _ in range(600):
        if any(words in line for line in said):
            return
        group.turn(0.05)
    pytest.fail(f"« {words} » was never said: {said}")


def test_a_program_that_cannot_live_is_given_up_and_the_others_stopped(signals: Signals) -> None:
    said: list[str] = []
    group = group_of(
        signals, said, python("healthy", "import time; time.sleep(600)"), python("broken", "print('why'); exit(3)")
    )
    try:
        with pytest.raises(Refusal, match=r"« broken » .* code 3"):
            until(group, said, "never said")
        healthy = group.children[0].process
        assert healthy is not None and healthy.poll() is None
    finally:
        group.stop()
    assert healthy.returncode == -signal.SIGTERM
    assert said.count("[broken] why") == group.quick_deaths_allowed


def test_guichet_goes_on_without_what_is_not_essential(signals: Signals) -> None:
    said: list[str] = []
    group = group_of(signals, said, python("extra", "exit(1)", essential=False))
    until(group, said, "continue sans lui")
    group.stop()


def test_a_dead_program_comes_back(signals: Signals, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    script = (
        f"import pathlib, time; mark = pathlib.Path({str(mark)!r})\n"
        "if not mark.exists(): mark.touch(); exit(1)\n"
        "print('second life'); time.sleep(600)"
    )
    said: list[str] = []
    group = group_of(signals, said, python("phoenix", script))
    until(group, said, "[phoenix] second life")
    assert any("nouveau départ" in line for line in said)
    group.stop()


def test_one_that_does_not_hear_is_stopped_by_force_with_its_own(signals: Signals) -> None:
    deaf = (
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = os.fork()\n"
        "if child: print('child', child)\n"
        "time.sleep(600)"
    )
    said: list[str] = []
    group = group_of(signals, said, python("deaf", deaf))
    until(group, said, "[deaf] child")
    child = int(re.findall(r"child (\d+)", " ".join(said))[0])
    group.stop()
    assert any("de force" in line for line in said)
    for _ in range(200):
        if not is_alive(child):
            break
        time.sleep(0.05)
    assert not is_alive(child)


# -- the whole --------------------------------------------------------------------------------------------------------


def test_guichet_starts_says_where_and_stops_on_a_signal(home: Path, environment: dict[str, str]) -> None:
    ports = free_ports()
    command = [*HOSTING, "run"]
    with subprocess.Popen(
        command, cwd=CHECKOUT, env={**environment, **ports}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        said = []
        try:
            for line in process.stdout:
                said.append(line.rstrip("\n"))
                if "Ctrl-C pour arrêter" in line:
                    break
            process.terminate()
            said += process.stdout.read().splitlines()
        finally:
            process.terminate()
    assert f"Guichet est prêt : http://127.0.0.1:{ports['GUICHET_PORT']}" in said, said
    assert process.returncode == 0, said
    assert Server(home).pid() is None
    assert not any("Traceback" in line for line in said), said
