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
    """An order with a technician's newest assignment to it, what its visit says, and whether prices were asked for."""

    order: WorkOrder
    assignment: Assignment | None
    visit: Visit | None
    has_approvals: bool


# Made once: putting a statement together costs more than running it, and phones call by the thousand at once.
_STANDING: Final = (
    sa.select(
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
    .where(Device.id == sa.bindparam("device_id"))
)
_HELD: Final = (
    sa.select(WorkOrder, Assignment, Visit, sa.exists().where(PriceApproval.work_order_id == WorkOrder.id))
    .outerjoin(
        Assignment,
        sa.and_(Assignment.work_order_id == WorkOrder.id, Assignment.technician_id == sa.bindparam("technician_id")),
    )
    .outerjoin(Visit, Visit.assignment_id == Assignment.id)
    .where(WorkOrder.branch_id == sa.bindparam("branch_id"))
    .where(WorkOrder.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(Assignment.epoch, Assignment.offered_ms, Assignment.id)
)


def get_standing(session: orm.Session, device_id: str) -> Standing:
    """Return how an enrolled device stands, in one reading."""
    return Standing(*session.execute(_STANDING, {"device_id": device_id}).one())


def list_held(
    session: orm.Session, branch_id: str, technician_id: str, work_order_ids: Collection[str]
) -> dict[str, Held]:
    """Return orders of the branch by id, each as a technician has it, in one reading."""
    if not work_order_ids:
        return {}
    asked = {"branch_id": branch_id, "technician_id": technician_id, "ids": sorted(work_order_ids)}
    return {row[0].id: Held(*row) for row in session.execute(_HELD, asked)}


def find_processed(session: orm.Session, device_id: str, event_id: str) -> ProcessedEvent | None:
    """Return the result that an event got, None when it never came."""
    return held.get(session, ProcessedEvent, (device_id, event_id))


def look_for_processed(session: orm.Session, device_id: str, event_ids: Collection[str]) -> None:
    """Look for the results of many events at once, where many are about to be asked for one by one."""
    query = sa.select(ProcessedEvent).where(
        ProcessedEvent.device_id == device_id, ProcessedEvent.event_id.in_(event_ids)
    )
    found = {row.event_id: row for row in session.scalars(query)}
    for event_id in event_ids:
        if event_id in found:
            held.put(session, ProcessedEvent, (device_id, event_id), found[event_id])
    absent = set(event_ids) - found.keys()
    held.note_absent(session, ProcessedEvent, {(device_id, event_id) for event_id in absent})


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
