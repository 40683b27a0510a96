"""Wakes worker and gateway after a commit: a datagram to a local socket, or Redis when there are several machines.

A nudge carries nothing and may be lost: a short poll finds the row all the same (decision 12).
"""

from __future__ import annotations

import contextlib
import socket as socket_module
from pathlib import Path
from typing import Any, Final, Protocol

import redis
import structlog
from redis import backoff, retry

from server.core import clock
from server.core.settings import Settings

_log = structlog.get_logger(__name__)

WORKER: Final = "worker.sock"
GATEWAY: Final = "gateway.sock"
POLL_S: Final = 0.1
_REDIS_WAIT_S: Final = 0.25  # what a commit may lose to a Redis that hangs
_REDIS_REST_S: Final = 1.0  # after a failure: commits do not wait for a Redis that is away
_MOST_AT_ONCE: Final = 1000


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
    return RedisBell(settings.redis_url) if settings.redis_url else LocalBell(settings.data_dir)


def ear_for(settings: Settings, name: str) -> Ear:
    """Return the listening end for one name."""
    return RedisEar(settings.redis_url, name) if settings.redis_url else LocalEar(settings.data_dir, name)


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


class RedisBell:
    """Publishes rings; a Redis that is away costs its listeners a poll interval and nothing else."""

    def __init__(self, url: str) -> None:
        """Connect at the first ring."""
        self._client = _client(url)
        self._rests_until_s = 0.0

    def ring(self, *names: str) -> None:
        """Publish to every name; after a failure nothing is tried for a second."""
        if clock.mono_s() < self._rests_until_s:
            return
        try:
            for name in names:
                self._client.publish(_channel(name), b"!")
        except redis.RedisError as error:
            self._rests_until_s = clock.mono_s() + _REDIS_REST_S
            _log.warning("nudges are not carried, listeners poll", error=str(error))


class RedisEar:
    """Listens on a channel, and again after Redis has been away."""

    def __init__(self, url: str, name: str) -> None:
        """Subscribe as soon as Redis answers."""
        self._name = name
        self._client = _client(url)
        self._line: Any = None

    def wait(self) -> None:
        """Return at the next ring or after the poll interval, also while Redis is away."""
        try:
            if self._line is None:
                self._line = self._client.pubsub(ignore_subscribe_messages=True)
                self._line.subscribe(_channel(self._name))
            if self._line.get_message(timeout=POLL_S) is not None:
                self._skip_waiting()
        except redis.RedisError:
            self._line = None
            clock.sleep_s(POLL_S)

    def _skip_waiting(self) -> None:
        """Let many rings count as one."""
        for _ in range(_MOST_AT_ONCE):
            if self._line.get_message(timeout=0) is None:
                return


def _client(url: str) -> redis.Redis:
    # One try and short waits: whoever rings has committed already, and must not be held up.
    return redis.Redis.from_url(
        url,
        socket_timeout=_REDIS_WAIT_S,
        socket_connect_timeout=_REDIS_WAIT_S,
        retry=retry.Retry(backoff.NoBackoff(), 0),
    )


def _channel(name: str) -> str:
    return f"leakfirst:{name}"
