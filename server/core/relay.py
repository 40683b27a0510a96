"""The relay: claims journal rows and due deadlines, runs their handlers at least once, each in its own transaction.

A handler writes in the transaction that also ends the duty, so its effect on the database happens once.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
import structlog
from sqlalchemy import orm

from server.core import clock, deadlines
from server.core.deadlines import Deadline
from server.core.journal import Event, JournalRow, OutboxRow, event_of
from server.core.unit_of_work import Actor, Tx, UnitOfWork

_log = structlog.get_logger(__name__)

Handler = Callable[[Tx, Event], None]
DueHandler = Callable[[Tx, dict[str, Any]], None]

LEASE_MS: Final = 10_000
_BATCH: Final = 20
_BACK_OFF_MS: Final = 500
_LOOK_EVERY_S: Final = 0.2
_LONGEST_BACK_OFF_MS: Final = 60_000


class Relay:
    """Carries out reactions and duties of one worker process."""

    def __init__(
        self,
        uow: UnitOfWork,
        on: Mapping[str, tuple[Handler, ...]],
        due: Mapping[str, DueHandler],
        worker_name: str,
        prepare: Callable[[str], None] | None = None,
        list_pressing: Callable[[orm.Session], Collection[str]] = lambda _session: (),
    ) -> None:
        """`on` maps event types to handlers, `due` maps kinds of deadlines to theirs.

        `prepare` gets the branch before each event's transaction begins: what needs time is done there.
        `list_pressing` names the orders whose events are handled ahead of all others: a leak never waits for an import.
        """
        self._uow = uow
        self._on = on
        self._due = due
        self._name = worker_name
        self._prepare = prepare
        self._list_pressing = list_pressing
        self._looked_s = 0.0

    def release_own_claims(self) -> None:
        """Give back what this worker had claimed before it was killed."""
        statement = sa.update(OutboxRow).where(OutboxRow.claimed_by == self._name).values(claimed_until_ms=0)
        self._uow.database.write(lambda session: session.execute(statement))

    def run_once(self) -> int:
        """Handle one batch of events and due duties; return how many were carried out or put off."""
        # Looking first keeps an idle worker from taking the writer's lock ten times a second.
        claimed = self._uow.database.write(self._claim) if self._uow.read(count_waiting) else []
        self._looked_s = clock.mono_s()
        for journal_id in claimed:
            self._handle_pressing()
            self._handle(journal_id)
        return len(claimed) + self._sweep()

    def _handle_pressing(self) -> None:
        """Handle what has come of pressing orders since the batch was claimed, if that is a while ago."""
        if clock.mono_s() - self._looked_s < _LOOK_EVERY_S:
            return
        if self._uow.read(self._has_pressing):
            for journal_id in self._uow.database.write(lambda session: self._claim(session, only_pressing=True)):
                self._handle(journal_id)
        self._looked_s = clock.mono_s()

    def _has_pressing(self, session: orm.Session) -> bool:
        return session.scalar(self._free(session, clock.real_ms(), only_pressing=True).limit(1)) is not None

    def _free(self, session: orm.Session, now: int, *, only_pressing: bool) -> sa.Select[Any]:
        """Return the query of what nobody has claimed, the events of pressing orders first."""
        query = sa.select(OutboxRow).where(OutboxRow.claimed_until_ms < now)
        pressing = JournalRow.work_order_id.in_(self._list_pressing(session))
        query = query.join(JournalRow, JournalRow.id == OutboxRow.journal_id)
        return query.where(pressing) if only_pressing else query.order_by(sa.case((pressing, 0), else_=1))

    def _claim(self, session: orm.Session, *, only_pressing: bool = False) -> list[int]:
        """Claim a batch with a conditional update; a row in another worker's lease stays his."""
        now = clock.real_ms()
        query = (
            self._free(session, now, only_pressing=only_pressing)
            .order_by(OutboxRow.journal_id)
            .limit(_BATCH)
            .with_for_update(skip_locked=True, of=OutboxRow)
        )
        rows = list(session.scalars(query))
        for row in rows:
            row.claimed_by, row.claimed_until_ms = self._name, now + LEASE_MS
        return [row.journal_id for row in rows]

    def _handle(self, journal_id: int) -> None:
        row = self._uow.read(lambda session: session.get(JournalRow, journal_id))
        if row is None:
            return
        event = event_of(row)

        def work(tx: Tx) -> None:
            outbox = tx.session.get(OutboxRow, journal_id, with_for_update=True)
            if outbox is None:
                return
            for handler in self._on[event.type]:
                handler(tx, event)
            tx.session.delete(outbox)

        try:
            if self._prepare is not None:
                self._prepare(event.branch_id)
            self._uow.run(Actor.system(event.branch_id), work)
        except Exception as error:  # noqa: BLE001 - a failed reaction is kept, logged and tried again
            _log.exception("handler failed", type=event.type, work_order_id=event.work_order_id)
            self._put_off(journal_id, error)

    def _put_off(self, journal_id: int, error: Exception) -> None:
        def work(session: orm.Session) -> None:
            row = session.get(OutboxRow, journal_id)
            if row is not None:
                row.attempts += 1
                row.error = repr(error)
                row.claimed_until_ms = clock.real_ms() + back_off_ms(row.attempts)

        self._uow.database.write(work)

    def _sweep(self) -> int:
        now_ms = self._uow.clock.now_ms()
        return self._carry_out_due(now_ms, "")

    def hurry(self, kind: str, late_ms: int) -> int:
        """Carry out the duties of one kind that are late by so much, from another thread: whatever holds the loop up.

        Both may meet on one duty: its row goes away with the first.
        """
        return self._carry_out_due(self._uow.clock.now_ms() - late_ms, kind)

    def _carry_out_due(self, before_ms: int, kind: str) -> int:
        due = self._uow.read(lambda session: deadlines.list_due(session, before_ms, clock.real_ms(), _BATCH, kind))
        for (branch_id, _), duties in itertools.groupby(due, lambda duty: (duty.branch_id, duty.kind)):
            self._carry_out(branch_id, list(duties))
        return len(due)

    def _carry_out(self, branch_id: str, duties: Sequence[Deadline]) -> None:
        """Carry out duties of one kind together: many leaks climb in the time of one."""
        outcomes = self._uow.run_all(Actor.system(branch_id), [functools.partial(self._end, duty) for duty in duties])
        for duty, outcome in zip(duties, outcomes, strict=True):
            if isinstance(outcome, Exception):  # a failed duty is kept, logged and tried again
                _log.error("duty failed", kind=duty.kind, key=duty.key, exc_info=outcome)
                self._uow.database.write(functools.partial(_retry_later, duty_id=duty.id))

    def _end(self, duty: Deadline, tx: Tx) -> None:
        # Another worker may be at the same duty: what he has locked or ended is his.
        row = tx.session.get(Deadline, duty.id, with_for_update={"skip_locked": True})
        if row is not None:
            tx.session.delete(row)
            tx.session.flush()
            self._due[row.kind](tx, row.data)


def _retry_later(session: orm.Session, duty_id: str) -> None:
    row = session.get(Deadline, duty_id)
    if row is not None:
        row.attempts += 1
        row.retry_at_real_ms = clock.real_ms() + back_off_ms(row.attempts)


def back_off_ms(attempts: int) -> int:
    """Return how long to wait after so many failures: doubling, at most a minute."""
    return min(_LONGEST_BACK_OFF_MS, _BACK_OFF_MS << min(attempts, 16))


def count_waiting(session: orm.Session) -> int:
    """Return how many events still wait for their handlers."""
    waiting: int | None = session.scalar(sa.select(sa.func.count()).select_from(OutboxRow))
    return waiting or 0
