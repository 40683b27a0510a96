"""Brings the file of an earlier version under the key: sealed in one transaction, then cleared of plain traces."""

from __future__ import annotations

import sqlite3
from typing import Final

_SEAL_ALL: Final = (
    "UPDATE meta SET value = seal('meta', key, value)",
    "UPDATE jobs SET job = seal('jobs', work_order_id, job)",
    "UPDATE pending_events SET event = seal('pending_events', id, event), result = seal('results', id, result)",
    "UPDATE archive SET event = seal('archive', id, event), result = seal('results', id, result)",
)
_CHECK: Final = "seal_check"
_CHECK_TEXT: Final = "leakfirst"


def seal_all(db: sqlite3.Connection) -> None:
    """Seal every record of a plain file within the caller's transaction."""
    for statement in _SEAL_ALL:
        db.execute(statement)


def put_check(db: sqlite3.Connection) -> None:
    """Write the record by which the key is recognised, once."""
    db.execute("INSERT INTO meta VALUES (?1, seal('meta', ?1, ?2)) ON CONFLICT (key) DO NOTHING", (_CHECK, _CHECK_TEXT))


def read_check(db: sqlite3.Connection) -> None:
    """Open that record. Raises sqlite3.OperationalError when the key is another one."""
    db.execute("SELECT unseal('meta', key, value) FROM meta WHERE key = ?", (_CHECK,)).fetchall()


def clear_traces(db: sqlite3.Connection) -> None:
    """Rewrite the file and empty its journal, so that no page keeps what was plain before."""
    db.execute("VACUUM")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
