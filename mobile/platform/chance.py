"""Chance on the phone: ids of events and the jitter of retries."""

from __future__ import annotations

import random
import secrets
from typing import Final

from shared import ids

_RANDOM_BYTES: Final = 10
_MARK_BYTES: Final = 9
_SYSTEM: Final = random.SystemRandom()


def new_id(now_ms: int) -> str:
    """Return a new event id, a UUID version 7 of the moment `now_ms` (Unix milliseconds)."""
    return ids.uuid7(now_ms, secrets.token_bytes(_RANDOM_BYTES))


def new_mark() -> str:
    """Return a mark for one call that nobody else can guess."""
    return secrets.token_urlsafe(_MARK_BYTES)


def uniform() -> float:
    """Return a number from 0 up to 1, for jitter."""
    return _SYSTEM.random()
