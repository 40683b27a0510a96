"""Nudges over Redis: for processes on several machines (decision 12)."""

from __future__ import annotations

from typing import Any, Final

import redis
import structlog
from redis import backoff, retry

from server.core import clock

_log = structlog.get_logger(__name__)

_REDIS_WAIT_S: Final = 0.25  # what a commit may lose to a Redis that hangs
_REDIS_REST_S: Final = 1.0  # after a failure: commits do not wait for a Redis that is away
_MOST_AT_ONCE: Final = 1000


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

    def __init__(self, url: str, name: str, poll_s: float) -> None:
        """Subscribe as soon as Redis answers; a wait without a ring ends after `poll_s`."""
        self._poll_s = poll_s
        self._name = name
        self._client: Any = _client(url)  # its subscriptions are untyped
        self._line: Any = None

    def wait(self) -> None:
        """Return at the next ring or after the poll interval, also while Redis is away."""
        try:
            if self._line is None:
                self._line = self._client.pubsub(ignore_subscribe_messages=True)
                self._line.subscribe(_channel(self._name))
            if self._line.get_message(timeout=self._poll_s) is not None:
                self._skip_waiting()
        except redis.RedisError:
            self._line = None
            clock.sleep_s(self._poll_s)

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
