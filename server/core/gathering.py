"""Works of many callers that are committed together: what is asked for while one group is being written is the next."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Sequence
from typing import Any


@dataclasses.dataclass(frozen=True)
class Ahead:
    """What a caller's works are about to read: `look` reads it for many callers at once, each with his `wish`."""

    look: Callable[[Any, Sequence[Any]], None]
    wish: Any


class Asked:
    """One caller's works: `weight` is how many, `outcomes` stays None when the group did not pass."""

    def __init__(self, works: list[Any], guarded: set[int], ahead: Ahead | None = None) -> None:
        """Ask for works, those at the places `guarded` in savepoints."""
        self.works, self.guarded, self.ahead = works, guarded, ahead
        self.outcomes: list[Any] | None = None
        self.is_done = False
        self.called = threading.Event()

    @property
    def weight(self) -> int:
        """Return how many ordinary works these are."""
        return len(self.works)


class Gathering:
    """Whoever asks first carries everybody's works out who waits by then, and names the next one who does."""

    def __init__(self, carry_out: Callable[[list[Asked]], None], most: int) -> None:
        """`carry_out` sets the outcomes of a group that weighs `most` at the most, or of one heavier caller."""
        self._carry_out, self._most = carry_out, most
        self._lock = threading.Lock()
        self._waiting: list[Asked] = []
        self._is_led = False

    def pass_through(self, asked: Asked) -> None:
        """Return when the works were carried out, or did not pass. Raises what carrying out one's own group raises."""
        with self._lock:
            self._waiting.append(asked)
            leads, self._is_led = not self._is_led, True
        if not leads:
            self._wait(asked)
        if not asked.is_done:
            self._lead()

    def _wait(self, asked: Asked) -> None:
        try:
            asked.called.wait()
        except BaseException:
            with self._lock:
                if asked in self._waiting:
                    self._waiting.remove(asked)
                was_named = asked.called.is_set() and not asked.is_done
            if was_named:
                self._name_next()
            raise

    def _lead(self) -> None:
        with self._lock:
            group = self._take_group()
        try:
            self._carry_out(group)
        finally:
            for one in group:
                one.is_done = True
                one.called.set()
            self._name_next()

    def _take_group(self) -> list[Asked]:
        group, weight = [self._waiting.pop(0)], 0
        while self._waiting and (weight := weight + group[-1].weight) + self._waiting[0].weight <= self._most:
            group.append(self._waiting.pop(0))
        return group

    def _name_next(self) -> None:
        with self._lock:
            following = self._waiting[0] if self._waiting else None
            self._is_led = following is not None
        if following is not None:
            following.called.set()
