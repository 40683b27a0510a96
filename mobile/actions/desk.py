"""What every command needs, and the one way to append an event."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final

import msgspec

from mobile.platform.catalog import Shelf
from mobile.platform.clock import Clock
from mobile.platform.keys import DeviceKey
from mobile.store import jobs, meta, outbox
from mobile.store.database import Store
from mobile.store.jobs import StoredJob
from mobile.sync.inbox import occurred_now
from shared import assignment, facts, wire
from shared.assignment import AssignmentState
from shared.errors import DomainError
from shared.machine import Role
from shared.text import Catalog

_ON_SITE: Final = frozenset({AssignmentState.ARRIVED, AssignmentState.WORKING, AssignmentState.FINISHED})


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a phone that commands work with; `on_append` is called after each appended event."""

    store: Store
    clock: Clock
    new_id: Callable[[int], str]
    key: DeviceKey
    shelf: Shelf
    texts: Catalog
    on_append: Callable[[], None]

    def get_identity(self) -> meta.Identity:
        """Return who this phone is. Raises DomainError `not_enrolled`."""
        with self.store.read() as db:
            identity = meta.find_identity(db)
        if identity is None:
            raise DomainError("not_enrolled")
        return identity


Check = Callable[[StoredJob], None]


def append(desk: Desk, work_order_id: str, body: facts.AnyBody, check: Check) -> wire.PhoneEvent:
    """Append one event for a job in the transaction in which `check` allowed it.

    Raises what `check` raises, and DomainError `order_not_here`; then nothing is stored.
    """
    with desk.store.write() as db:
        stored = jobs.get_job(db, work_order_id)
        check(stored)
        event = queue(desk, db, stored.job, body)
    desk.on_append()
    return event


def append_loose(
    desk: Desk, body: facts.AnyBody, *, priority: int, also: Callable[[sqlite3.Connection], None] | None = None
) -> wire.PhoneEvent:
    """Append one event that belongs to no work order; `also` writes what goes with it in the same transaction."""
    with desk.store.write() as db:
        draft = outbox.Draft(
            id=desk.new_id(desk.clock.now_ms()),
            work_order_id="",
            assignment_id="",
            epoch=0,
            priority=priority,
            occurred=occurred_now(db, desk.clock),
            body=body,
        )
        if also is not None:
            also(db)
        event = outbox.append(db, draft)
    desk.on_append()
    return event


def queue(
    desk: Desk, db: sqlite3.Connection, job: wire.Job, body: facts.AnyBody, moment: wire.Occurred | None = None
) -> wire.PhoneEvent:
    """Queue one event for a job within the caller's transaction; without `moment` it happens now."""
    draft = outbox.Draft(
        id=desk.new_id(desk.clock.now_ms()),
        work_order_id=job.work_order_id,
        assignment_id=job.assignment.id,
        epoch=job.assignment.epoch,
        priority=job.priority,
        occurred=moment or occurred_now(db, desk.clock),
        body=body,
    )
    return outbox.append(db, draft)


def allow_move(command: str) -> Check:
    """Return a check that the assignment's table allows `command`."""

    def check(stored: StoredJob) -> None:
        assignment.decide(stored.job.assignment.state, command, Role.TECHNICIAN)

    return check


def allow_intent(command: str) -> Check:
    """Return a check for intents: the job must still be this phone's, and the table must allow `command`."""

    def check(stored: StoredJob) -> None:
        if stored.is_gone:
            raise DomainError("order_not_here", work_order_id=stored.job.work_order_id)
        assignment.decide(stored.job.assignment.state, command, Role.TECHNICIAN)

    return check


def check_on_site(stored: StoredJob) -> None:
    """Allow what is done on site, also after a recall: evidence is never refused. Raises DomainError `not_on_site`."""
    if stored.job.assignment.state not in _ON_SITE:
        raise DomainError("not_on_site", state=stored.job.assignment.state.value)


def check_anything(_stored: StoredJob) -> None:
    """Allow a fact that may be told at any time."""
