"""A ring wakes whoever listens; a lost one costs him a poll interval and nothing else (decision 12)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.core import nudge, nudge_redis
from server.core.settings import Settings
from shared.errors import DomainError
from tests import throwaway_redis
from tests.throwaway_redis import Redis

LONG_S = 30.0


@pytest.fixture
def redis_server() -> Iterator[Redis]:
    """Yield a Redis server of the test's own; skips where none is installed."""
    if reason := throwaway_redis.missing_part():
        pytest.skip(reason)
    with throwaway_redis.running_server() as server:
        yield server


def settings_of(tmp_path: Path, redis_url: str = "") -> Settings:
    """Return settings with a data folder, and with Redis when an address is given."""
    return Settings.from_env({"LEAKFIRST_DATA_DIR": str(tmp_path), "LEAKFIRST_REDIS_URL": redis_url})


def is_woken(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Tell whether a ring ends a wait whose poll interval is endless."""
    monkeypatch.setattr(nudge, "POLL_S", LONG_S)
    ear, bell = nudge.ear_for(settings, nudge.WORKER), nudge.bell_for(settings)
    woken = threading.Event()

    def listen() -> None:
        ear.wait()
        woken.set()

    threading.Thread(target=listen, daemon=True).start()
    for _ in range(200):
        bell.ring(nudge.WORKER, nudge.GATEWAY)
        if woken.wait(0.05):
            return True
    return False


def test_ring_wakes_listener_over_local_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On one machine a datagram is enough."""
    assert is_woken(settings_of(tmp_path), monkeypatch)


def test_ring_wakes_listener_over_redis(tmp_path: Path, redis_server: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `LEAKFIRST_REDIS_URL` the ring crosses machines."""
    assert is_woken(settings_of(tmp_path, redis_server.url), monkeypatch)
    assert not (tmp_path / nudge.WORKER).exists()


def test_killed_redis_leaves_bell_and_ear_working(tmp_path: Path, redis_server: Redis) -> None:
    """Nobody fails while Redis is away, and rings are heard again once it is back."""
    settings = settings_of(tmp_path, redis_server.url)
    ear, bell = nudge.ear_for(settings, nudge.WORKER), nudge_redis.RedisBell(settings.redis_url)
    ear.wait()
    redis_server.kill()
    bell.ring(nudge.WORKER)
    ear.wait()
    ear.wait()
    redis_server.start()
    assert is_heard_again(ear, bell, redis_server)


def is_heard_again(ear: nudge.Ear, bell: nudge_redis.RedisBell, server: Redis) -> bool:
    """Tell whether the ear subscribes again, as Redis itself counts it, and the bell rings on."""
    ear.wait()
    ear.wait()
    bell.ring(nudge.WORKER)
    client = nudge_redis._client(server.url)
    subscribers = dict(client.pubsub_numsub(nudge_redis._channel(nudge.WORKER)))
    return list(subscribers.values()) == [1]


def test_address_that_is_no_redis_is_refused(tmp_path: Path) -> None:
    """A slip in the settings is named at once."""
    with pytest.raises(DomainError, match="setting_invalid"):
        settings_of(tmp_path, "localhost:6379")
