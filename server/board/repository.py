"""Queries of the board: its own tables, and the columns and parts of others that a change of the board needs."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from server.accounts.models import Device, Shift, Technician
from server.board.models import SavedView
from server.core.journal import FeedRow, JournalRow, console_reader
from server.customers.models import Customer
from server.dispatch.models import Assignment, PlannedStop
from server.work_orders.models import WorkOrder
from shared import events
from shared.assignment import LIVE_STATES
from shared.work_order import OPEN_STATES

_LIVE = [state.value for state in LIVE_STATES]
_OPEN = [state.value for state in OPEN_STATES]


def list_views(session: orm.Session, account_id: str) -> list[SavedView]:
    """Return somebody's saved views by name."""
    query = sa.select(SavedView).where(SavedView.account_id == account_id)
    return list(session.scalars(query.order_by(SavedView.name)))


def list_open_terms(session: orm.Session, branch_id: str) -> list[Any]:
    """Return what the figures need of every open order; `events` are its clock events as stored."""
    columns = ("id", "state", "priority", "is_leak", "fault_kind", "opened_ms", "arrived_ms")
    windows = (WorkOrder.window_start_ms, WorkOrder.window_end_ms)
    events = sa.type_coerce(WorkOrder.clock_events, sa.Text).label("events")
    query = sa.select(*(getattr(WorkOrder, name) for name in columns), *windows, events)
    return list(session.execute(query.where(WorkOrder.branch_id == branch_id, WorkOrder.state.in_(_OPEN))))


def list_live_marks(session: orm.Session, branch_id: str) -> list[Any]:
    """Return order, technician, state and planned arrival (Unix ms) of every assignment that stands, oldest first."""
    columns = (Assignment.work_order_id, Assignment.technician_id, Assignment.state, Assignment.planned_arrival_ms)
    query = sa.select(*columns).where(Assignment.branch_id == branch_id, Assignment.state.in_(_LIVE))
    return list(session.execute(query.order_by(Assignment.offered_ms, Assignment.id)))


def map_planned_arrivals(session: orm.Session, branch_id: str) -> dict[str, int | None]:
    """Return when the plan arrives at each order (Unix ms)."""
    query = sa.select(PlannedStop.work_order_id, PlannedStop.arrival_ms).where(PlannedStop.branch_id == branch_id)
    return dict(session.execute(query).all())


def list_technician_ids(session: orm.Session, branch_id: str) -> list[str]:
    """Return the ids of the branch's technicians."""
    return list(session.scalars(sa.select(Technician.id).where(Technician.branch_id == branch_id)))


def map_shift_starts(session: orm.Session, branch_id: str, from_ms: int, to_ms: int) -> dict[str, int]:
    """Return when each technician's first shift within a span of time begins or began (Unix ms)."""
    query = sa.select(Shift.technician_id, sa.func.min(Shift.start_ms))
    inside = (Shift.branch_id == branch_id, Shift.end_ms > from_ms, Shift.start_ms < to_ms)
    return dict(session.execute(query.where(*inside).group_by(Shift.technician_id)).all())


def map_customer_names(session: orm.Session, branch_id: str) -> dict[str, str]:
    """Return the names of the customers who have an open order, by their ids."""
    query = sa.select(Customer.id, Customer.name).join(WorkOrder, WorkOrder.customer_id == Customer.id)
    inside = (Customer.branch_id == branch_id, WorkOrder.branch_id == branch_id, WorkOrder.state.in_(_OPEN))
    return dict(session.execute(query.where(*inside).distinct()).all())


def list_technicians(session: orm.Session, branch_id: str, ids: Collection[str]) -> list[Technician]:
    """Return some of the branch's technicians, by id."""
    query = sa.select(Technician).where(Technician.branch_id == branch_id, Technician.id.in_(ids))
    return list(session.scalars(query.order_by(Technician.id)))


def list_open_orders(session: orm.Session, branch_id: str, ids: Collection[str]) -> list[WorkOrder]:
    """Return those of some orders that are open."""
    query = sa.select(WorkOrder).where(WorkOrder.branch_id == branch_id, WorkOrder.id.in_(ids))
    return list(session.scalars(query.where(WorkOrder.state.in_(_OPEN))))


def list_shifts(
    session: orm.Session, branch_id: str, span_ms: tuple[int, int], technician_ids: Collection[str] | None
) -> list[Shift]:
    """Return the shifts of everybody, or of some technicians, that touch a span of time (Unix ms), by start."""
    query = sa.select(Shift).where(Shift.branch_id == branch_id, Shift.end_ms > span_ms[0], Shift.start_ms < span_ms[1])
    if technician_ids is not None:
        query = query.where(Shift.technician_id.in_(technician_ids))
    return list(session.scalars(query.order_by(Shift.start_ms)))


def list_devices(session: orm.Session, branch_id: str, technician_ids: Collection[str] | None) -> list[Device]:
    """Return the phones in use of everybody, or of some technicians, newest first."""
    query = sa.select(Device).where(Device.branch_id == branch_id, Device.revoked_ms.is_(None))
    if technician_ids is not None:
        query = query.where(Device.technician_id.in_(technician_ids))
    return list(session.scalars(query.order_by(Device.enrolled_ms.desc(), Device.id)))


def list_live(
    session: orm.Session, branch_id: str, work_order_ids: Collection[str], technician_ids: Collection[str]
) -> list[Assignment]:
    """Return the assignments that stand of some orders and of some technicians, oldest first."""
    query = sa.select(Assignment).where(
        Assignment.branch_id == branch_id,
        Assignment.state.in_(_LIVE),
        sa.or_(Assignment.work_order_id.in_(work_order_ids), Assignment.technician_id.in_(technician_ids)),
    )
    return list(session.scalars(query.order_by(Assignment.offered_ms, Assignment.id)))


def list_new_leaks(session: orm.Session, branch_id: str, after: int) -> list[WorkOrder]:
    """Return the open leaks that were reported after a number of the consoles' feed, in the feed's order."""
    query = (
        sa.select(WorkOrder)
        .join(JournalRow, JournalRow.work_order_id == WorkOrder.id)
        .join(FeedRow, FeedRow.journal_id == JournalRow.id)
        .where(FeedRow.reader_id == console_reader(branch_id), FeedRow.seq > after)
        .where(JournalRow.type == events.WORK_ORDER_OPENED, WorkOrder.is_leak, WorkOrder.state.in_(_OPEN))
    )
    return list(session.scalars(query.order_by(FeedRow.seq)))


def list_planned(
    session: orm.Session, branch_id: str, work_order_ids: Collection[str], technician_ids: Collection[str]
) -> list[PlannedStop]:
    """Return the plan's stops at some orders and of some technicians, by technician and position."""
    query = sa.select(PlannedStop).where(
        PlannedStop.branch_id == branch_id,
        sa.or_(PlannedStop.work_order_id.in_(work_order_ids), PlannedStop.technician_id.in_(technician_ids)),
    )
    return list(session.scalars(query.order_by(PlannedStop.technician_id, PlannedStop.position)))


def list_finished(
    session: orm.Session, branch_id: str, since_ms: int, technician_ids: Collection[str]
) -> list[tuple[Assignment, WorkOrder]]:
    """Return the visits of some technicians that ended since a moment, with their orders, oldest first."""
    query = (
        sa.select(Assignment, WorkOrder)
        .join(WorkOrder, WorkOrder.id == Assignment.work_order_id)
        .where(Assignment.branch_id == branch_id, Assignment.finished_ms >= since_ms)
        .where(Assignment.arrived_ms.is_not(None), Assignment.technician_id.in_(technician_ids))
        .order_by(Assignment.finished_ms)
    )
    return [(row, order) for row, order in session.execute(query)]
