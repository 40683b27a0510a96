"""Events of this phone: pending until the server confirms them, then archived for 7 days (reliability.md 3.4)."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

import msgspec

from mobile.store import meta, origins
from shared import facts, wire

ARCHIVE_MS: Final = 7 * 24 * 3_600_000
CONFIRMED: Final = frozenset({"applied", "duplicate", "filed_late", "flagged"})
ATTENTION: Final = frozenset({"rejected", "quarantined"})
_COLUMNS: Final = "dseq, id, work_order_id, assignment_id, epoch, type, priority"
# A record is bound to its table: one that moves is opened and sealed anew.
_MOVED: Final = "seal('{0}', id, unseal('{1}', id, event))"


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """An event before it has its number."""

    id: str
    work_order_id: str
    assignment_id: str
    epoch: int
    priority: int
    occurred: wire.Occurred
    body: facts.AnyBody


class PendingEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event that the server has not confirmed: `state` is queued or needs_attention, the latter with its result."""

    event: wire.PhoneEvent
    state: str
    attempts: int
    result: wire.EventResult | None


class ArchivedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event that the server has confirmed: `outcome` as answered, `acked_ms` Unix milliseconds."""

    event: wire.PhoneEvent
    outcome: str
    acked_ms: int
    result: wire.EventResult | None


def append(db: sqlite3.Connection, draft: Draft) -> wire.PhoneEvent:
    """Give the event its gapless number and queue it; from here on its bytes never change."""
    dseq = meta.get_number(db, meta.NEXT_DSEQ, 1)
    event = wire.PhoneEvent(
        id=draft.id,
        dseq=dseq,
        work_order_id=draft.work_order_id,
        assignment_id=draft.assignment_id,
        epoch=draft.epoch,
        occurred=draft.occurred,
        body=draft.body,
    )
    name = facts.name_of(draft.body)
    values = (dseq, event.id, event.work_order_id, event.assignment_id, event.epoch, name, draft.priority)
    db.execute(
        f"""INSERT INTO pending_events ({_COLUMNS}, event)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, seal('pending_events', ?2, ?8))""",  # noqa: S608 - constant columns
        (*values, msgspec.json.encode(event)),
    )
    meta.set_number(db, meta.NEXT_DSEQ, dseq + 1)
    return event


def list_batch(db: sqlite3.Connection, limit: int) -> list[tuple[str, bytes]]:
    """List up to `limit` queued events as (id, bytes).

    In order within each work order; orders that were told to retry come last, so that none holds up the others. What
    says where he is goes first: who has arrived at a home is not taken off it by the leak that he accepts next.
    """
    rows = db.execute(
        """SELECT id, unseal('pending_events', id, event) FROM pending_events JOIN (
             SELECT work_order_id AS owner, max(attempts) AS tried, min(priority) AS urgency, min(dseq) AS first,
                    max(dseq) FILTER (WHERE type IN ('departed', 'arrived')) AS moved
             FROM pending_events WHERE state = 'queued' GROUP BY work_order_id) ON owner = work_order_id
           WHERE state = 'queued'
           ORDER BY tried, CASE WHEN dseq <= moved THEN 0 ELSE urgency END, first, dseq LIMIT ?""",
        (limit,),
    )
    return [(str(row[0]), bytes(row[1])) for row in rows]


def list_pending(db: sqlite3.Connection, work_order_id: str | None = None) -> list[PendingEvent]:
    """List unconfirmed events in the order of their numbers, of one work order or of all."""
    rows = db.execute(
        """SELECT unseal('pending_events', id, event), state, attempts, unseal('results', id, result)
           FROM pending_events
           WHERE ?1 IS NULL OR work_order_id = ?1 ORDER BY dseq""",
        (work_order_id,),
    )
    return [PendingEvent(event=_event(row[0]), state=row[1], attempts=row[2], result=_result(row[3])) for row in rows]


def list_unsent(db: sqlite3.Connection) -> list[tuple[str, bytes]]:
    """List all unconfirmed events as (id, bytes) in the order of their numbers, also those set aside."""
    rows = db.execute("SELECT id, unseal('pending_events', id, event) FROM pending_events ORDER BY dseq")
    return [(str(row[0]), bytes(row[1])) for row in rows]


def list_archived(db: sqlite3.Connection) -> list[ArchivedEvent]:
    """List the confirmed events of the last 7 days in the order of their numbers."""
    rows = db.execute(
        """SELECT unseal('archive', id, event), outcome, acked_ms, unseal('results', id, result)
           FROM archive ORDER BY dseq"""
    )
    return [
        ArchivedEvent(event=_event(row[0]), outcome=row[1], acked_ms=row[2], result=_result(row[3])) for row in rows
    ]


def count(db: sqlite3.Connection, state: str) -> int:
    """Count the unconfirmed events in a state."""
    return int(db.execute("SELECT count(*) FROM pending_events WHERE state = ?", (state,)).fetchone()[0])


def count_unsent(db: sqlite3.Connection) -> int:
    """Count the events that the server does not have: what it has answered, even with a refusal, is not on here only.

    Facts that lie here as refused never were: the whole call that brought them was.
    """
    aside = [item for item in list_pending(db) if item.state != "queued"] if count(db, "needs_attention") else []
    refused = [
        item for item in aside if not item.event.body.intent and item.result and item.result.outcome == "rejected"
    ]
    return count(db, "queued") + len(refused)


def find_pending_event(db: sqlite3.Connection, event_id: str) -> wire.PhoneEvent | None:
    """Return an unconfirmed event, None when it is confirmed or was never made here."""
    query = "SELECT unseal('pending_events', id, event) FROM pending_events WHERE id = ?"
    found = db.execute(query, (event_id,)).fetchone()
    return None if found is None else _event(found[0])


def has_event(db: sqlite3.Connection, assignment_id: str, epoch: int, name: str) -> bool:
    """Tell whether this phone has already made an event of this name for this round of offering."""
    query = "SELECT 1 FROM {} WHERE assignment_id = ? AND epoch = ? AND type = ?"
    return any(
        db.execute(query.format(table), (assignment_id, epoch, name)).fetchone()
        for table in ("pending_events", "archive")
    )


def settle(db: sqlite3.Connection, result: wire.EventResult, now_ms: int) -> wire.PhoneEvent | None:
    """File one result; return the event when the server has just confirmed it, else None.

    Confirmed events move to the archive, rejected and quarantined ones wait for the technician, all others are sent
    again. Results for events that are not pending change nothing.
    """
    event = find_pending_event(db, result.id)
    if event is None:
        return None
    if result.outcome in ATTENTION or _repeats_a_refusal(event, result):
        set_aside(db, result)
    elif result.outcome in CONFIRMED:
        _archive(db, result, now_ms)
        return event
    else:
        postpone(db, (result.id,))
    return None


def postpone(db: sqlite3.Connection, event_ids: Sequence[str]) -> None:
    """Put events behind those of other work orders for the next call."""
    db.executemany("UPDATE pending_events SET attempts = attempts + 1 WHERE id = ?", [(i,) for i in event_ids])


def set_aside(db: sqlite3.Connection, result: wire.EventResult) -> None:
    """Keep an event for the technician's attention, with the reason in `result`; it is not sent again by itself."""
    db.execute(
        "UPDATE pending_events SET state = 'needs_attention', result = seal('results', ?1, ?2) WHERE id = ?1",
        (result.id, msgspec.json.encode(result)),
    )


def requeue(db: sqlite3.Connection, event_id: str) -> None:
    """Send an event again that needed attention."""
    db.execute("UPDATE pending_events SET state = 'queued', result = NULL WHERE id = ?", (event_id,))


def dismiss(db: sqlite3.Connection, event_id: str, now_ms: int) -> None:
    """File an event that the technician has read the refusal of; events still queued stay."""
    db.execute(
        f"""INSERT INTO archive ({_COLUMNS}, event, outcome, result, acked_ms)
            SELECT {_COLUMNS}, {_MOVED.format("archive", "pending_events")}, 'dismissed', result, ? FROM pending_events
            WHERE id = ? AND state = 'needs_attention'""",  # noqa: S608 - constant columns
        (now_ms, event_id),
    )
    db.execute("DELETE FROM pending_events WHERE id = ? AND state = 'needs_attention'", (event_id,))


def requeue_archive(db: sqlite3.Connection) -> None:
    """Queue every event of the archive again, and every fact that was set aside.

    The server was restored and may have forgotten them (reliability.md 3.6); refused intents stay refused.
    """
    db.execute(
        f"""INSERT INTO pending_events ({_COLUMNS}, event)
            SELECT {_COLUMNS}, {_MOVED.format("pending_events", "archive")} FROM archive
            WHERE outcome <> 'dismissed'""",  # noqa: S608 - constant columns
    )
    db.execute("DELETE FROM archive WHERE outcome <> 'dismissed'")
    intents = [str(kind.__struct_config__.tag) for kind in (facts.AssignmentAccepted, facts.AssignmentDeclined)]
    db.execute("UPDATE pending_events SET state = 'queued', result = NULL WHERE type NOT IN (?, ?)", intents)


def prune_archive(db: sqlite3.Connection, now_ms: int) -> None:
    """Forget events that were confirmed more than 7 days ago."""
    db.execute("DELETE FROM archive WHERE acked_ms < ?", (now_ms - ARCHIVE_MS,))
    origins.prune(db)


def _repeats_a_refusal(event: wire.PhoneEvent, result: wire.EventResult) -> bool:
    # A repeat is answered "duplicate" with the first answer's code and flags; intents that succeed have no code.
    is_refused = event.body.intent and bool(result.code)
    return result.outcome == "duplicate" and (is_refused or "quarantined" in result.flags)


def _archive(db: sqlite3.Connection, result: wire.EventResult, now_ms: int) -> None:
    db.execute(
        f"""INSERT INTO archive ({_COLUMNS}, event, outcome, result, acked_ms)
            SELECT {_COLUMNS}, {_MOVED.format("archive", "pending_events")}, ?1, seal('results', id, ?2), ?3
            FROM pending_events WHERE id = ?4""",  # noqa: S608 - constant columns
        (result.outcome, msgspec.json.encode(result), now_ms, result.id),
    )
    db.execute("DELETE FROM pending_events WHERE id = ?", (result.id,))


def _event(raw: bytes) -> wire.PhoneEvent:
    return msgspec.json.decode(raw, type=wire.PhoneEvent)


def _result(raw: bytes | None) -> wire.EventResult | None:
    return None if raw is None else msgspec.json.decode(raw, type=wire.EventResult)
