from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from guichet.hosting import CHECKOUT, Refusal, postgres

pytestmark = pytest.mark.server


def start(home: Path, *, fast: bool = True) -> tuple[postgres.Cluster, subprocess.Popen[bytes]]:
    cluster = postgres.Cluster(home, fast=fast)
    process = cluster.start(attached=True)
    assert process is not None
    return cluster, process


def stop(cluster: postgres.Cluster, process: subprocess.Popen[bytes]) -> None:
    assert cluster.stop()
    assert process.wait() == 0


def write(cluster: postgres.Cluster) -> None:
    with psycopg.connect(cluster.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'é' AS letter")
        connection.execute("CHECKPOINT")


def read(cluster: postgres.Cluster) -> object:
    with psycopg.connect(cluster.url) as connection:
        return connection.execute("SELECT letter FROM kept").fetchone()


def test_data_is_kept_over_a_restart(home: Path) -> None:
    cluster, process = start(home)
    write(cluster)
    stop(cluster, process)
    assert postgres.url(home) is None
    cluster, process = start(home)
    assert read(cluster) == ("é",)
    assert postgres.url(home) == cluster.url
    stop(cluster, process)


def test_a_second_start_finds_the_first(home: Path) -> None:
    cluster, process = start(home)
    assert postgres.Cluster(home).start(attached=False) is None
    stop(cluster, process)
    assert not cluster.stop()


def test_starts_again_after_a_kill(home: Path) -> None:
    # With the settings of a real cluster: a throw-away one may lose its last commits.
    cluster, process = start(home, fast=False)
    write(cluster)
    process.kill()
    process.wait()
    assert (cluster.data / "postmaster.pid").exists()
    cluster, process = start(home, fast=False)
    assert read(cluster) == ("é",)
    stop(cluster, process)


def test_a_pid_file_naming_somebody_else_is_removed(home: Path) -> None:
    cluster, process = start(home)
    write(cluster)
    left = {path: path.read_text() for path in (cluster.data / "postmaster.pid", cluster.socket / ".s.PGSQL.5432.lock")}
    stop(cluster, process)
    # A living process of the server's own account: PostgreSQL would believe itself running.
    with subprocess.Popen(["sleep", "600"], **cluster.account.arguments()) as stranger:
        try:
            for path, text in left.items():
                path.write_text(text.replace(str(process.pid), str(stranger.pid), 1))
                os.chown(path, cluster.account.uid, cluster.account.gid)
            assert not cluster.stop()
            cluster, process = start(home)
            assert read(cluster) == ("é",)
            stop(cluster, process)
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_folders_are_closed_and_the_server_is_not_root(home: Path) -> None:
    cluster, process = start(home)
    for folder in (cluster.place, cluster.data, cluster.socket):
        status = folder.stat()
        assert stat.S_IMODE(status.st_mode) == 0o700
        assert status.st_uid == cluster.account.uid != 0
    assert Path(f"/proc/{process.pid}").stat().st_uid == cluster.account.uid
    with psycopg.connect(cluster.url) as connection:
        shown = [connection.execute(f"SHOW {name}").fetchone() for name in ("listen_addresses", "data_checksums")]
    assert shown == [("",), ("on",)]
    stop(cluster, process)


def test_a_long_home_gets_a_short_socket(home: Path) -> None:
    long = home / ("a" * 60) / ("b" * 60)
    long.mkdir(parents=True)
    cluster, process = start(long)
    try:
        assert len(os.fsencode(cluster.socket / ".s.PGSQL.5432")) <= 100
        assert stat.S_IMODE(cluster.socket.stat().st_mode) == 0o700
    finally:
        stop(cluster, process)
        cluster.remove()


def test_a_socket_folder_laid_by_a_stranger_is_refused(home: Path) -> None:
    long = home / ("a" * 60) / ("b" * 60)
    long.mkdir(parents=True)
    cluster = postgres.Cluster(long, fast=True)
    cluster.socket.symlink_to(home)
    try:
        with pytest.raises(Refusal, match="n'appartient pas"):
            cluster.start(attached=True)
    finally:
        cluster.socket.unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the cluster to another account")
def test_closed_ancestors_stay_closed(home: Path) -> None:
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    inner = closed / "home"
    inner.mkdir()
    cluster, process = start(inner)
    try:
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        assert (inner / "postgres-location").read_text().strip() == str(cluster.place)
        assert closed not in cluster.place.parents
        assert postgres.url(inner) == cluster.url
    finally:
        stop(cluster, process)
        cluster.remove()


def test_the_version_of_the_cluster_is_asked_for(home: Path) -> None:
    cluster, process = start(home)
    stop(cluster, process)
    (cluster.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(Refusal, match="créée par PostgreSQL 9, introuvable"):
        cluster.start(attached=True)


def test_the_binaries_of_the_wheel_run(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "SYSTEM", home / "none")
    cluster, process = start(home)
    with psycopg.connect(cluster.url) as connection:
        assert connection.info.server_version >= 160000
    stop(cluster, process)


def test_an_owner_killed_takes_the_server_along(home: Path) -> None:
    script = (
        "import os, signal, sys, pathlib; from guichet.hosting import postgres;"
        "p = postgres.Cluster(pathlib.Path(sys.argv[1])).start(attached=True); print(p.pid, flush=True);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(home)], cwd=CHECKOUT, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    # start() waits for a server that is stopping, then starts its own.
    cluster, process = start(home)
    assert process.pid != int(done.stdout)
    stop(cluster, process)


def test_exec_gives_a_throw_away_database(environment: dict[str, str]) -> None:
    code = (
        "import os, psycopg; print(psycopg.connect(os.environ['DATABASE_URL']).info.dbname, os.environ['DATABASE_URL'])"
    )
    command = [sys.executable, "-m", "guichet.hosting", "db", "exec", "--temporary", "--", sys.executable, "-c", code]
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=True)
    name, address = done.stdout.split()
    assert name == "guichet"
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(address)
    assert not Path(psycopg.conninfo.conninfo_to_dict(address)["host"]).exists()  # type: ignore[arg-type]


def test_exec_keeps_the_database_given_and_the_exit_code(environment: dict[str, str]) -> None:
    code = "import os, sys; sys.exit(7 if os.environ['DATABASE_URL'] == 'postgresql://given' else 1)"
    command = [sys.executable, "-m", "guichet.hosting", "db", "exec", "--", sys.executable, "-c", code]
    given = {**environment, "DATABASE_URL": "postgresql://given"}
    assert subprocess.run(command, cwd=CHECKOUT, env=given, check=False).returncode == 7


def test_removing_leaves_nothing(home: Path) -> None:
    with postgres.temporary() as address:
        place = Path(str(psycopg.conninfo.conninfo_to_dict(address)["host"])).parent
        assert place.exists()
    assert not place.exists()
