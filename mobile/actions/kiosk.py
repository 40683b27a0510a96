"""The phone in the customer's hand: only the technician's PIN leads back, and guessing it is counted (threat C9)."""

from __future__ import annotations

import secrets
import sqlite3
from typing import Final

import msgspec

from mobile.actions import desk as desks
from mobile.actions.desk import Desk
from mobile.platform.catalog import KioskRules
from mobile.store import jobs, pins
from mobile.store.pins import Held, Pin
from shared import door_facts
from shared.errors import DomainError

_LENGTHS: Final = range(4, 9)
_SALT_BYTES: Final = 16
_MOST_DOUBLINGS: Final = 16
_RUNS: Final = ("01234567890", "09876543210")


class Kiosk:
    """Hands the phone to a customer and back. What was guessed wrong is stored before anything is answered."""

    def __init__(self, desk: Desk, rules: KioskRules) -> None:
        """Keep the PIN in the desk's store."""
        self._desk, self.rules = desk, rules

    def has_pin(self) -> bool:
        """Tell whether the technician has chosen a PIN."""
        with self._desk.store.read() as db:
            return pins.find_pin(db) is not None

    def choose_pin(self, digits: str, again: str, old: str = "") -> None:
        """Keep a new PIN; one that exists is changed with the old one only.

        Raises DomainError `pin_too_simple`, `pin_differs`, and as `leave` does.
        """
        if not is_good(digits):
            raise DomainError("pin_too_simple")
        if digits != again:
            raise DomainError("pin_differs")
        if self.has_pin():
            self._check(old)
        with self._desk.store.write() as db:
            pins.set_pin(db, pins.make(digits, secrets.token_bytes(_SALT_BYTES)))

    def held(self) -> Held | None:
        """Return whose customer holds the phone, None while the technician does."""
        with self._desk.store.read() as db:
            return pins.find_held(db)

    def enter(self, work_order_id: str, language: str) -> Held:
        """Hand the phone to the customer. Raises DomainError `pin_missing`: there must be a way back."""
        if not self.has_pin():
            raise DomainError("pin_missing")
        held = Held(work_order_id=work_order_id, language=language)
        with self._desk.store.write() as db:
            pins.set_held(db, held)
        self._desk.on_append()  # the office hears at once that a customer is signing
        return held

    def leave(self, digits: str) -> None:
        """Give the phone back to the technician. Raises DomainError `pin_missing`, `pin_wrong`, `pin_locked`."""
        self._check(digits)
        with self._desk.store.write() as db:
            pins.set_held(db, None)

    def lock_left_s(self) -> int:
        """Return for how many seconds no PIN is taken; 0 when one may be tried."""
        with self._desk.store.read() as db:
            pin = pins.find_pin(db)
        if pin is None or not pin.locks or pin.failures % self.rules.pin_tries:
            return 0
        if pin.boot_id != self._desk.clock.boot_id:
            # Nobody knows how long the phone was off: the lock begins anew.
            pin = self._begin_lock(pin, pin.locks)
            with self._desk.store.write() as db:
                pins.set_pin(db, pin)
        length_s = min(self.rules.pin_longest_lock_s, self.rules.pin_lock_s << min(pin.locks - 1, _MOST_DOUBLINGS))
        return max(0, length_s - (self._desk.clock.mono_ms() - pin.mono_ms) // 1000)

    def _check(self, digits: str) -> None:
        if self.lock_left_s():
            raise DomainError("pin_locked", seconds=self.lock_left_s())
        left = self._count(digits)
        if left == 0:
            raise DomainError("pin_locked", seconds=self.lock_left_s())
        if left > 0:
            raise DomainError("pin_wrong", left=left)

    def _count(self, digits: str) -> int:
        """Try a PIN: -1 when it is right, else how many tries are left; committed before the answer is given."""
        with self._desk.store.write() as db:
            pin = pins.find_pin(db)
            if pin is None:
                raise DomainError("pin_missing")
            if pin.is_right(digits):
                pins.set_pin(db, Pin(salt=pin.salt, digest=pin.digest))
                return -1
            return self._fail(db, pin)

    def _fail(self, db: sqlite3.Connection, pin: Pin) -> int:
        pin = msgspec.structs.replace(pin, failures=pin.failures + 1)
        left = -pin.failures % self.rules.pin_tries
        if left == 0:
            pin = self._begin_lock(pin, pin.locks + 1)
            self._tell(db, pin)
        pins.set_pin(db, pin)
        return left

    def _begin_lock(self, pin: Pin, locks: int) -> Pin:
        clock = self._desk.clock
        return msgspec.structs.replace(pin, locks=locks, boot_id=clock.boot_id, mono_ms=clock.mono_ms())

    def _tell(self, db: sqlite3.Connection, pin: Pin) -> None:
        held = pins.find_held(db)
        found = jobs.find_job(db, held.work_order_id) if held is not None else None
        if found is not None:
            desks.queue(self._desk, db, found.job, door_facts.PinLocked(failures=pin.failures))


def is_good(digits: str) -> bool:
    """Tell whether a PIN may be chosen: four to eight digits, not one digit alone, no run up or down."""
    is_number = digits.isascii() and digits.isdecimal() and len(digits) in _LENGTHS
    return is_number and len(set(digits)) > 1 and not any(digits in run for run in _RUNS)
