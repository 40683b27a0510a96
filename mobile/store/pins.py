"""The technician's PIN as a digest with its wrong tries, and whose customer holds the phone (threat C9)."""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from typing import Final

import msgspec

from mobile.store import meta

_COST: Final = 2**14
_BLOCK: Final = 8


class Pin(msgspec.Struct, frozen=True, kw_only=True):
    """A PIN's scrypt digest and salt in hexadecimal; `locks` in a row, the last at `mono_ms` of boot `boot_id`."""

    salt: str
    digest: str
    failures: int = 0
    locks: int = 0
    boot_id: str = ""
    mono_ms: int = 0

    def is_right(self, digits: str) -> bool:
        """Tell whether these are the digits."""
        return hmac.compare_digest(_digest(digits, bytes.fromhex(self.salt)), self.digest)


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """The customer of this job holds the phone; `language` is the one that he chose."""

    work_order_id: str
    language: str


def make(digits: str, salt: bytes) -> Pin:
    """Return a PIN to store."""
    return Pin(salt=salt.hex(), digest=_digest(digits, salt))


def find_pin(db: sqlite3.Connection) -> Pin | None:
    """Return the PIN, None before one was chosen."""
    found = meta.find_text(db, meta.PIN)
    return msgspec.json.decode(found, type=Pin) if found else None


def set_pin(db: sqlite3.Connection, pin: Pin) -> None:
    """Store the PIN."""
    meta.set_text(db, meta.PIN, msgspec.json.encode(pin).decode())


def find_held(db: sqlite3.Connection) -> Held | None:
    """Return whose customer holds the phone, None while the technician does."""
    found = meta.find_text(db, meta.KIOSK)
    return msgspec.json.decode(found, type=Held) if found else None


def set_held(db: sqlite3.Connection, held: Held | None) -> None:
    """Store who holds the phone: it is known again after a restart."""
    meta.set_text(db, meta.KIOSK, "" if held is None else msgspec.json.encode(held).decode())


def forget(db: sqlite3.Connection) -> None:
    """Forget the PIN and give the phone back to the technician."""
    db.execute("DELETE FROM meta WHERE key IN (?, ?)", (meta.PIN, meta.KIOSK))


def _digest(digits: str, salt: bytes) -> str:
    return hashlib.scrypt(digits.encode(), salt=salt, n=_COST, r=_BLOCK, p=1).hex()
