"""Queries of the sync slice."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy import orm

from server.accounts.models import Branch, Device, Technician
from server.billing.models import PriceApproval
from server.core import held
from server.core.journal import FeedReader
from server.devices.models import DeviceOrder, PushTest
from server.dispatch.models import Assignment, WaitingPost
from server.messages.models import Message
from server.sync.models import ProcessedEvent, Quarantine
from server.visits.models import Visit
from server.work_orders.models import WorkOrder


class Standing(NamedTuple):
    """What every call of a phone asks first: the branch's generation, the feed's head, and what else is worth a look.

    `demanded` is an order of the desk to the phone, `paused_ms` since when its technician has paused his location.
    """

    generation: str
    head: int
    demanded: str
    paused_ms: int | None
    has_messages: bool
    has_post: bool
    has_push: bool


class Held(NamedTuple):
    """An order with a technician's newest assignment to it, what its visit says, and whether prices were asked for.

    `hazards` are codes of what earlier visits found at its home.
    """

    order: WorkOrder
    assignment: Assignment | None
    visit: Visit | None
    has_approvals: bool
    hazards: tuple[str, ...] = ()


# Made once: putting a statement together costs more than running it, and phones call by the thousand at once.
_STANDING: Final = (
    sa.select(
        Device.id,
        Branch.generation,
        sa.func.coalesce(FeedReader.head, 0),
        sa.func.coalesce(DeviceOrder.kind, ""),
        Technician.location_paused_ms,
        sa.exists().where(
            Message.technician_id == Device.technician_id, Message.is_from_desk, Message.delivered_ms.is_(None)
        ),
        sa.exists().where(WaitingPost.technician_id == Device.technician_id),
        sa.exists().where(PushTest.technician_id == Device.technician_id),
    )
    .select_from(Device)
    .join(Branch, Branch.id == Device.branch_id)
    .outerjoin(Technician, Technician.id == Device.technician_id)
    .outerjoin(DeviceOrder, DeviceOrder.device_id == Device.id)
    .outerjoin(FeedReader, FeedReader.id == Device.id)
    .where(Device.id.in_(sa.bindparam("devices", expanding=True)))
)
_HELD: Final = (
    sa.select(WorkOrder, Assignment, Visit, sa.exists().where(PriceApproval.work_order_id == WorkOrder.id))
    .outerjoin(
        Assignment,
        sa.and_(
            Assignment.work_order_id == WorkOrder.id,
            Assignment.technician_id.in_(sa.bindparam("technicians", expanding=True)),
        ),
    )
    .outerjoin(Visit, Visit.assignment_id == Assignment.id)
    .where(WorkOrder.branch_id == sa.bindparam("branch_id"))
    .where(WorkOrder.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(Assignment.epoch, Assignment.offered_ms, Assignment.id)
)

# Pairs in one list would be looked for in the whole table by SQLite.
_PROCESSED: Final = sa.select(ProcessedEvent).where(
    ProcessedEvent.device_id.in_(sa.bindparam("devices", expanding=True)),
    ProcessedEvent.event_id.in_(sa.bindparam("events", expanding=True)),
)


def map_standings(session: orm.Session, device_ids: Collection[str]) -> dict[str, Standing]:
    """Return how enrolled devices stand, in one reading."""
    rows = session.execute(_STANDING, {"devices": sorted(device_ids)})
    return {row[0]: Standing(*row[1:]) for row in rows}


def map_held(session: orm.Session, branch_id: str, asked: Collection[tuple[str, str]]) -> dict[tuple[str, str], Held]:
    """Return orders of the branch by (technician, order), each as that technician has it, in one reading."""
    if not asked:
        return {}
    technicians, ids = sorted({pair[0] for pair in asked}), sorted({pair[1] for pair in asked})
    rows = session.execute(_HELD, {"branch_id": branch_id, "technicians": technicians, "ids": ids})
    found = [Held(*row) for row in rows]
    known = {one.order.id: one._replace(assignment=None, visit=None) for one in found}
    own = {(one.assignment.technician_id, one.order.id): one for one in found if one.assignment is not None}
    return {pair: own.get(pair, known[pair[1]]) for pair in asked if pair[1] in known}


def find_processed(session: orm.Session, device_id: str, event_id: str) -> ProcessedEvent | None:
    """Return the result that an event got, None when it never came."""
    return held.get(session, ProcessedEvent, (device_id, event_id))


def look_for_processed(session: orm.Session, keys: Collection[tuple[str, str]]) -> None:
    """Look for the results of many events (device, id) at once, where many are about to be asked for one by one."""
    asked = held.list_unknown(session, ProcessedEvent, keys)
    ids = {"devices": sorted({key[0] for key in asked}), "events": [key[1] for key in asked]}
    rows = session.scalars(_PROCESSED, ids) if asked else ()
    found = {(row.device_id, row.event_id): row for row in rows}
    for key, row in found.items():
        held.put(session, ProcessedEvent, key, row)
    held.note_absent(session, ProcessedEvent, set(asked) - found.keys())


def find_quarantined(session: orm.Session, device_id: str, raw_hash: str) -> Quarantine | None:
    """Return what a device had sent before, to the letter, and could not be filed."""
    query = sa.select(Quarantine).where(Quarantine.device_id == device_id, Quarantine.raw_hash == raw_hash)
    return session.scalars(query.limit(1)).first()


def list_quarantine(session: orm.Session, branch_id: str) -> list[Quarantine]:
    """Return what waits for a person, newest first."""
    query = (
        sa.select(Quarantine).where(Quarantine.branch_id == branch_id).order_by(Quarantine.at_ms.desc(), Quarantine.id)
    )
    return list(session.scalars(query))


def list_processed_ids(session: orm.Session, device_id: str) -> set[str]:
    """Return the ids of all events that a device got results for."""
    return set(session.scalars(sa.select(ProcessedEvent.event_id).where(ProcessedEvent.device_id == device_id)))


def list_processed_before(session: orm.Session, branch_id: str, before_ms: int, limit: int) -> list[ProcessedEvent]:
    """Return results of the branch's devices older than a time (Unix ms)."""
    own = sa.select(Device.id).where(Device.branch_id == branch_id)
    old = sa.select(ProcessedEvent).where(ProcessedEvent.device_id.in_(own), ProcessedEvent.at_ms < before_ms)
    return list(session.scalars(old.limit(limit)))
