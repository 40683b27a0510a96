"""Runs what travels beside the text, map of the day and pictures, in a thread of their own."""

from __future__ import annotations

import logging
import sqlite3
import threading
from typing import Final, Protocol

from shared.errors import DomainError

_LOG: Final = logging.getLogger(__name__)
_PAUSE_S: Final = 5.0


class Lane(Protocol):
    """What can be exchanged in passes."""

    def run_once(self) -> object:
        """Try what is due once."""
        ...


def run(closing: threading.Event, *lanes: Lane) -> None:
    """Let each lane pass every few seconds until `closing`; what is wrong with one is no matter of the others."""
    while not closing.wait(_PAUSE_S):
        for lane in lanes:
            try:
                lane.run_once()
            except (sqlite3.Error, OSError, DomainError):
                # A full disk: what waits stays and is tried again. After a wipe the phone is closing.
                _LOG.exception("the map of the day or pictures could not be exchanged")
