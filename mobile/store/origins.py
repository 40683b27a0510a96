"""Whose an event is that was made before this phone was enrolled anew: its seal and its name stay what they were."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

import msgspec

from mobile.store import meta

_KEPT: Final = "SELECT id FROM pending_events UNION ALL SELECT id FROM archive"


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """The enrolment under which an event was made."""

    device_id: str
    technician_id: str


def keep(db: sqlite3.Connection, earlier: meta.Identity) -> None:
    """Note that every event which is here now and has no origin yet was made under the enrolment that ends."""
    db.execute(
        f"INSERT INTO origins SELECT id, ?, ? FROM ({_KEPT}) WHERE true ON CONFLICT (id) DO NOTHING",  # noqa: S608 - constant
        (earlier.device_id, earlier.technician_id),
    )


def find(db: sqlite3.Connection, event_ids: Sequence[str]) -> dict[str, Origin]:
    """Return the origins of those among some events that were made under an earlier enrolment."""
    known = {str(row[0]): Origin(device_id=row[1], technician_id=row[2]) for row in db.execute("SELECT * FROM origins")}
    return {event_id: known[event_id] for event_id in event_ids if event_id in known}


def list_foreign(db: sqlite3.Connection) -> frozenset[str]:
    """Return the ids of events that another technician made on this phone: of his jobs they say nothing."""
    rows = db.execute("SELECT id, technician_id FROM origins").fetchall()
    identity = meta.find_identity(db) if rows else None
    return frozenset(str(row[0]) for row in rows if identity is None or row[1] != identity.technician_id)


def prune(db: sqlite3.Connection) -> None:
    """Forget the origins of events that this phone has forgotten."""
    db.execute(f"DELETE FROM origins WHERE id NOT IN ({_KEPT})")  # noqa: S608 - constant
