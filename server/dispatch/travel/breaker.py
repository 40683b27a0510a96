"""A circuit breaker: who failed several times in a row is left alone for a while, then asked once."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Breaker:
    """Closed while things go well; opens after failures in a row; half-open lets one question through."""

    def __init__(self, opens_after: int, stays_open_s: float, now_s: Callable[[], float]) -> None:
        """``now_s`` is a monotonic clock."""
        self._opens_after, self._stays_open_s, self._now_s = opens_after, stays_open_s, now_s
        self._failures = 0
        self._opened_s = 0.0
        self._is_trying = False
        self._lock = threading.Lock()

    @property
    def state(self) -> str:
        """``closed``, ``open``, or ``half_open`` when the next question is let through."""
        if self._failures < self._opens_after:
            return "closed"
        return "half_open" if self._now_s() - self._opened_s >= self._stays_open_s else "open"

    def try_enter(self) -> bool:
        """Tell whether a question may be asked now; whoever may must tell how it went."""
        with self._lock:
            if self.state == "closed":
                return True
            if self.state == "open" or self._is_trying:
                return False
            self._is_trying = True
            return True

    def succeed(self) -> None:
        """Close: all is well again."""
        with self._lock:
            self._failures, self._is_trying = 0, False

    def fail(self) -> None:
        """Count a failure; a failed trial opens for another while."""
        with self._lock:
            self._failures, self._is_trying = self._failures + 1, False
            self._opened_s = self._now_s()
