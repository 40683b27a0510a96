"""Wakes worker and gateway after a commit: a datagram to a local socket, or Redis when there are several machines.

A nudge carries nothing and may be lost: a short poll finds the row all the same (decision 12).
"""

from __future__ import annotations

import contextlib
import socket as socket_module
from pathlib import Path
from typing import Final, Protocol

from server.core.settings import Settings

WORKER: Final = "worker.sock"
GATEWAY: Final = "gateway.sock"
POLL_S: Final = 0.1


class Bell(Protocol):
    """Rings for those who wait for commits."""

    def ring(self, *names: str) -> None:
        """Nudge listeners by name; never fails."""


class Ear(Protocol):
    """Waits for a ring."""

    def wait(self) -> None:
        """Return at the next ring or after the poll interval, whichever comes first."""


def bell_for(settings: Settings) -> Bell:
    """Return the bell of the settings: Redis where `LEAKFIRST_REDIS_URL` names one, else local sockets."""
    if not settings.redis_url:
        return LocalBell(settings.data_dir)
    from server.core import nudge_redis  # noqa: PLC0415 - its library is loaded only where Redis is used

    return nudge_redis.RedisBell(settings.redis_url)


def ear_for(settings: Settings, name: str) -> Ear:
    """Return the listening end for one name."""
    if not settings.redis_url:
        return LocalEar(settings.data_dir, name)
    from server.core import nudge_redis  # noqa: PLC0415 - as above

    return nudge_redis.RedisEar(settings.redis_url, name, POLL_S)


class LocalBell:
    """Sends a datagram to sockets in the data folder."""

    def __init__(self, data_dir: Path) -> None:
        """Ring for listeners of one data folder."""
        self._data_dir = data_dir

    def ring(self, *names: str) -> None:
        """Nudge whoever listens; nobody listening is no failure, he polls."""
        with socket_module.socket(socket_module.AF_UNIX, socket_module.SOCK_DGRAM) as line:
            line.settimeout(0)
            for name in names:
                with contextlib.suppress(OSError):  # absent or busy listener: the poll finds the row
                    line.sendto(b"!", str(self._data_dir / name))


class LocalEar:
    """Listens on a datagram socket."""

    def __init__(self, data_dir: Path, name: str) -> None:
        """Take the name over from an earlier listener of this data folder."""
        path = data_dir / name
        path.unlink(missing_ok=True)
        self._line = socket_module.socket(socket_module.AF_UNIX, socket_module.SOCK_DGRAM)
        self._line.bind(str(path))
        self._line.settimeout(POLL_S)

    def wait(self) -> None:
        """Return at the next datagram or after the poll interval."""
        with contextlib.suppress(TimeoutError):  # the poll interval is over
            self._line.recv(64)
