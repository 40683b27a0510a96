"""Long polls that wait for a change of their reader: each costs an event, and no thread of the database."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import threading
from collections.abc import Iterator, Mapping
from typing import NamedTuple

_UNWATCHED_POLL_S = 0.2
_LONGEST_MARK = 40


@dataclasses.dataclass(frozen=True)
class Stay:
    """One waiting call: it knows the feed up to `cursor`."""

    cursor: int
    rung: threading.Event = dataclasses.field(default_factory=threading.Event)


class Contacts(NamedTuple):
    """What calls have told, by reader: when they came (Unix ms), (last number given, how many unsent), their boots."""

    seen_ms: dict[str, int]
    unsent: dict[str, tuple[int, int]]
    boots: dict[str, dict[str, int]]


class Parking:
    """Where long polls wait. One call per reader: a newer one sends the older home, whose line may be dead."""

    def __init__(self) -> None:
        """Start empty; `is_watched` says that somebody calls `wake` after commits, else guests look for themselves."""
        self.is_watched = False
        self._stays: dict[str, Stay] = {}
        self._told: dict[str, int] = {}
        self._seen_ms: dict[str, int] = {}
        self._unsent: dict[str, tuple[int, int]] = {}
        self._boots: dict[str, dict[str, int]] = {}
        self._calling: collections.Counter[str] = collections.Counter()
        self._under_way: set[str] = set()

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._stays)

    def wait(self, reader_id: str, cursor: int, timeout_s: float) -> bool:
        """Return at a change after `cursor`, or when the time is over; False when a newer call took the place."""
        stay = Stay(cursor)
        earlier = self._stays.get(reader_id)
        self._stays[reader_id] = stay
        if earlier is not None:
            earlier.rung.set()
        stay.rung.wait(timeout_s if self.is_watched else min(timeout_s, _UNWATCHED_POLL_S))
        if self._stays.get(reader_id) is not stay:
            return False
        del self._stays[reader_id]
        return True

    @contextlib.contextmanager
    def calling(self, reader_id: str) -> Iterator[None]:
        """Note while a reader's call is under way: its answer tells what a ring would tell."""
        self._calling[reader_id] += 1
        try:
            yield
        finally:
            self._calling[reader_id] -= 1
            if not self._calling[reader_id]:
                del self._calling[reader_id]

    def is_calling(self, reader_id: str) -> bool:
        """Tell whether an answer to a reader is being made just now."""
        return reader_id in self._calling

    @contextlib.contextmanager
    def working(self, call_mark: str) -> Iterator[None]:
        """Note that a call which bears a mark has arrived whole, until it is answered."""
        if not call_mark or len(call_mark) > _LONGEST_MARK:
            yield
            return
        self._under_way.add(call_mark)
        try:
            yield
        finally:
            self._under_way.discard(call_mark)

    def is_under_way(self, call_mark: str) -> bool:
        """Tell whether the call of a mark is being worked on; its phone asks that on a fresh line."""
        return call_mark in self._under_way

    def note_told(self, reader_id: str, cursor: int) -> None:
        """Note that a call's answer brings a reader up to `cursor`: no ring need tell it again."""
        self._told[reader_id] = cursor

    def told(self, reader_id: str) -> int:
        """Return up to which change the newest call's answer has told a reader."""
        return self._told.get(reader_id, 0)

    def note_seen(self, reader_id: str, at_ms: int) -> None:
        """Note that a reader was heard of at a moment (Unix ms)."""
        self._seen_ms[reader_id] = at_ms

    def note_unsent(self, reader_id: str, given: int, left: int) -> None:
        """Note the last number that a reader gave to an event of its own, and how many of those were not sent yet."""
        self._unsent[reader_id] = given, left

    def note_boots(self, reader_id: str, boots: dict[str, int]) -> None:
        """Note when a reader's boots began (Unix ms by boot id)."""
        self._boots[reader_id] = boots

    def take_contacts(self) -> Contacts:
        """Return what is known of readers' calls since the last time, to be written down."""
        taken = Contacts(self._seen_ms, self._unsent, self._boots)
        self._seen_ms, self._unsent, self._boots = {}, {}, {}
        return taken

    def wake(self, heads: Mapping[str, int]) -> None:
        """Wake every guest whose reader has news, or none any more: its phone must lock itself or has lost access."""
        for reader_id, stay in list(self._stays.items()):
            if reader_id not in heads or heads[reader_id] > stay.cursor:
                stay.rung.set()
