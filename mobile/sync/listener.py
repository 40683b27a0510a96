"""Hears of changes by long poll while the doorbell is not connected (decision 1)."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable
from typing import Final

from mobile.platform import chance
from mobile.platform.clock import Clock
from mobile.sync.engine import SyncEngine
from shared.errors import DomainError

_LOG: Final = logging.getLogger(__name__)
_LISTEN_S: Final = 20.0
_GRACE_S: Final = 1.5  # what the doorbell gets to connect before the phone listens by long poll
_MOST_REST_S: Final = 3.0
_STORE_TROUBLE_S: Final = 5.0


class Listener:
    """Waiting calls, one after another, in a thread of their own."""

    def __init__(
        self, engine: SyncEngine, clock: Clock, has_doorbell: Callable[[], bool], wake: Callable[[], None]
    ) -> None:
        """`wake` asks for an ordinary call: to confirm what came, to obey an order, or to see what the line lacks."""
        self._engine, self._clock = engine, clock
        self._has_doorbell, self._wake = has_doorbell, wake
        self._closing = threading.Event()
        self.is_listening = False

    def run(self) -> None:
        """Listen whenever the doorbell is silent, until `close`."""
        while not self._closing.wait(_GRACE_S):
            while not self._closing.is_set() and not self._has_doorbell():
                self._closing.wait(self._listen_and_rest_s())
            self.is_listening = False

    def close(self) -> None:
        """End the loop; the call under way is the transport's to give up."""
        self._closing.set()

    def _listen_and_rest_s(self) -> float:
        started_ms, order = self._clock.mono_ms(), self._engine.order
        try:
            filed = self._engine.listen(_LISTEN_S)
        except (sqlite3.Error, DomainError):
            # A full disk; after a wipe the phone is closing.
            _LOG.exception("what the long poll brought could not be written")
            return _STORE_TROUBLE_S
        self.is_listening = filed is not None
        if filed is None or filed.received or filed.is_again or self._engine.order != order:
            self._wake()
        if filed is None:
            return _MOST_REST_S * chance.uniform()
        has_waited = self._clock.mono_ms() - started_ms > _GRACE_S * 1000
        return 0.0 if has_waited or filed.received else _GRACE_S
