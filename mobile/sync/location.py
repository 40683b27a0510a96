"""The phone's own gate for positions: nothing leaves off duty or while paused, little while it stands still (PR-04)."""

from __future__ import annotations

import math
from typing import Final

import msgspec

from mobile.platform.catalog import Stillness
from mobile.store import meta
from mobile.store.database import Store
from shared import wire

_METRES_PER_DEGREE: Final = 111_195.0

Spans = tuple[tuple[int, int], ...]


class LocationGate:
    """Admits positions within the technician's shifts as the server last told them; before that it admits none."""

    def __init__(self, store: Store, stillness: Stillness) -> None:
        """Read what the phone knew when it was last open."""
        self._store, self._stillness = store, stillness
        self._last: wire.Position | None = None
        with store.read() as db:
            told = meta.find_text(db, meta.DUTY)
            self.is_paused = meta.get_number(db, meta.LOCATION_PAUSED) == 1
        self.duty: Spans = msgspec.json.decode(told, type=Spans) if told else ()

    @property
    def last(self) -> wire.Position | None:
        """Return the position that was last allowed to leave, None before the first and while paused."""
        return None if self.is_paused else self._last

    def set_duty(self, duty: Spans) -> None:
        """Take the shifts of an answer."""
        if duty == self.duty:
            return
        with self._store.write() as db:
            meta.set_text(db, meta.DUTY, msgspec.json.encode(duty).decode())
        self.duty = duty

    def set_paused(self, *, is_paused: bool) -> None:
        """Pause or go on, one tap; the server hears of it with the next call."""
        with self._store.write() as db:
            meta.set_number(db, meta.LOCATION_PAUSED, int(is_paused))
        self.is_paused = is_paused

    def admits(self, position: wire.Position) -> bool:
        """Tell whether a position may leave the phone; one that may becomes the last."""
        if self.is_paused or not any(start <= position.at_ms < end for start, end in self.duty):
            return False
        if self._last is not None and self._is_still(self._last, position):
            return False
        self._last = position
        return True

    def _is_still(self, last: wire.Position, position: wire.Position) -> bool:
        north_m = (position.lat - last.lat) * _METRES_PER_DEGREE
        east_m = (position.lon - last.lon) * _METRES_PER_DEGREE * math.cos(math.radians(position.lat))
        is_recent = position.at_ms - last.at_ms < self._stillness.still_s * 1000
        return is_recent and math.hypot(north_m, east_m) < self._stillness.still_m
