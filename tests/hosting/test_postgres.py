from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from guichet.hosting.home import CHECKOUT
from guichet.hosting.postgres import Server, binaries, running_url
from guichet.hosting.refusal import Refusal
from tests.hosting.commands import HOSTING, call, db

pytestmark = pytest.mark.server


def write(home: Path) -> None:
    with psycopg.connect(running_url(home)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'é' AS letter")


def read(home: Path) -> object:
    with psycopg.connect(running_url(home)) as connection:
        return connection.execute("SELECT letter FROM kept").fetchone()


def pid_of(home: Path) -> int:
    pid = Server(home).pid()
    assert pid is not None
    return pid


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_data_is_kept_over_a_restart(home: Path) -> None:
    db(home, "start")
    write(home)
    db(home, "stop")
    with pytest.raises(Refusal, match="ne tourne pas"):
        running_url(home)
    db(home, "start")
    assert read(home) == ("é",)


def test_a_second_start_finds_the_first(home: Path) -> None:
    db(home, "start")
    first = pid_of(home)
    assert "tourne déjà" in db(home, "start")
    assert pid_of(home) == first
    assert db(home, "url").strip() == running_url(home)


def test_status_answers_as_services_do(home: Path, environment: dict[str, str]) -> None:
    assert call(environment, "db", "status").returncode == 3
    db(home, "start")
    assert running_url(home) in db(home, "status")


def test_committed_data_survive_a_kill(home: Path) -> None:
    db(home, "start")
    write(home)
    killed = pid_of(home)
    os.kill(killed, signal.SIGKILL)
    db(home, "start")
    assert read(home) == ("é",)
    assert pid_of(home) != killed


def test_a_pid_file_naming_a_stranger_does_not_stop_the_start(home: Path) -> None:
    db(home, "start")
    write(home)
    server = Server(home)
    account, pid = server.cluster.account, str(pid_of(home))
    locks = (server.cluster.data / "postmaster.pid", server.cluster.sockets / ".s.PGSQL.5432.lock")
    left = {path: path.read_text() for path in locks}
    db(home, "stop")
    # A living process of the server's own account: PostgreSQL would take it for itself and refuse to start.
    with subprocess.Popen(["sleep", "600"], cwd="/", **account.popen()) as stranger:
        try:
            for path, text in left.items():
                path.write_text(text.replace(pid, str(stranger.pid), 1))
                os.chown(path, account.uid, account.gid)
            assert "ne tournait pas" in db(home, "stop")
            for path, text in left.items():
                path.write_text(text.replace(pid, str(stranger.pid), 1))
                os.chown(path, account.uid, account.gid)
            db(home, "start")
            assert read(home) == ("é",)
            db(home, "stop")
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_folders_are_closed_and_the_server_is_not_root(home: Path) -> None:
    db(home, "start")
    cluster = Server(home).cluster
    for folder in (cluster.folder, cluster.data, cluster.sockets):
        assert mode_of(folder) == 0o700
        assert folder.stat().st_uid == cluster.account.uid != 0
    assert Path(f"/proc/{pid_of(home)}").stat().st_uid == cluster.account.uid
    with psycopg.connect(cluster.url) as connection:
        shown = [connection.execute(f"SHOW {name}").fetchone() for name in ("listen_addresses", "data_checksums")]
        powers = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    assert shown == [("",), ("on",)]
    assert powers == (False,)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")
def test_another_account_does_not_enter(home: Path) -> None:
    db(home, "start")
    sockets = Server(home).cluster.sockets
    sockets.chmod(0o711)
    sockets.parent.chmod(0o711)
    (sockets / ".s.PGSQL.5432").chmod(0o777)
    # Python itself may lie where that account cannot go: it becomes the account once all is loaded.
    become_nobody = "import os, psycopg; os.setgroups([]); os.setgid(65534); os.setuid(65534)"
    script = f"{become_nobody}; psycopg.connect({running_url(home)!r})"
    tried = subprocess.run([sys.executable, "-c", script], cwd="/", capture_output=True, text=True, check=False)
    assert "eer authentication failed" in tried.stderr


def test_a_long_home_gets_a_short_socket(home: Path) -> None:
    long = home / ("a" * 60) / ("b" * 60)
    long.mkdir(parents=True)
    db(long, "start")
    server = Server(long)
    try:
        write(long)
        assert long not in server.cluster.sockets.parents
        assert mode_of(server.cluster.sockets) == 0o700
    finally:
        server.erase()
    assert not server.cluster.sockets.exists()


def test_a_link_laid_where_the_cluster_goes_is_refused(home: Path, environment: dict[str, str]) -> None:
    elsewhere = home / "elsewhere"
    elsewhere.mkdir()
    account = Server(home).cluster.account
    (home / "postgres" / "socket").rmdir()
    (home / "postgres" / "socket").symlink_to(elsewhere)
    try:
        done = call(environment, "db", "start")
    finally:
        (home / "postgres" / "socket").unlink()
    assert done.returncode == 1
    assert f"n’est pas un dossier du compte « {account.name} »" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the cluster to another account")
def test_closed_ancestors_stay_closed(home: Path) -> None:
    closed, fallback = home / "closed", home / "fallback"
    closed.mkdir(mode=0o700)
    server = Server(closed / "home", fallback=fallback, throwaway=True)
    try:
        assert server.start()
        assert mode_of(closed) == 0o700
        assert server.cluster.folder.parent == fallback
        assert running_url(closed / "home") == server.url
    finally:
        server.erase()


def test_the_version_that_made_the_data_is_asked_for(home: Path, environment: dict[str, str]) -> None:
    db(home, "start")
    db(home, "stop")
    (Server(home).cluster.data / "PG_VERSION").write_text("9\n")
    done = call(environment, "db", "start")
    assert done.returncode == 1
    assert "PostgreSQL 9" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_binaries_of_the_wheel_run(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "SYSTEM", home / "none")
    server = Server(home, fallback=home / "fallback", throwaway=True)
    try:
        assert server.start()
        with psycopg.connect(server.url) as connection:
            assert connection.info.server_version >= 160000
    finally:
        server.erase()


def test_an_owner_killed_takes_the_server_along(home: Path, environment: dict[str, str]) -> None:
    """`db exec` runs a command that kills it: nobody is left to stop the server but the kernel."""
    suicide = "import os, signal; os.kill(os.getppid(), signal.SIGKILL)"
    command = [*HOSTING, "db", "exec", "--", sys.executable, "-c", suicide]
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    # stop waits for a server that is ending; whoever ended it, none is left.
    db(home, "stop")
    assert Server(home).pid() is None


def test_exec_gives_a_throw_away_database(environment: dict[str, str]) -> None:
    script = (
        "import os, psycopg; print(psycopg.connect(os.environ['DATABASE_URL']).info.dbname, os.environ['GUICHET_HOME'])"
    )
    done = call(environment, "db", "exec", "--temporary", "--", sys.executable, "-W", "ignore", "-c", script)
    name, used = done.stdout.split()
    assert name == "guichet"
    assert used != environment["GUICHET_HOME"]
    assert not Path(used).exists()


def test_exec_passes_the_exit_code_on_and_stops_the_server(home: Path, environment: dict[str, str]) -> None:
    assert call(environment, "db", "exec", "--", sys.executable, "-c", "raise SystemExit(7)").returncode == 7
    assert Server(home).pid() is None
