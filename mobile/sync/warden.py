"""Carries out what the desk demands of a lost phone, and erases one that has heard nothing for too long (threat C8)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from mobile.platform.catalog import PhoneRules
from mobile.platform.clock import Clock
from mobile.store import guard, meta, pins, wiping
from mobile.store.database import Store
from mobile.store.guard import Guard
from mobile.sync.engine import SyncEngine
from shared.errors import DomainError

_LOG: Final = logging.getLogger(__name__)
_REPORT_PAUSES_S: Final = (1.0, 3.0, 0.0)
_COUNT_EVERY_MS: Final = 60_000  # a count is a durable write: often enough for a limit of days


class Warden:
    """Locks, unlocks and erases one phone. Evidence the server lacks is sealed to it first; it is never destroyed."""

    def __init__(
        self,
        store: Store,
        engine: SyncEngine,
        clock: Clock,
        rules: PhoneRules,
        hand_in: Callable[[], None],
        gather: Callable[[], object],
    ) -> None:
        """Guard `store`, hear orders through `engine`.

        `hand_in` delivers sealed evidence while the token counts, `gather` takes evidence in that waits outside.
        """
        self._store, self._engine, self._clock, self._rules = store, engine, clock, rules
        self._hand_in, self._gather = hand_in, gather
        self._wiped: Guard | None = None
        self._counted_ms: int | None = None
        self._pause = threading.Event()

    def guard(self) -> Guard:
        """Return whether the phone is open, locked or wiped."""
        if self._wiped is None:
            try:
                with self._store.read() as db:
                    return guard.get_guard(db)
            except DomainError:
                if self._wiped is None:  # else it was erased while this waited for the store
                    raise
        return self._wiped

    def check_open(self) -> None:
        """Allow work on the phone. Raises DomainError `phone_locked`, `phone_wiped`."""
        state = self.guard().state
        if state != "open":
            raise DomainError(f"phone_{state}")

    def obey(self) -> None:
        """Carry out the order of an answer that has just come; a lock ends when the desk no longer asks for it."""
        order = self._engine.order
        if order == "wipe":
            self.wipe("desk")
        elif order == "lock":
            self._set(Guard(state="locked", since_ms=self._clock.now_ms(), reason="desk"))
        else:
            self._set(Guard())

    def watch(self) -> None:
        """Count how long the server has been silent; erase an enrolled phone after the limit."""
        mono_ms = self._clock.mono_ms()
        if self._counted_ms is not None and 0 <= mono_ms - self._counted_ms < _COUNT_EVERY_MS:
            return
        self._counted_ms = mono_ms
        with self._store.write() as db:
            is_enrolled = meta.find_identity(db) is not None
            silent_ms = guard.count_silence(db, self._clock)
        if is_enrolled and silent_ms >= self._rules.self_wipe_after_s * 1000:
            self.wipe("silence")

    def wipe(self, reason: str) -> bool:
        """Erase the phone and tell the server; without a key to seal unsent evidence to, lock it instead.

        Returns whether it was erased.
        """
        now_ms = self._clock.now_ms()
        try:
            self._gather()
        except Exception:  # noqa: BLE001 - of the store or of Java; whatever it is, a lost phone is erased; logged
            _LOG.exception("pictures in the gallery are not saved from the wipe")
        with self._store.hold():
            try:
                wiping.seal_evidence(self._store, now_ms)
            except DomainError as error:
                _LOG.warning("locked instead of wiped: %s", error)
                self._set(Guard(state="locked", since_ms=now_ms, reason=reason))
                return False
            report = self._engine.report_wiped()
            self._wiped = Guard(state="wiped", since_ms=now_ms, reason=reason)
            self._store.end("phone_wiped")
            wiping.erase(self._store.folder, now_ms, reason)
        self._hand_in()
        for pause_s in _REPORT_PAUSES_S if reason == "desk" else (0.0,):
            if report():
                break
            self._pause.wait(pause_s)
        return True

    def notice_wiped(self) -> bool:
        """Tell whether this phone was erased, also by another process; then nothing more is read or written here."""
        if self._wiped is None:
            self._wiped = wiping.find_wiped(self._store.folder)
            if self._wiped is not None:
                self._store.end("phone_wiped")
        return self._wiped is not None

    def _set(self, wanted: Guard) -> None:
        if self.guard().state == wanted.state:
            return
        with self._store.write() as db:
            guard.set_guard(db, wanted)
            if wanted.state == "open":
                # The desk's word opens the phone, also for a technician who has forgotten his PIN.
                pins.forget(db)
