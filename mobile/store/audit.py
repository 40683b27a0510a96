"""What this phone received, kept so that losses and doublings can be counted against it (decision 19)."""

from __future__ import annotations

import sqlite3

import msgspec

from mobile.store import meta, outbox
from shared import wire


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """The phone's own account of its traffic.

    `gaps` counts answers that skipped a sequence number, `doubled_change_ids` are changes applied more than once within
    one generation, `confirmed_event_ids` are events that the server has confirmed as kept.
    """

    gen: str
    cursor: int
    change_ids: tuple[str, ...]
    doubled_change_ids: tuple[str, ...]
    gaps: int
    confirmed_event_ids: tuple[str, ...]
    pending_event_ids: tuple[str, ...]


def note_change(db: sqlite3.Connection, gen: str, change: wire.Change, now_ms: int, *, is_applied: bool) -> None:
    """Count one received change."""
    db.execute(
        """INSERT INTO seen_changes (gen, event_id, seq, type, seen_ms, times_applied) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
           ON CONFLICT (gen, event_id) DO UPDATE
           SET times_received = times_received + 1, times_applied = times_applied + ?6""",
        (gen, change.event_id, change.seq, change.type, now_ms, int(is_applied)),
    )


def note_gap(db: sqlite3.Connection) -> None:
    """Count an answer that skipped a sequence number."""
    meta.set_number(db, meta.GAPS, meta.get_number(db, meta.GAPS) + 1)


def forget_applied(db: sqlite3.Connection) -> None:
    """Start counting anew: a full reading from cursor 0 applies every change again on purpose."""
    db.execute("UPDATE seen_changes SET times_applied = 0")


def prune(db: sqlite3.Connection, now_ms: int) -> None:
    """Forget what was received more than 7 days ago."""
    db.execute("DELETE FROM seen_changes WHERE seen_ms < ?", (now_ms - outbox.ARCHIVE_MS,))


def get_audit(db: sqlite3.Connection) -> Audit:
    """Return the account of the present generation."""
    gen = meta.find_text(db, meta.GEN) or ""
    seen = db.execute("SELECT event_id, times_applied FROM seen_changes WHERE gen = ? ORDER BY seq", (gen,)).fetchall()
    archived = outbox.list_archived(db)
    return Audit(
        gen=gen,
        cursor=meta.get_number(db, meta.CURSOR),
        change_ids=tuple(row[0] for row in seen),
        doubled_change_ids=tuple(row[0] for row in seen if row[1] > 1),
        gaps=meta.get_number(db, meta.GAPS),
        confirmed_event_ids=tuple(item.event.id for item in archived if item.outcome != "dismissed"),
        pending_event_ids=tuple(item.event.id for item in outbox.list_pending(db)),
    )
