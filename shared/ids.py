"""Identifiers: NewTypes and time-ordered UUIDs. Time and randomness are arguments."""

from __future__ import annotations

import uuid
from typing import NewType

BranchId = NewType("BranchId", str)
WorkOrderId = NewType("WorkOrderId", str)
AssignmentId = NewType("AssignmentId", str)
TechnicianId = NewType("TechnicianId", str)
DeviceId = NewType("DeviceId", str)
EventId = NewType("EventId", str)

_RANDOM_BYTES = 10


def uuid7(now_ms: int, random_bytes: bytes) -> str:
    """Return a UUID version 7 as text (RFC 9562 section 5.7).

    `now_ms` is Unix time in milliseconds, `random_bytes` are ten random bytes. Raises ValueError when they are not ten.
    """
    if len(random_bytes) != _RANDOM_BYTES:
        raise ValueError("uuid7 takes ten random bytes")
    random = int.from_bytes(random_bytes, "big")
    high, low = random >> 68, random & ((1 << 62) - 1)
    value = ((now_ms & ((1 << 48) - 1)) << 80) | (0x7 << 76) | ((high & 0xFFF) << 64) | (0b10 << 62) | low
    return str(uuid.UUID(int=value))
