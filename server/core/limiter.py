"""Rate limits per caller and route (decision 14), counted in this process's memory."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Final

import limits

from server.core import clock
from shared.errors import DomainError

_SWEEP_S: Final = 60.0


@functools.cache
def _parse(text: str) -> tuple[int, int]:
    """Return how many calls a limit such as `600/minute` allows in how many seconds."""
    rate = limits.parse(text)
    return rate.amount, rate.get_expiry()


class Limiter:
    """Counts in windows that begin with a caller's first call. The library's own memory starts a thread at calls."""

    def __init__(self, now_s: Callable[[], float] = clock.mono_s) -> None:
        """Have counted nothing; `now_s` tells the time of a clock that never goes back."""
        self._now_s = now_s
        self._windows: dict[tuple[str, ...], tuple[float, int]] = {}
        self._swept_s = now_s()
        self._lock = threading.Lock()

    def check(self, limit: str, *key: str) -> None:
        """Count a call. Raises DomainError `rate_limited` above the limit."""
        most, length_s = _parse(limit)
        now_s = self._now_s()
        with self._lock:
            ends_s, count = self._windows.get((limit, *key), (0.0, 0))
            if ends_s <= now_s:
                ends_s, count = now_s + length_s, 0
            self._windows[(limit, *key)] = (ends_s, count + 1)
            self._sweep(now_s)
        if count >= most:
            raise DomainError("rate_limited")

    def _sweep(self, now_s: float) -> None:
        if now_s - self._swept_s > _SWEEP_S:
            self._windows = {key: window for key, window in self._windows.items() if window[0] > now_s}
            self._swept_s = now_s
