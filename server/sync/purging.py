"""Forgets idempotency rows that no phone can ask for any more; only where a setting says so (decision 6)."""

from __future__ import annotations

from typing import Final

from server.core import deadlines
from server.core.unit_of_work import Tx
from server.sync import repository

PURGE: Final = "purge_processed"
_DAY_MS: Final = 24 * 3_600_000
_PER_TURN: Final = 2_000  # keeps each transaction short, whatever has piled up


def keep_purging(tx: Tx, kept_days: int) -> None:
    """Make sure that the branch's rows older than `kept_days` are forgotten every day; 0 keeps them for good."""
    deadlines.cancel(tx, PURGE, tx.branch_id)
    if kept_days:
        deadlines.schedule(tx, PURGE, tx.branch_id, tx.now_ms, {"kept_days": kept_days})


def purge(tx: Tx, kept_days: int) -> None:
    """Forget a portion of old rows and come again: at once while there are more, else tomorrow.

    A fact that is sent again after all is still known by its id; an intent is too late by then.
    """
    before_ms = tx.now_ms - kept_days * _DAY_MS
    rows = repository.list_processed_before(tx.session, tx.branch_id, before_ms, _PER_TURN)
    for row in rows:
        tx.session.delete(row)
    pause_ms = 0 if len(rows) == _PER_TURN else _DAY_MS
    deadlines.schedule(tx, PURGE, tx.branch_id, tx.now_ms + pause_ms, {"kept_days": kept_days})
