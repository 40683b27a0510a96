"""Who is served when very many phones call at once: first those whom a leak waits for, then all as they came.

A call that has begun goes on to its end. Without turns two thousand calls would share the database step by step, and
all of them, the leak's too, would end together at the very last (issue 4: a leak is delivered in the midst of a storm).
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import threading
from collections.abc import Collection, Iterator
from typing import Final

AT_ONCE: Final = 48
HUNG_UP: Final = "leakfirst.has_hung_up"  # what a server puts into the environment of a call: is nobody there any more?


@dataclasses.dataclass(eq=False)
class _Waiter:
    who: str
    called: threading.Event = dataclasses.field(default_factory=threading.Event)


class Turns:
    """Turns of a number of callers at a time; a caller is known by what he proves himself with, as it is stored."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        """Start with nobody."""
        self._free = at_once
        self._lock = threading.Lock()
        self._first: collections.deque[_Waiter] = collections.deque()
        self._others: dict[_Waiter, None] = {}
        self._hurried: frozenset[str] = frozenset()

    @property
    def waiting(self) -> int:
        """Return how many wait."""
        return len(self._first) + len(self._others)

    @contextlib.contextmanager
    def taking(self, who: str) -> Iterator[bool]:
        """Wait for a turn, and hold it inside the block; yields whether there was a wait."""
        has_waited = self._enter(who)
        try:
            yield has_waited
        finally:
            self._leave()

    @contextlib.contextmanager
    def resting(self, who: str) -> Iterator[None]:
        """Give a turn to others inside the block, and wait for another one after it."""
        self._leave()
        try:
            yield
        finally:
            self._enter(who)

    def hurry(self, callers: Collection[str]) -> None:
        """Serve these first from now on, whether they wait already or come later; replaces those named before."""
        with self._lock:
            self._hurried = frozenset(callers)
            called = [waiter for waiter in self._others if waiter.who in self._hurried]
            for waiter in called:
                del self._others[waiter]
            self._first.extend(called)

    def _enter(self, who: str) -> bool:
        with self._lock:
            if self._free:
                self._free -= 1
                return False
            waiter = _Waiter(who)
            if who in self._hurried:
                self._first.append(waiter)
            else:
                self._others[waiter] = None
        try:
            waiter.called.wait()
        except BaseException:
            self._give_up(waiter)
            raise
        return True

    def _leave(self) -> None:
        with self._lock:
            following = self._take_next()
            if following is None:
                self._free += 1
        if following is not None:
            following.called.set()

    def _take_next(self) -> _Waiter | None:
        if self._first:
            return self._first.popleft()
        for waiter in self._others:
            del self._others[waiter]
            return waiter
        return None

    def _give_up(self, waiter: _Waiter) -> None:
        """Wait no more; a turn that came meanwhile goes to the next."""
        with self._lock:
            if waiter in self._others:
                del self._others[waiter]
                return
            if waiter in self._first:
                self._first.remove(waiter)
                return
        self._leave()
