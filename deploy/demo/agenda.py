"""What happens next in a run: a queue of moments, in the order of their time and of their entry."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

Act = Callable[[], None]


class Agenda:
    """Everything the run still has to do by itself; the server's own duties are not in it."""

    def __init__(self) -> None:
        """Start empty."""
        self._heap: list[tuple[int, int, Act]] = []
        self._count = itertools.count()

    def at(self, when_ms: int, act: Act) -> None:
        """Put an act on the agenda."""
        heapq.heappush(self._heap, (when_ms, next(self._count), act))

    def find_next_ms(self) -> int | None:
        """Return the time of the next act."""
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now_ms: int) -> Act | None:
        """Return the next act whose time has come."""
        if not self._heap or self._heap[0][0] > now_ms:
            return None
        return heapq.heappop(self._heap)[2]
