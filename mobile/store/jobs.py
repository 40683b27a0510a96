"""Jobs of this phone: the server's copy, with confirmed events already in it, and the projection over it."""

from __future__ import annotations

import sqlite3

import msgspec

from mobile.store import origins, outbox, projection
from shared import wire
from shared.errors import DomainError


class StoredJob(msgspec.Struct, frozen=True):
    """A job as the technician sees it; `is_gone` when it is no longer his (recalled, superseded, cancelled, closed)."""

    job: wire.Job
    is_gone: bool


def put_job(db: sqlite3.Connection, job: wire.Job, era: int) -> None:
    """Store the server's copy of a job in place of the earlier one."""
    db.execute(
        """INSERT INTO jobs (work_order_id, job, era, gone_ms) VALUES (?1, seal('jobs', ?1, ?2), ?3, NULL)
           ON CONFLICT (work_order_id) DO UPDATE SET job = excluded.job, era = excluded.era, gone_ms = NULL""",
        (job.work_order_id, msgspec.json.encode(job), era),
    )


def mark_gone(db: sqlite3.Connection, work_order_id: str, now_ms: int) -> None:
    """Take a job off the list; it is kept so that evidence of a visit under way can still be filed."""
    db.execute("UPDATE jobs SET gone_ms = coalesce(gone_ms, ?) WHERE work_order_id = ?", (now_ms, work_order_id))


def mark_others_gone(db: sqlite3.Connection, era: int, now_ms: int) -> None:
    """Take all jobs off the list that the complete reading `era` did not bring."""
    db.execute("UPDATE jobs SET gone_ms = coalesce(gone_ms, ?) WHERE era <> ?", (now_ms, era))


def keep_confirmed(db: sqlite3.Connection, event: wire.PhoneEvent) -> None:
    """Fold a confirmed event into the stored copy, so that nothing flickers until the server's next copy arrives."""
    found = db.execute(
        "SELECT unseal('jobs', work_order_id, job) FROM jobs WHERE work_order_id = ?", (event.work_order_id,)
    ).fetchone()
    if found is not None and event.id not in origins.list_foreign(db):
        job = projection.advance(_decode(found[0]), event)
        values = (event.work_order_id, msgspec.json.encode(job))
        db.execute("UPDATE jobs SET job = seal('jobs', ?1, ?2) WHERE work_order_id = ?1", values)


def prune_gone(db: sqlite3.Connection, now_ms: int) -> None:
    """Forget jobs that left this phone more than 7 days ago and have nothing unsent."""
    db.execute(
        """DELETE FROM jobs WHERE gone_ms < ?
           AND work_order_id NOT IN (SELECT work_order_id FROM pending_events)""",
        (now_ms - outbox.ARCHIVE_MS,),
    )


def list_jobs(db: sqlite3.Connection) -> list[wire.Job]:
    """List the jobs of this phone as the technician sees them: offered emergencies first, then by promised time."""
    pending: dict[str, list[outbox.PendingEvent]] = {}
    for item in _list_own(db):
        pending.setdefault(item.event.work_order_id, []).append(item)
    rows = db.execute("SELECT unseal('jobs', work_order_id, job) FROM jobs WHERE gone_ms IS NULL")
    jobs = [_decode(row[0]) for row in rows]
    return sorted((projection.project(job, pending.get(job.work_order_id, ())) for job in jobs), key=_rank)


def find_job(db: sqlite3.Connection, work_order_id: str) -> StoredJob | None:
    """Return a job as the technician sees it, also one that has left this phone, None when it was never here."""
    query = "SELECT unseal('jobs', work_order_id, job), gone_ms FROM jobs WHERE work_order_id = ?"
    found = db.execute(query, (work_order_id,)).fetchone()
    if found is None:
        return None
    job = projection.project(_decode(found[0]), _list_own(db, work_order_id))
    return StoredJob(job, found[1] is not None)


def get_job(db: sqlite3.Connection, work_order_id: str) -> StoredJob:
    """Return a job as `find_job` does. Raises DomainError `order_not_here`."""
    found = find_job(db, work_order_id)
    if found is None:
        raise DomainError("order_not_here", work_order_id=work_order_id)
    return found


def _list_own(db: sqlite3.Connection, work_order_id: str | None = None) -> list[outbox.PendingEvent]:
    """List the unconfirmed events of the technician who has this phone now: what another did is another visit's."""
    foreign = origins.list_foreign(db)
    return [item for item in outbox.list_pending(db, work_order_id) if item.event.id not in foreign]


def _decode(raw: bytes) -> wire.Job:
    return msgspec.json.decode(raw, type=wire.Job)


def _rank(job: wire.Job) -> tuple[int, int, str]:
    planned = job.assignment.planned_arrival_ms
    return (job.priority, planned if planned is not None else job.assignment.offered_ms, job.number)
