"""The one write path: a service gets a `Tx`, records events on it, and never commits; the entry commits once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import orm

from server.core import clock, journal
from server.core.clock import Clock
from server.core.db import Database
from shared import ids
from shared.machine import Role

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Actor:
    """Who acts, and in which branch; the product itself is the actor of handlers and timers."""

    id: str
    role: Role
    branch_id: str

    @classmethod
    def system(cls, branch_id: str) -> Actor:
        """Return the product itself as actor."""
        return cls(id="system", role=Role.SYSTEM, branch_id=branch_id)


class Tx:
    """One transaction: session, time, actor, new ids, and the events to be journalled with it."""

    def __init__(self, session: orm.Session, now_ms: int, actor: Actor) -> None:
        """Bind a session to a moment and an actor."""
        self.session = session
        self.now_ms = now_ms
        self.actor = actor
        self.branch_id = actor.branch_id
        self.events: list[journal.Event] = []

    def new_id(self) -> str:
        """Return a new time-ordered id."""
        return ids.uuid7(self.now_ms, clock.random_bytes(10))

    def record(
        self, event_type: str, data: dict[str, Any], *, work_order_id: str = "", technicians: tuple[str, ...] = ()
    ) -> None:
        """Journal a change with this transaction; `technicians` are those whose devices must hear of it."""
        self.events.append(
            journal.Event(
                type=event_type,
                branch_id=self.branch_id,
                at_ms=self.now_ms,
                actor_id=self.actor.id,
                actor_role=self.actor.role.value,
                work_order_id=work_order_id,
                technician_ids=tuple(sorted(set(technicians) - {""})),
                data=data,
                event_id=self.new_id(),
            )
        )


class UnitOfWork:
    """Runs work in one transaction with its journal rows, then nudges whoever waits for them."""

    def __init__(
        self,
        database: Database,
        run_clock: Clock,
        is_awaited: Callable[[journal.Event], bool],
        nudge: Callable[[], None],
    ) -> None:
        """`is_awaited` tells whether an event has reactions; `nudge` wakes worker and gateway after a commit."""
        self.database = database
        self.clock = run_clock
        self._is_awaited = is_awaited
        self._nudge = nudge

    def run(self, actor: Actor, work: Callable[[Tx], T]) -> T:
        """Return what the work returns, after its rows and events are committed together. Raises what it raises."""
        value, has_events = self.database.write(self._transaction(actor, work))
        if has_events:
            self._nudge()
        return value

    def run_all(self, actor: Actor, works: Sequence[Callable[[Tx], T]]) -> list[T | Exception]:
        """Run several works in their order, each for itself; return values or errors after they are committed."""
        done = self.database.write_all([self._transaction(actor, work) for work in works])
        if any(not isinstance(outcome, Exception) and outcome[1] for outcome in done):
            self._nudge()
        return [outcome if isinstance(outcome, Exception) else outcome[0] for outcome in done]

    def read(self, work: Callable[[orm.Session], T]) -> T:
        """Return what the work reads."""
        return self.database.read(work)

    def _transaction(self, actor: Actor, work: Callable[[Tx], T]) -> Callable[[orm.Session], tuple[T, bool]]:
        now_ms = self.clock.now_ms()

        def transact(session: orm.Session) -> tuple[T, bool]:
            tx = Tx(session, now_ms, actor)
            value = work(tx)
            session.flush()
            if tx.events:
                journal.append(session, tx.events, self._is_awaited)
            return value, bool(tx.events)

        return transact
