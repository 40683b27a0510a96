"""The phone's own gate for positions: nothing leaves off duty or while paused, little while it stands still (PR-04)."""

from __future__ import annotations

import math
from typing import Final

import msgspec

from mobile.platform.catalog import Stillness
from mobile.store import meta, pocket
from mobile.store.database import Store
from shared import wire

_METRES_PER_DEGREE: Final = 111_195.0

Spans = tuple[tuple[int, int], ...]


class _Known(msgspec.Struct, frozen=True):
    """What the phone knows at this moment: service and screens are two processes, each may have changed it."""

    duty: Spans
    declared_ms: int | None
    is_paused: bool
    has_trouble: bool


class LocationGate:
    """Admits positions within a shift that the server has named and the technician has declared, and no others."""

    def __init__(self, store: Store, stillness: Stillness, declared_s: int) -> None:
        """Know what stands in `store`; a shift that was declared and never ended is over after `declared_s` seconds."""
        self._store, self._stillness, self._declared_ms = store, stillness, declared_s * 1000
        self._last: wire.Position | None = None

    @property
    def duty(self) -> Spans:
        """Return the shifts as the server last told them, (start, end) in Unix milliseconds."""
        return self._look().duty

    @property
    def is_paused(self) -> bool:
        """Tell whether the technician has paused his location."""
        return self._look().is_paused

    @property
    def has_trouble(self) -> bool:
        """Tell whether the phone refuses to say where it is though it may be told."""
        return self._look().has_trouble

    @property
    def last(self) -> wire.Position | None:
        """Return the position that was last allowed to leave, None before the first and while paused."""
        return None if self.is_paused else self._last

    def is_on_duty(self, now_ms: int) -> bool:
        """Tell whether a moment lies in one of the shifts that the server has named."""
        return _is_within(self.duty, now_ms)

    def is_declared(self, now_ms: int) -> bool:
        """Tell whether the technician has begun his shift and not ended it."""
        return self._is_declared(self._look(), now_ms)

    def shares_at(self, now_ms: int) -> bool:
        """Tell whether a position of this moment may leave the phone."""
        known = self._look()
        return not known.is_paused and _is_within(known.duty, now_ms) and self._is_declared(known, now_ms)

    def set_duty(self, duty: Spans) -> None:
        """Take the shifts of an answer."""
        if duty != self.duty:
            with self._store.write() as db:
                meta.set_text(db, meta.DUTY, msgspec.json.encode(duty).decode())

    def set_paused(self, *, is_paused: bool) -> None:
        """Pause or go on, one tap; the server hears of it with the next call."""
        with self._store.write() as db:
            meta.set_number(db, meta.LOCATION_PAUSED, int(is_paused))

    def note_trouble(self, *, is_troubled: bool) -> None:
        """Note whether the phone refuses to say where it is; the screens show it."""
        if is_troubled != self.has_trouble:
            with self._store.write() as db:
                meta.set_number(db, meta.LOCATION_TROUBLE, int(is_troubled))

    def admits(self, position: wire.Position) -> bool:
        """Tell whether a position may leave the phone; one that may becomes the last."""
        if not self.shares_at(position.at_ms):
            return False
        if self._last is not None and self._is_still(self._last, position):
            return False
        self._last = position
        return True

    def _is_declared(self, known: _Known, now_ms: int) -> bool:
        # The phone's clock and the satellites' differ: that the declaration is there at all says that it came before.
        return known.declared_ms is not None and now_ms - known.declared_ms < self._declared_ms

    def _look(self) -> _Known:
        with self._store.read() as db:
            told = meta.find_text(db, meta.DUTY)
            return _Known(
                duty=msgspec.json.decode(told, type=Spans) if told else (),
                declared_ms=pocket.get_kit(db).shift_started_ms,
                is_paused=meta.get_number(db, meta.LOCATION_PAUSED) == 1,
                has_trouble=meta.get_number(db, meta.LOCATION_TROUBLE) == 1,
            )

    def _is_still(self, last: wire.Position, position: wire.Position) -> bool:
        north_m = (position.lat - last.lat) * _METRES_PER_DEGREE
        east_m = (position.lon - last.lon) * _METRES_PER_DEGREE * math.cos(math.radians(position.lat))
        is_recent = position.at_ms - last.at_ms < self._stillness.still_s * 1000
        return is_recent and math.hypot(north_m, east_m) < self._stillness.still_m


def _is_within(spans: Spans, at_ms: int) -> bool:
    return any(start_ms <= at_ms < end_ms for start_ms, end_ms in spans)
