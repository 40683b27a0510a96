"""Whether this phone is locked, and for how long it has heard nothing of the server (threat C8)."""

from __future__ import annotations

import sqlite3

import msgspec

from mobile.platform.clock import Clock
from mobile.store import meta


class Guard(msgspec.Struct, frozen=True, kw_only=True):
    """State of the phone: `open`, `locked` by the desk, or `wiped`; since when in Unix milliseconds, and why.

    `reason` is `desk`, or `silence` of the server for too long.
    """

    state: str = "open"
    since_ms: int = 0
    reason: str = ""


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """How long the server has been silent, counted up to the moment that the two clocks then showed."""

    silent_ms: int = 0
    wall_ms: int
    mono_ms: int
    boot_id: str


def get_guard(db: sqlite3.Connection) -> Guard:
    """Return the state; a phone that was told nothing is open."""
    found = meta.find_text(db, meta.GUARD)
    return Guard() if found is None else msgspec.json.decode(found, type=Guard)


def set_guard(db: sqlite3.Connection, state: Guard) -> None:
    """Store the state."""
    meta.set_text(db, meta.GUARD, msgspec.json.encode(state).decode())


def reset(db: sqlite3.Connection) -> None:
    """Forget lock and silence: the phone has just been enrolled."""
    db.execute("DELETE FROM meta WHERE key IN (?, ?)", (meta.GUARD, meta.CONTACT))


def note_contact(db: sqlite3.Connection, clock: Clock) -> None:
    """Start counting the silence anew: the server has just answered."""
    _put(db, _now(clock, 0))


def count_silence(db: sqlite3.Connection, clock: Clock) -> int:
    """Count the silence on to the present moment and return it in milliseconds.

    Within one boot the clock counts that nobody can set; across boots the wall clock does, and a clock that was set
    back adds nothing but takes nothing away either.
    """
    found = meta.find_text(db, meta.CONTACT)
    if found is None:
        note_contact(db, clock)
        return 0
    last = msgspec.json.decode(found, type=Contact)
    is_same_boot = last.boot_id == clock.boot_id
    passed_ms = clock.mono_ms() - last.mono_ms if is_same_boot else clock.now_ms() - last.wall_ms
    silent_ms = last.silent_ms + max(0, passed_ms)
    _put(db, _now(clock, silent_ms))
    return silent_ms


def _now(clock: Clock, silent_ms: int) -> Contact:
    return Contact(silent_ms=silent_ms, wall_ms=clock.now_ms(), mono_ms=clock.mono_ms(), boot_id=clock.boot_id)


def _put(db: sqlite3.Connection, contact: Contact) -> None:
    meta.set_text(db, meta.CONTACT, msgspec.json.encode(contact).decode())
