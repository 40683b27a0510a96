"""Tables of the phone's file.

What speaks of people or places is sealed per record (`meta.value`, `jobs.job`, `event`, `result`); ids, numbers and
times are plain, for they are searched by. Unsealed, `pending_events.event` and `archive.event` are the exact bytes that
travel.
"""

from __future__ import annotations

from typing import Final

PLAIN: Final = 1  # an earlier version: nothing is sealed
SEALED: Final = 2  # every record is sealed, traces of plain ones may still be in free pages
VERSION: Final = 3

TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    """CREATE TABLE IF NOT EXISTS jobs (
        work_order_id TEXT PRIMARY KEY, job BLOB NOT NULL, era INTEGER NOT NULL,
        gone_ms INTEGER) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS pending_events (
        dseq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, work_order_id TEXT NOT NULL,
        assignment_id TEXT NOT NULL, epoch INTEGER NOT NULL, type TEXT NOT NULL, priority INTEGER NOT NULL,
        event BLOB NOT NULL, state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'needs_attention')),
        attempts INTEGER NOT NULL DEFAULT 0, result BLOB)""",
    "CREATE INDEX IF NOT EXISTS pending_by_order ON pending_events (work_order_id, dseq)",
    """CREATE TABLE IF NOT EXISTS archive (
        dseq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, work_order_id TEXT NOT NULL,
        assignment_id TEXT NOT NULL, epoch INTEGER NOT NULL, type TEXT NOT NULL, priority INTEGER NOT NULL,
        event BLOB NOT NULL, outcome TEXT NOT NULL, result BLOB, acked_ms INTEGER NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS archive_by_time ON archive (acked_ms)",
    """CREATE TABLE IF NOT EXISTS origins (
        id TEXT PRIMARY KEY, device_id TEXT NOT NULL, technician_id TEXT NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS files (
        sha256 TEXT PRIMARY KEY, work_order_id TEXT NOT NULL, size_bytes INTEGER NOT NULL, mime TEXT NOT NULL,
        made_ms INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, delivered_ms INTEGER) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS file_troubles (
        sha256 TEXT PRIMARY KEY, code TEXT NOT NULL, is_final INTEGER NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS seen_changes (
        gen TEXT NOT NULL, event_id TEXT NOT NULL, seq INTEGER NOT NULL, type TEXT NOT NULL, seen_ms INTEGER NOT NULL,
        times_received INTEGER NOT NULL DEFAULT 1, times_applied INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (gen, event_id)) WITHOUT ROWID""",
)
