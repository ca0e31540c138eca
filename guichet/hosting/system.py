"""What the kernel tells and does about processes: who runs, where, and what dies with whom."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

PROC = Path("/proc")
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def is_alive(pid: int) -> bool:
    """Tell whether the process runs; one that is dead but not yet buried by its parent (a zombie) does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return not PROC.joinpath("self").exists()


def works_in(pid: int, folder: Path) -> bool:
    """Tell whether the process has `folder` as its working folder (a postmaster works in its data folder)."""
    try:
        return (PROC / str(pid) / "cwd").readlink() == folder
    except OSError:
        return False


def processes_in(folder: Path) -> list[int]:
    """Return the living processes whose working folder is `folder`."""
    numbers = (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()) if PROC.is_dir() else iter(())
    return [pid for pid in numbers if works_in(pid, folder) and is_alive(pid)]


def ends_with_parent(how: signal.Signals) -> Callable[[], None]:
    """Return what a child calls before its program starts, so that the kernel sends it `how` when its parent dies."""
    parent = os.getpid()

    def bind() -> None:
        bind_to_parent(how, parent=parent)

    return bind


def bind_to_parent(how: signal.Signals, *, parent: int) -> None:
    """Ask the kernel to send `how` to this process when its parent dies, be it already dead."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, int(how), 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), how)


def waits_in_a_signal(pid: int, which: signal.Signals) -> bool:
    """Tell whether a process is inside its handler of `which` (the kernel blocks the signal meanwhile).

    `make`, interrupted alone and not with its terminal, waits there for its command without telling it anything.
    """
    try:
        lines = (PROC / str(pid) / "status").read_text().splitlines()
    except OSError:
        return False
    blocked = next((int(line.split()[1], 16) for line in lines if line.startswith("SigBlk:")), 0)
    return bool(blocked >> (int(which) - 1) & 1)
