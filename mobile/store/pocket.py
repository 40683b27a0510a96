"""What a phone keeps for its technician: preferences, instruments, van stock, messages, who looked at his position."""

from __future__ import annotations

import sqlite3
from typing import Any, Final, TypeVar

import msgspec

from mobile.store import meta
from shared import facts, wire

_MOST_MESSAGES: Final = 100
Value = TypeVar("Value")


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """How the technician wants his screens; `theme` is auto, light or dark, `text_scale` 1.0 to 1.3."""

    language: str = ""
    theme: str = "light"
    text_scale: float = 1.0
    is_rotation_locked: bool = True
    is_sound_on: bool = True


class Kit(msgspec.Struct, frozen=True, kw_only=True):
    """What he carries, and when he began his shift (Unix milliseconds, None while off duty)."""

    instruments: tuple[facts.Instrument, ...] = ()
    stock: tuple[facts.StockLine, ...] = ()
    shift_started_ms: int | None = None
    is_fit: bool = True

    def find_stock(self, part: str, lot: str) -> facts.StockLine | None:
        """Return the line of a part and lot, None when the van has none."""
        return next((line for line in self.stock if (line.part, line.lot) == (part, lot)), None)


class KeptMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message of the centre; `is_read` once the technician has opened it."""

    message: wire.DeskMessage
    is_read: bool = False


class PositionView(msgspec.Struct, frozen=True, kw_only=True):
    """Who looked at the technician's trace, when, and at what time of it. Unix milliseconds."""

    viewer: str
    at_ms: int
    from_ms: int
    until_ms: int


class PositionViews(msgspec.Struct, frozen=True, kw_only=True):
    """Who looked, newest first, as last told by the server."""

    views: tuple[PositionView, ...] = ()
    fetched_ms: int | None = None


class RunningTimer(msgspec.Struct, frozen=True, kw_only=True):
    """A step's timer that runs, also while the app does not: when it was started by both clocks, milliseconds."""

    work_order_id: str
    protocol: str
    step: str
    boot_id: str
    mono_ms: int
    wall_ms: int

    def elapsed_ms(self, boot_id: str, mono_ms: int, wall_ms: int) -> int:
        """Return how long it has run: by the clock that never jumps, after a restart of the phone by the wall clock."""
        ran_ms = mono_ms - self.mono_ms if boot_id == self.boot_id else wall_ms - self.wall_ms
        return max(0, ran_ms)


class Shot(msgspec.Struct, frozen=True, kw_only=True):
    """A picture the camera app was opened for: its place in the phone's gallery, its job, as whose, and when."""

    place: str
    work_order_id: str
    purpose: str
    device_id: str
    occurred: wire.Occurred


def list_shots(db: sqlite3.Connection) -> tuple[Shot, ...]:
    """List the pictures that wait in the phone's gallery."""
    found = meta.find_text(db, meta.SHOTS)
    return msgspec.json.decode(found, type=tuple[Shot, ...]) if found else ()


def set_shots(db: sqlite3.Connection, shots: tuple[Shot, ...]) -> None:
    """Store the pictures that wait in the phone's gallery."""
    _set(db, meta.SHOTS, shots)


def list_timers(db: sqlite3.Connection) -> tuple[RunningTimer, ...]:
    """List the timers that run."""
    found = meta.find_text(db, meta.TIMERS)
    return msgspec.json.decode(found, type=tuple[RunningTimer, ...]) if found else ()


def set_timers(db: sqlite3.Connection, timers: tuple[RunningTimer, ...]) -> None:
    """Store the timers that run."""
    _set(db, meta.TIMERS, timers)


def get_preferences(db: sqlite3.Connection) -> Preferences:
    """Return the preferences, the first ones before any was set."""
    return _get(db, meta.PREFERENCES, Preferences)


def set_preferences(db: sqlite3.Connection, preferences: Preferences) -> None:
    """Store the preferences."""
    _set(db, meta.PREFERENCES, preferences)


def get_kit(db: sqlite3.Connection) -> Kit:
    """Return what the technician carries."""
    return _get(db, meta.KIT, Kit)


def set_kit(db: sqlite3.Connection, kit: Kit) -> None:
    """Store what the technician carries."""
    _set(db, meta.KIT, kit)


def take_from_stock(db: sqlite3.Connection, part: str, lot: str, pieces: int) -> None:
    """Take pieces out of the van, or put them back; a count that is short shows as zero, for the van is right."""
    kit = get_kit(db)
    line = kit.find_stock(part, lot)
    if line is None:
        return
    left = msgspec.structs.replace(line, quantity=max(0, line.quantity - pieces))
    set_kit(db, msgspec.structs.replace(kit, stock=tuple(left if s is line else s for s in kit.stock)))


def list_messages(db: sqlite3.Connection) -> tuple[KeptMessage, ...]:
    """List the messages of the centre, oldest first."""
    found = meta.find_text(db, meta.MESSAGES)
    return msgspec.json.decode(found, type=tuple[KeptMessage, ...]) if found else ()


def add_messages(db: sqlite3.Connection, fresh: tuple[wire.DeskMessage, ...]) -> None:
    """Keep messages that are new here; the oldest read ones make room."""
    kept = [*list_messages(db), *(KeptMessage(message=message) for message in fresh)]
    kept.sort(key=lambda item: (item.message.at_ms, item.message.id))
    while len(kept) > _MOST_MESSAGES and any(item.is_read for item in kept):
        kept.remove(next(item for item in kept if item.is_read))
    _set(db, meta.MESSAGES, tuple(kept))


def mark_read(db: sqlite3.Connection, message_id: str) -> None:
    """Note that the technician has read a message."""
    kept = (
        msgspec.structs.replace(item, is_read=True) if item.message.id == message_id else item
        for item in list_messages(db)
    )
    _set(db, meta.MESSAGES, tuple(kept))


def get_position_views(db: sqlite3.Connection) -> PositionViews:
    """Return who looked, as last told."""
    return _get(db, meta.POSITION_VIEWS, PositionViews)


def set_position_views(db: sqlite3.Connection, views: PositionViews) -> None:
    """Store who looked."""
    _set(db, meta.POSITION_VIEWS, views)


def _get(db: sqlite3.Connection, key: str, kind: type[Value]) -> Value:
    found = meta.find_text(db, key)
    return kind() if found is None else msgspec.json.decode(found, type=kind)


def _set(db: sqlite3.Connection, key: str, value: Any) -> None:
    meta.set_text(db, key, msgspec.json.encode(value).decode())
