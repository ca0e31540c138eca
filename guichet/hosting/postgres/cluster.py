"""The folder of the embedded PostgreSQL: where it lies, who owns it, how it is made and configured."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from guichet.hosting.postgres import binaries as programs
from guichet.hosting.postgres.account import Account, account_for
from guichet.hosting.postgres.binaries import Binaries
from guichet.hosting.refusal import Refusal

PORT = 5432  # only names the socket: the server listens on no network
SOCKET_NAME = f".s.PGSQL.{PORT}"
SOCKET_PATH_MAX = 107  # bytes of sun_path, less the final zero
ADMIN = "postgres"
ROLE = DATABASE = "guichet"
LOG_MAX_BYTES = 10 * 1024 * 1024
SMALL_SHARED_MEMORY = 512 * 1024 * 1024


@dataclass(frozen=True)
class Cluster:
    """One embedded database: `folder` belongs to `account` and holds `data`; the rest is read from it."""

    home: Path
    folder: Path
    account: Account
    sockets: Path

    @property
    def data(self) -> Path:
        """PGDATA."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the server says. Beside the cluster, so that the server's account cannot turn it into a link."""
        return self.home / "postgres.log"

    @property
    def url(self) -> str:
        """The address of the application's database, through the Unix socket."""
        return self.url_of(ROLE, DATABASE)

    @property
    def admin_url(self) -> str:
        """The address for the one who makes the application's role and database."""
        return self.url_of(ADMIN, "postgres")

    def url_of(self, role: str, database: str) -> str:
        """Return the address of `database` for `role`."""
        return f"postgresql://{role}@/{database}?host={quote(str(self.sockets), safe='/')}&port={PORT}"

    def pinned(self) -> int | None:
        """Return the major version that made the data, `None` before they exist."""
        try:
            return int((self.data / "PG_VERSION").read_text().split(".")[0])
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise Refusal(
                f"Les données de « {self.data} » sont abîmées (fichier PG_VERSION illisible) : "
                "restaurez une sauvegarde, ou déplacez ce dossier pour repartir d’une base vide."
            ) from error


def locate(home: Path) -> Path:
    """Return where the cluster of `home` lies: inside it, or where the link left there leads."""
    return (home / "postgres").resolve()


def open_cluster(home: Path, *, fallback: Path = programs.FALLBACK) -> Cluster:
    """Make the folders of the cluster, each closed to all but its account, without touching those around.

    Run by root from a folder that the server's account cannot cross (a checkout in /root), the cluster is laid in
    `fallback` and a link is left in `home`.
    """
    entry = home / "postgres"
    account = account_for(entry)
    if entry.is_symlink() and not entry.exists():
        raise Refusal(
            f"Les données de la base ont disparu de « {entry.readlink()} » : restaurez-les ou retirez {entry}."
        )
    if account.is_other and not entry.is_symlink() and not account.can("-x", home):
        if entry.exists():
            raise Refusal(
                f"Le compte « {account.name} », propriétaire de la base, ne peut plus traverser « {home} » "
                "ou un dossier au-dessus : rendez-les traversables (chmod o+x), ou déplacez les données."
            )
        entry.symlink_to(_fallback_folder(account, fallback))
    folder = account.make_folder(entry.resolve())
    return Cluster(home, folder, account, account.make_folder(sockets_of(folder, account)))


def _fallback_folder(account: Account, fallback: Path) -> Path:
    fallback.mkdir(parents=True, exist_ok=True)
    fallback.chmod(0o755)
    if not account.can("-x", fallback):
        raise Refusal(
            f"Le compte « {account.name} » ne peut traverser ni le dossier de données ni « {fallback} » : "
            "choisissez un GUICHET_HOME hors de /root, par exemple GUICHET_HOME=/srv/guichet."
        )
    return account.make_folder(fallback / f"base-{secrets.token_hex(6)}")  # unique: two homes never share one


def sockets_of(folder: Path, account: Account) -> Path:
    """Return the folder of the socket: in the cluster, or a short one when the system's limit would be passed."""
    inside = folder / "socket"
    if len(os.fsencode(inside / SOCKET_NAME)) <= SOCKET_PATH_MAX:
        return inside
    short = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    if os.geteuid() == 0 and os.access("/run", os.W_OK):
        return Path("/run") / f"guichet-{short}"
    session = Path(f"/run/user/{account.uid}")
    if session.is_dir() and os.access(session, os.W_OK):
        return session / f"guichet-{short}"
    return Path("/tmp") / f"guichet-{account.uid}-{short}"  # noqa: S108 - made 0700, refused if another owns it


def initialise(cluster: Cluster, binaries: Binaries) -> None:
    """Make the data folder with checksums, in UTF-8, sorted by code point; whole or not at all."""
    draft = cluster.folder / "data.nouveau"
    shutil.rmtree(draft, ignore_errors=True)  # left by an initdb that was cut
    made = subprocess.run(
        [
            binaries["initdb"],
            "--pgdata=data.nouveau",
            f"--username={ADMIN}",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--data-checksums",
            "--auth-local=peer",
            "--auth-host=reject",
            "--no-instructions",
        ],
        cwd=cluster.folder,
        env=server_environment(),
        capture_output=True,
        text=True,
        check=False,
        **cluster.account.popen(),
    )
    if made.returncode:
        said = (made.stderr or made.stdout).strip().splitlines() or ["sans explication"]
        raise Refusal(f"PostgreSQL n’a pas pu créer ses données dans « {cluster.folder} » : {said[-1]}")
    draft.rename(cluster.data)


def server_environment() -> dict[str, str]:
    """Return the environment of the server's programs: nothing of ours, so that no PG* variable changes them."""
    return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def write_access_rules(cluster: Cluster) -> None:
    """Let in through the socket root and the account that runs the server, proved by the kernel; nobody else."""
    names = sorted({"root", cluster.account.name})
    replace_file(cluster, "acces.conf", "local all all peer map=guichet\n")
    replace_file(
        cluster,
        "identites.conf",
        "".join(f"guichet {name} {role}\n" for name in names for role in (ROLE, ADMIN)),
    )


def replace_file(cluster: Cluster, name: str, text: str) -> None:
    """Write a file of the cluster beside it, then put it in its place: a link laid there is replaced, not followed."""
    descriptor, draft = tempfile.mkstemp(dir=cluster.folder)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        if cluster.account.is_other:
            os.fchown(file.fileno(), cluster.account.uid, cluster.account.gid)
    Path(draft).replace(cluster.folder / name)


def server_command(cluster: Cluster, binaries: Binaries, *, throwaway: bool = False) -> list[str]:
    """Return the command of the server: settings for a laptop, given anew at each start."""
    settings = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": str(cluster.sockets),
        "unix_socket_permissions": "0700",
        "hba_file": str(cluster.folder / "acces.conf"),
        "ident_file": str(cluster.folder / "identites.conf"),
        "max_connections": "100",
        "shared_buffers": "128MB",
        "work_mem": "8MB",
        "maintenance_work_mem": "128MB",
        "effective_cache_size": "1GB",
        "max_wal_size": "1GB",
        "random_page_cost": "1.1",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",  # the program reads them
        "log_line_prefix": "%m [%p] ",
        # No request's text in the log: it would hold what citizens wrote.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_statement": "none",
        "dynamic_shared_memory_type": "mmap" if _shared_memory_is_small() else "posix",
    }
    if throwaway:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    command = [binaries["postgres"], "-D", str(cluster.data)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    return command


def _shared_memory_is_small() -> bool:
    """Containers often come with 64 MB of /dev/shm, where a parallel query would fail."""
    try:
        return shutil.disk_usage("/dev/shm").total < SMALL_SHARED_MEMORY  # noqa: S108
    except OSError:
        return True


def rotate_log(cluster: Cluster) -> None:
    """Keep two logs of the server at most."""
    if cluster.log.exists() and cluster.log.stat().st_size > LOG_MAX_BYTES:
        cluster.log.replace(cluster.log.with_suffix(".log.1"))
