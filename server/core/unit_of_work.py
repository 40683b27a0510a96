"""The one write path: a service gets a `Tx`, records events on it, and never commits; the entry commits once."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
import structlog
from sqlalchemy import orm

from server.core import clock, held, journal
from server.core.clock import Clock
from server.core.db import GROUP, Database
from server.core.gathering import Ahead, Asked, Gathering
from shared import ids
from shared.machine import Role

_log = structlog.get_logger(__name__)

T = TypeVar("T")
Q = TypeVar("Q")


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


Act = tuple[Actor, Callable[[Tx], T]]
Answering = Callable[[orm.Session, Sequence[Q]], Sequence[T]]


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
        self._gathering = Gathering(self._pass_together, GROUP)
        self._readings: dict[Answering[Any, Any], Gathering] = {}

    def run(self, actor: Actor, work: Callable[[Tx], T]) -> T:
        """Return what the work returns, after its rows and events are committed together. Raises what it raises."""
        value, has_events = self.database.write(self._transaction(actor, work))
        if has_events:
            self._nudge()
        return value

    def run_all(
        self,
        actor: Actor,
        works: Sequence[Callable[[Tx], T]],
        doubtful: Collection[int] = (),
        ahead: Ahead | None = None,
    ) -> list[T | Exception]:
        """Run several works in their order, each for itself; return values or errors after they are committed.

        They share a transaction and one stretch of the journal: a phone that was away brings hundreds. First only those
        at the places `doubtful`, which may well fail, have a savepoint; when another fails, all have; when that breaks
        too, each has a transaction of its own. Before all that it is tried with everybody else's works who waits for
        SQLite's one writer. Where works share a transaction, what is `ahead` of them is read first.
        """
        asked = Asked([(actor, work) for work in works], set(doubtful), ahead)
        if not works or not self.database.is_sqlite:
            return self._run_alone(asked)
        self._gathering.pass_through(asked)
        return self._run_alone(asked) if asked.outcomes is None else asked.outcomes

    def _run_alone(self, asked: Asked) -> list[Any]:
        acts = asked.works
        for guarded in (asked.guarded, range(len(acts))) if len(acts) > 1 else ():
            try:
                outcomes, has_events = self.database.write(self._joint(acts, guarded, [asked]), weight=len(acts))
            except Exception as error:  # noqa: BLE001 - the next way finds out whose failure it is, and returns it
                _log.info("works did not pass together", works=len(acts), error=repr(error))
                continue
            if has_events:
                self._nudge()
            return outcomes
        return self._attempt_each(acts)

    def _attempt_each(self, acts: Sequence[Act[T]]) -> list[T | Exception]:
        """Give each a transaction of its own; once the database is away, nothing after that is tried.

        A phone's facts keep their order: a signature that was filed before the steps under it blocks its record.
        """
        outcomes: list[T | Exception] = []
        for actor, work in acts:
            is_away = bool(outcomes) and _is_away(outcomes[-1])
            outcomes.append(outcomes[-1] if is_away else self._attempt(actor, work))
        return outcomes

    def _pass_together(self, group: list[Asked]) -> None:
        """Carry out many callers' works in one transaction; when one fails, each caller goes on alone."""
        if len(group) == 1:
            group[0].outcomes = self._run_alone(group[0])
            return
        acts = [act for asked in group for act in asked.works]
        starts = list(itertools.accumulate((asked.weight for asked in group), initial=0))
        guarded = {start + place for asked, start in zip(group, starts, strict=False) for place in asked.guarded}
        try:
            outcomes, has_events = self.database.write(self._joint(acts, guarded, group), weight=len(acts))
        except Exception as error:  # noqa: BLE001 - whose failure it is, each finds out for himself
            _log.info("callers did not pass together", callers=len(group), error=repr(error))
            return
        for asked, start in zip(group, starts, strict=False):
            asked.outcomes = outcomes[start : start + asked.weight]
        if has_events:
            self._nudge()

    def _attempt(self, actor: Actor, work: Callable[[Tx], T]) -> T | Exception:
        try:
            return self.run(actor, work)
        except Exception as error:  # noqa: BLE001 - returned to the caller as this work's outcome
            return error

    def read(self, work: Callable[[orm.Session], T]) -> T:
        """Return what the work reads."""
        return self.database.read(work)

    def read_together(self, answer: Answering[Q, T], question: Q) -> T:
        """Return the answer to a question; those of all callers who wait with SQLite are read at once.

        `answer` reads many questions' answers in their order; a group whose reading fails is read one by one.
        """
        if self.database.is_sqlite:
            self._gathering_for(answer).pass_through(asked := Asked([question], set()))
            if asked.outcomes is not None:
                found: T = asked.outcomes[0]
                return found
        return self.read(lambda session: answer(session, [question])[0])

    def _gathering_for(self, answer: Answering[Any, Any]) -> Gathering:
        if answer not in self._readings:
            self._readings.setdefault(answer, Gathering(functools.partial(self._read_group, answer), GROUP))
        return self._readings[answer]

    def _read_group(self, answer: Answering[Any, Any], group: list[Asked]) -> None:
        questions = [asked.works[0] for asked in group]
        try:
            found = self.read(lambda session: answer(session, questions))
        except Exception as error:  # noqa: BLE001 - whose failure it is, each finds out for himself
            _log.info("answers were not read together", callers=len(group), error=repr(error))
            return
        for asked, one in zip(group, found, strict=True):
            asked.outcomes = [one]

    def _joint(
        self, acts: Sequence[Act[T]], guarded: Collection[int], callers: Sequence[Asked]
    ) -> Callable[[orm.Session], tuple[list[T | Exception], bool]]:
        now_ms = self.clock.now_ms()

        def transact(session: orm.Session) -> tuple[list[T | Exception], bool]:
            held.begin(session)
            _look_ahead(session, [asked.ahead for asked in callers if asked.ahead is not None])
            txs = [Tx(session, now_ms, actor) for actor, _ in acts]
            outcomes = _run_together(txs, [work for _, work in acts], guarded)
            done = [tx for tx, outcome in zip(txs, outcomes, strict=True) if not isinstance(outcome, Exception)]
            told = [event for tx in done for event in tx.events]
            if told:
                journal.append(session, told, self._is_awaited)
            return outcomes, bool(told)

        return transact

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


def _is_away(outcome: object) -> bool:
    """Tell whether a work failed because there was no connection, or because it broke."""
    return isinstance(outcome, sa.exc.DBAPIError) and (outcome.connection_invalidated or outcome.statement is None)


def _look_ahead(session: orm.Session, aheads: Sequence[Ahead]) -> None:
    for look in dict.fromkeys(ahead.look for ahead in aheads):
        look(session, [ahead.wish for ahead in aheads if ahead.look == look])


def _run_together(
    txs: Sequence[Tx], works: Sequence[Callable[[Tx], T]], guarded: Collection[int]
) -> list[T | Exception]:
    """Run works in one session, those at the places `guarded` in a savepoint. Raises what another one raises."""
    outcomes: list[T | Exception] = []
    for place, (tx, work) in enumerate(zip(txs, works, strict=True)):
        if outcomes and isinstance(outcomes[-1], Exception):
            held.begin(tx.session)  # what was undone has changed what is known
        outcomes.append(_run_inside(tx, work) if place in guarded else work(tx))
    return outcomes


def _run_inside(tx: Tx, work: Callable[[Tx], T]) -> T | Exception:
    """Run a work in a savepoint; return its value, or its failure, which leaves nothing behind."""
    try:
        with tx.session.begin_nested():
            return work(tx)
    except (sa.exc.IntegrityError, sa.exc.OperationalError):
        raise  # two that met on one row: the whole is run again, and then sees the winner's row
    except Exception as error:  # noqa: BLE001 - returned to the caller as this work's outcome
        return error
