"""Processes kept alive together, heard line by line, and stopped in order."""

from __future__ import annotations

import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType

from guichet.hosting.refusal import Refusal
from guichet.hosting.supervisor.child import Child, Program

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Somebody asked to stop. Not an `Exception`: no prudent `except` may swallow it."""


class Signals:
    """Requests to stop, counted. While `interrupting`, the first one raises `Stopped` where the program is."""

    def __init__(self) -> None:
        self.count = 0
        self.interrupting = True
        self.reader, self._writer = socket.socketpair()
        self.reader.setblocking(False)
        self._writer.setblocking(False)
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for number in STOPPING:
            signal.signal(number, self._hear)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to wake the loop

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.request()
        if self.interrupting and self.count == 1:
            raise Stopped

    def request(self) -> None:
        """Count one more request to stop."""
        self.count += 1

    def drain(self) -> None:
        """Forget the bytes that woke the loop."""
        try:
            while self.reader.recv(4096):
                pass
        except BlockingIOError:
            return


class Group:
    """Keep `programs` alive; `may_restart` is asked before a dead one is started again (is the database there?)."""

    quick_seconds = 10.0
    quick_deaths_allowed = 5
    first_delay = 0.5
    longest_delay = 30.0

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        environment: Mapping[str, str],
        folder: Path,
        say: Callable[[str], None],
        signals: Signals,
        may_restart: Callable[[], bool] = lambda: True,
    ) -> None:
        self.children = [Child(program) for program in programs]
        self.environment = environment
        self.folder = folder
        self.say = say
        self.signals = signals
        self.may_restart = may_restart
        self.selector = selectors.DefaultSelector()
        self.selector.register(signals.reader, selectors.EVENT_READ)

    def turn(self, seconds: float) -> None:
        """Start what is due, pass the lines on, bury the dead, in `seconds` at most; `Refusal` if one cannot live."""
        for child in self.children:
            if child.process is None and not child.given_up and time.monotonic() >= child.due_at:
                self._launch(child)
        self._relay(seconds)
        for child in self.children:
            if child.process is not None and not child.is_running():
                self._bury(child)

    def _launch(self, child: Child) -> None:
        if child.started_at and not self.may_restart():
            child.due_at = time.monotonic() + 1.0
            return
        child.launch(self.environment, self.folder)
        self.selector.register(child.output, selectors.EVENT_READ, child)

    def _relay(self, seconds: float) -> None:
        for key, _ in self.selector.select(seconds):
            child = key.data
            if child is None:
                self.signals.drain()
                continue
            lines = child.read_lines()
            if lines is None:
                self.selector.unregister(key.fd)
            for line in lines or ():
                self._pass_on(child, line)

    def _pass_on(self, child: Child, line: str) -> None:
        self.say(f"[{child.program.name}] {line.rstrip()}")

    def _bury(self, child: Child) -> None:
        code = self._close(child)
        if self.signals.count:
            return
        now = time.monotonic()
        lived = now - child.started_at
        # A child that falls with the database is not at fault: it only waits for it.
        fault = lived < self.quick_seconds and self.may_restart()
        child.quick_deaths = child.quick_deaths + 1 if fault else 0
        name = child.program.name
        if child.quick_deaths >= self.quick_deaths_allowed:
            child.given_up = True
            sentence = f"« {name} » s’arrête dès qu’il est lancé ({child.quick_deaths} fois de suite, code {code})"
            if child.program.essential:
                raise Refusal(f"{sentence} : Guichet s’arrête ; la cause est dans les lignes [{name}] ci-dessus.")
            self.say(f"{sentence} : Guichet continue sans lui.")
            return
        delay = min(self.first_delay * 2 ** max(child.quick_deaths - 1, 0), self.longest_delay)
        child.due_at = now + delay
        self.say(f"« {name} » s’est arrêté (code {code}) : nouveau départ dans {delay:.1f} s.".replace(".", ",", 1))

    def _close(self, child: Child) -> int:
        """Forget a dead process and end what it left behind; return its exit code."""
        assert child.process is not None
        code = child.process.wait()
        child.kill_group()
        output = child.output
        if output in {key.fd for key in self.selector.get_map().values()}:
            self.selector.unregister(output)
        for line in child.forget():
            self._pass_on(child, line)
        return code

    # -- stop --------------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Stop the processes in the order they were given, each with the time to finish; a second request cuts it."""
        for child in self.children:
            self._stop(child)
        self.selector.unregister(self.signals.reader)
        self.selector.close()

    def _stop(self, child: Child) -> None:
        if child.process is None:
            return
        child.signal(signal.SIGTERM)
        end = time.monotonic() + child.program.stop_seconds
        while child.is_running() and self.signals.count < 2 and time.monotonic() < end:
            self._relay(0.1)
        if child.is_running():
            hurried = "arrêt demandé une seconde fois" if self.signals.count >= 2 else "délai dépassé"
            self.say(f"« {child.program.name} » est arrêté de force ({hurried}).")
            child.kill_group()
        self._close(child)


def exit_quietly_from_closed_output() -> None:
    """Send what would be said to nobody rather than fail on it (`make run | head`, a terminal that went away)."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.close(nothing)
