"""Files an answer of the server: results, changes and the cursor in one transaction, or none of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from mobile.platform.clock import Clock
from mobile.store import audit, files, jobs, meta, outbox
from mobile.store.database import Store
from shared import facts, wire
from shared.assignment import AssignmentState

_LARGEST_SEQ: Final = 2**62
_LONGEST_GEN: Final = 200


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked: generation and cursor at that time, and the ids of the events that were sent."""

    gen: str
    cursor: int
    event_ids: tuple[str, ...]


class Filed(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an answer; `is_again` asks for another call at once, `is_restart` tells of a new generation."""

    confirmed: int = 0
    received: int = 0
    is_again: bool = False
    is_restart: bool = False


def occurred_now(db: sqlite3.Connection, clock: Clock) -> wire.Occurred:
    """Return the present moment with the estimated offset to the server's clock."""
    return wire.Occurred(
        wall_ms=clock.now_ms(),
        mono_ms=clock.mono_ms(),
        boot_id=clock.boot_id,
        offset_ms=meta.get_number(db, meta.OFFSET_MS),
    )


class Inbox:
    """Applies what the server sends to the store."""

    def __init__(self, store: Store, clock: Clock, new_id: Callable[[int], str]) -> None:
        """Write to `store`; `new_id` makes ids for the events by which the phone confirms delivery."""
        self._store = store
        self._clock = clock
        self._new_id = new_id

    def file_answer(self, call: Call, response: wire.SyncResponse, offset_ms: int | None) -> Filed:
        """Apply one answer. Raises ValueError when it contradicts itself; then nothing of it is kept."""
        _check(response)
        if not (response.results or response.changes or call.event_ids) and _is_idle(call, response):
            return Filed(is_again=response.more)
        with self._store.write() as db:
            if _is_other_generation(call, response):
                return self._start_over(db, call, response.gen)
            if offset_ms is not None:
                meta.set_number(db, meta.OFFSET_MS, offset_ms)
            confirmed = self._settle(db, call, response.results)
            if _position(db) != (call.gen, call.cursor):
                return Filed(confirmed=confirmed, is_again=True)  # another call was faster; its cursor stands
            received = self._read_changes(db, call, response)
            self._prune(db)
            return Filed(confirmed=confirmed, received=received, is_again=response.more or _is_refetching(db))

    def file_doorbell(self, bell: wire.Doorbell) -> bool:
        """Apply changes that ride on a ring when they continue the cursor; tell whether the phone is now up to date.

        Raises ValueError when a number is out of range.
        """
        _check_changes(bell.seq, bell.changes)
        with self._store.write() as db:
            gen, cursor = _position(db)
            fresh = [change for change in bell.changes if change.seq > cursor]
            if gen and fresh and not _is_refetching(db) and _continues(cursor, fresh):
                self._take(db, gen, cursor, fresh)
                cursor = fresh[-1].seq
                meta.set_number(db, meta.CURSOR, cursor)
            return cursor >= bell.seq

    def _start_over(self, db: sqlite3.Connection, call: Call, gen: str) -> Filed:
        if _position(db) == (call.gen, call.cursor):
            meta.set_text(db, meta.GEN, gen)
            outbox.requeue_archive(db)
            files.send_all_again(db)
            begin_refetch(db)
        return Filed(is_again=True, is_restart=True)

    def _settle(self, db: sqlite3.Connection, call: Call, results: Sequence[wire.EventResult]) -> int:
        confirmed = 0
        for result in results:
            event = outbox.settle(db, result, self._clock.now_ms())
            if event is not None:
                jobs.keep_confirmed(db, event)
                confirmed += 1
        answered = {result.id for result in results}
        outbox.postpone(db, [event_id for event_id in call.event_ids if event_id not in answered])
        return confirmed

    def _read_changes(self, db: sqlite3.Connection, call: Call, response: wire.SyncResponse) -> int:
        meta.set_text(db, meta.GEN, response.gen)
        fresh = [change for change in response.changes if change.seq > call.cursor]
        is_whole = _continues(call.cursor, fresh) and (fresh[-1].seq if fresh else call.cursor) == response.cursor
        if call.cursor and not is_whole:
            audit.note_gap(db)
            begin_refetch(db)
            return 0
        self._take(db, response.gen, call.cursor, response.changes)
        meta.set_number(db, meta.CURSOR, response.cursor)
        if not response.more and _is_refetching(db):
            jobs.mark_others_gone(db, meta.get_number(db, meta.ERA), self._clock.now_ms())
            meta.set_number(db, meta.REFETCH, 0)
        return len(fresh)

    def _take(self, db: sqlite3.Connection, gen: str, cursor: int, changes: Sequence[wire.Change]) -> None:
        for change in changes:
            is_fresh = change.seq > cursor
            audit.note_change(db, gen, change, self._clock.now_ms(), is_applied=is_fresh)
            if is_fresh:
                self._apply(db, change)

    def _apply(self, db: sqlite3.Connection, change: wire.Change) -> None:
        if change.gone:
            jobs.mark_gone(db, change.work_order_id, self._clock.now_ms())
        elif change.job is not None:
            jobs.put_job(db, change.job, meta.get_number(db, meta.ERA))
            self._confirm_delivery(db, change.job)

    def _confirm_delivery(self, db: sqlite3.Connection, job: wire.Job) -> None:
        own = job.assignment
        name = str(facts.AssignmentDelivered.__struct_config__.tag)
        if own.state is not AssignmentState.OFFERED or outbox.has_event(db, own.id, own.epoch, name):
            return
        draft = outbox.Draft(
            id=self._new_id(self._clock.now_ms()),
            work_order_id=job.work_order_id,
            assignment_id=own.id,
            epoch=own.epoch,
            priority=job.priority,
            occurred=occurred_now(db, self._clock),
            body=facts.AssignmentDelivered(),
        )
        outbox.append(db, draft)

    def _prune(self, db: sqlite3.Connection) -> None:
        now_ms = self._clock.now_ms()
        outbox.prune_archive(db, now_ms)
        jobs.prune_gone(db, now_ms)
        audit.prune(db, now_ms)


def _check(response: wire.SyncResponse) -> None:
    if len(response.gen) > _LONGEST_GEN:
        raise ValueError("the generation's name is too long")
    _check_changes(response.cursor, response.changes)


def _check_changes(seq: int, changes: Sequence[wire.Change]) -> None:
    if not all(0 <= number <= _LARGEST_SEQ for number in (seq, *(change.seq for change in changes))):
        raise ValueError("a sequence number is out of range")
    if any(change.job and change.job.work_order_id != change.work_order_id for change in changes):
        raise ValueError("a job comes under another order's number")


def _is_other_generation(call: Call, response: wire.SyncResponse) -> bool:
    is_renamed = bool(call.gen) and response.gen != call.gen
    return is_renamed or (response.reset and call.cursor > 0) or response.cursor < call.cursor


def _is_idle(call: Call, response: wire.SyncResponse) -> bool:
    # The end of a reading from 0 is no idle answer even when it brings nothing: it clears the list.
    return (response.gen, response.cursor) == (call.gen, call.cursor) and call.cursor > 0


def _position(db: sqlite3.Connection) -> tuple[str, int]:
    return meta.find_text(db, meta.GEN) or "", meta.get_number(db, meta.CURSOR)


def _is_refetching(db: sqlite3.Connection) -> bool:
    return meta.get_number(db, meta.REFETCH) == 1


def begin_refetch(db: sqlite3.Connection) -> None:
    """Read the feed from cursor 0 with the next call; until that is complete the jobs stay as they are."""
    meta.set_number(db, meta.CURSOR, 0)
    meta.set_number(db, meta.ERA, meta.get_number(db, meta.ERA) + 1)
    meta.set_number(db, meta.REFETCH, 1)
    audit.forget_applied(db)


def _continues(cursor: int, changes: Sequence[wire.Change]) -> bool:
    return [change.seq for change in changes] == list(range(cursor + 1, cursor + 1 + len(changes)))
