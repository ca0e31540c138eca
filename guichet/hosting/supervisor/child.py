"""One process of the group: its command, its life, its lines."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from guichet.hosting.system import ends_with_parent

LONGEST_LINE = 64 * 1024


@dataclass(frozen=True)
class Program:
    """What to run. `stop_seconds`: how long it may take to finish its work. `essential`: Guichet is nothing without."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_seconds: float = 10.0
    essential: bool = True


class Child:
    """A program and its present process, if any. Times are those of `time.monotonic`, in seconds."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0
        self.due_at = 0.0
        self.quick_deaths = 0
        self.given_up = False
        self._pending = b""

    def launch(self, environment: Mapping[str, str], folder: Path) -> None:
        """Start the process in a group of its own: Ctrl-C at the terminal reaches the supervisor alone."""
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            self.program.command,
            cwd=folder,
            env={**environment, **self.program.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=ends_with_parent(signal.SIGTERM),
        )
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)

    @property
    def output(self) -> int:
        """The descriptor its lines come from."""
        assert self.process is not None and self.process.stdout is not None
        return self.process.stdout.fileno()

    def is_running(self) -> bool:
        """Tell whether the process lives; bury it if it does not."""
        return self.process is not None and self.process.poll() is None

    def read_lines(self) -> list[str] | None:
        """Return the whole lines that came, `None` at the end of the output."""
        lines: list[bytes] = []
        while True:
            try:
                piece = os.read(self.output, 65536)
            except BlockingIOError:
                break
            if not piece:
                return [line.decode(errors="replace") for line in lines] if lines else None
            *whole, self._pending = (self._pending + piece).split(b"\n")
            if len(self._pending) > LONGEST_LINE:
                whole.append(self._pending)
                self._pending = b""
            lines += whole
        return [line.decode(errors="replace") for line in lines]

    def signal(self, how: signal.Signals) -> None:
        """Send a signal to the process alone: it tells its own children."""
        if self.is_running():
            assert self.process is not None
            self.process.send_signal(how)

    def kill_group(self) -> None:
        """End at once the process and everything it started that stayed in its group."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def forget(self) -> list[str]:
        """Close the output of a dead process; return its last words."""
        words = self.read_lines() or []
        if self._pending:
            words.append(self._pending.decode(errors="replace"))
        self._pending = b""
        assert self.process is not None and self.process.stdout is not None
        self.process.stdout.close()
        self.process = None
        return words
