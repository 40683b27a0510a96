"""The only place of the server that asks what time it is: the system, or the clock of a demo run (decision 18)."""

from __future__ import annotations

import _socket
import collections
import contextlib
import os
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
    """Asks the runner of a demo day for the time over a local socket; asks again after any break of the line.

    Plain blocking sockets, which gevent does not patch, because the question also comes from native threads.
    """

    def __init__(self, path: str) -> None:
        """Remember the address; lines are opened when needed and kept for the next question."""
        self._path = path
        self._idle: collections.deque[_socket.socket] = collections.deque()

    def now_ms(self) -> int:
        """Return the run's time. Raises ConnectionError when the runner stays silent."""
        for _ in range(_TRIES):
            with contextlib.suppress(OSError):  # the next try opens a new line; the last failure is raised below
                return self._ask()
            sleep_s(_PAUSE_S)
        raise ConnectionError(self._path)

    def _ask(self) -> int:
        line = self._idle.pop() if self._idle else self._open()
        line.sendall(b"?")
        reply = b""
        while len(reply) < _REPLY_BYTES:
            piece = line.recv(_REPLY_BYTES - len(reply))
            if not piece:
                raise ConnectionResetError(self._path)
            reply += piece
        self._idle.append(line)
        return int.from_bytes(reply, "big")

    def _open(self) -> _socket.socket:
        line = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        line.connect(self._path)
        return line


def clock_for(address: str) -> Clock:
    """Return the run's clock when an address is given, else the system's."""
    return RunClock(address) if address else SystemClock()


def real_ms() -> int:
    """Return the machine's time in Unix ms: for leases and back-off, which go on when a run stands still."""
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
