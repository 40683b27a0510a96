"""The only place of the server that asks what time it is: the system, or the clock of a demo run (decision 18)."""

from __future__ import annotations

import contextlib
import os
import socket as socket_module
import threading
import time
from typing import Final, Protocol

_REPLY_BYTES: Final = 8
_TRIES: Final = 100
_PAUSE_S: Final = 0.05


class Clock(Protocol):
    """Tells the time of the run in Unix milliseconds."""

    def now_ms(self) -> int:
        """Return the time of the run."""


class SystemClock:
    """The machine's own clock."""

    def now_ms(self) -> int:
        """Return Unix time in milliseconds."""
        return real_ms()


class RunClock:
    """Asks the runner of a demo day for the time over a local socket; asks again after any break of the line."""

    def __init__(self, path: str) -> None:
        """Remember the address; the line is opened at the first question."""
        self._path = path
        self._lock = threading.Lock()
        self._line: socket_module.socket | None = None

    def now_ms(self) -> int:
        """Return the run's time. Raises ConnectionError when the runner stays silent."""
        for _ in range(_TRIES):
            with self._lock, contextlib.suppress(OSError):  # the next try opens a new line; the last failure is raised
                return self._ask()
            self._line = None
            sleep_s(_PAUSE_S)
        raise ConnectionError(self._path)

    def _ask(self) -> int:
        line = self._line
        if line is None:
            line = socket_module.socket(socket_module.AF_UNIX, socket_module.SOCK_STREAM)
            line.connect(self._path)
            self._line = line
        line.sendall(b"?")
        reply = b""
        while len(reply) < _REPLY_BYTES:
            piece = line.recv(_REPLY_BYTES - len(reply))
            if not piece:
                raise ConnectionResetError(self._path)
            reply += piece
        return int.from_bytes(reply, "big")


def clock_for(address: str) -> Clock:
    """Return the run's clock when an address is given, else the system's."""
    return RunClock(address) if address else SystemClock()


def real_ms() -> int:
    """Return the machine's time in Unix milliseconds: for leases and back-off, which must go on when a run stands still."""
    return time.time_ns() // 1_000_000


def mono_s() -> float:
    """Return seconds of the monotonic clock, for durations."""
    return time.monotonic()


def sleep_s(seconds: float) -> None:
    """Pause the calling thread."""
    time.sleep(seconds)


def random_bytes(count: int) -> bytes:
    """Return random bytes of the operating system."""
    return os.urandom(count)
