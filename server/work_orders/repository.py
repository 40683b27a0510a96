"""Queries of the work_orders slice; branch scope is applied here."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from server.core import held
from server.work_orders.models import ChosenEdition, NumberCounter, WorkOrder
from shared.errors import DomainError
from shared.work_order import OPEN_STATES, WAITING_STATES, Priority, WorkOrderState

_LOCKED: Final = (
    sa.select(WorkOrder)
    .where(WorkOrder.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(WorkOrder.id)
    .with_for_update()
    .execution_options(populate_existing=True)
)


@dataclasses.dataclass(frozen=True, slots=True)
class PastEmergency:
    """One emergency of the company's history: where, when (Unix ms), which skills it asked for, and its address."""

    lat: float
    lon: float
    opened_ms: int
    skills: tuple[str, ...]
    address: str


def find_order(session: orm.Session, branch_id: str, work_order_id: str) -> WorkOrder | None:
    """Return a work order of the branch."""
    order = session.get(WorkOrder, work_order_id)
    return order if order is not None and order.branch_id == branch_id else None


def get_order(session: orm.Session, branch_id: str, work_order_id: str) -> WorkOrder:
    """Return a work order of the branch. Raises DomainError `not_found`."""
    order = find_order(session, branch_id, work_order_id)
    if order is None:
        raise DomainError("not_found", what="work_order")
    return order


def lock_order(session: orm.Session, branch_id: str, work_order_id: str) -> WorkOrder:
    """Return a work order locked for a change. Raises DomainError `not_found`."""
    order = find_locked(session, branch_id, work_order_id)
    if order is None:
        raise DomainError("not_found", what="work_order")
    return order


def find_locked(session: orm.Session, branch_id: str, work_order_id: str) -> WorkOrder | None:
    """Return a work order of the branch locked for a change, None when there is none."""
    order = held.get(session, WorkOrder, work_order_id, with_for_update=True, populate_existing=True)
    return order if order is not None and order.branch_id == branch_id else None


def look_for_orders(session: orm.Session, work_order_ids: Collection[str]) -> None:
    """Lock many orders at once, where many are about to be asked for one by one."""
    asked = held.list_unknown(session, WorkOrder, work_order_ids, is_locked=True)
    for order in session.scalars(_LOCKED, {"ids": asked}) if asked else ():
        held.put(session, WorkOrder, order.id, order, is_locked=True)


def find_by_source(session: orm.Session, branch_id: str, source_ref: str) -> WorkOrder | None:
    """Return the order that an import made of a row."""
    query = sa.select(WorkOrder).where(WorkOrder.branch_id == branch_id, WorkOrder.source_ref == source_ref)
    return session.scalar(query)


def list_open(session: orm.Session, branch_id: str) -> list[WorkOrder]:
    """Return the branch's open orders, the most urgent and oldest first."""
    query = (
        sa.select(WorkOrder)
        .where(WorkOrder.branch_id == branch_id, WorkOrder.state.in_([s.value for s in OPEN_STATES]))
        .order_by(WorkOrder.priority, WorkOrder.opened_ms, WorkOrder.id)
    )
    return list(session.scalars(query))


def list_leaks_since(session: orm.Session, branch_id: str, since_ms: int) -> list[WorkOrder]:
    """Return the branch's leaks and odours reported since (Unix ms), open or not, oldest first."""
    query = (
        sa.select(WorkOrder)
        .where(WorkOrder.branch_id == branch_id, WorkOrder.is_leak.is_(True), WorkOrder.opened_ms >= since_ms)
        .order_by(WorkOrder.opened_ms, WorkOrder.id)
    )
    return list(session.scalars(query))


def list_in_states(session: orm.Session, branch_id: str, states: frozenset[WorkOrderState]) -> list[WorkOrder]:
    """Return the branch's orders in some states, the most urgent and oldest first."""
    query = (
        sa.select(WorkOrder)
        .where(WorkOrder.branch_id == branch_id, WorkOrder.state.in_([s.value for s in states]))
        .order_by(WorkOrder.priority, WorkOrder.opened_ms, WorkOrder.id)
    )
    return list(session.scalars(query))


def list_of_customer(session: orm.Session, customer_id: str, limit: int) -> list[WorkOrder]:
    """Return a customer's orders, newest first (AR-02)."""
    query = (
        sa.select(WorkOrder)
        .where(WorkOrder.customer_id == customer_id)
        .order_by(WorkOrder.opened_ms.desc())
        .limit(limit)
    )
    return list(session.scalars(query))


def count_by_state(session: orm.Session, branch_id: str) -> dict[str, int]:
    """Return how many orders stand in each state."""
    query = (
        sa.select(WorkOrder.state, sa.func.count()).where(WorkOrder.branch_id == branch_id).group_by(WorkOrder.state)
    )
    return dict(session.execute(query).all())


def list_all(session: orm.Session, branch_id: str) -> list[WorkOrder]:
    """Return every order of the branch, for a report over a run."""
    return list(
        session.scalars(sa.select(WorkOrder).where(WorkOrder.branch_id == branch_id).order_by(WorkOrder.number))
    )


def next_number(session: orm.Session, branch_id: str, day: str) -> int:
    """Return the next number of a branch's day."""
    counter = session.get(NumberCounter, (branch_id, day), with_for_update=True, populate_existing=True)
    if counter is None:
        counter = NumberCounter(branch_id=branch_id, day=day, last=0)
        session.add(counter)
    counter.last += 1
    session.flush()
    return counter.last


def list_unladdered(session: orm.Session, before_ms: int, now_ms: int) -> list[WorkOrder]:
    """Return every branch's alarming orders that were opened before a moment and still wait for a person.

    An urgent leak whose time window begins later waits for its door, an emergency never does.
    """
    is_urgent = sa.and_(
        WorkOrder.priority == Priority.URGENT.value,
        WorkOrder.is_leak,
        sa.or_(WorkOrder.window_start_ms.is_(None), WorkOrder.window_start_ms <= now_ms),
    )
    states = [state.value for state in (*WAITING_STATES, WorkOrderState.NEW)]
    query = sa.select(WorkOrder).where(
        WorkOrder.state.in_(states),
        WorkOrder.opened_ms < before_ms,
        sa.or_(WorkOrder.priority == Priority.EMERGENCY.value, is_urgent),
    )
    return list(session.scalars(query.order_by(WorkOrder.opened_ms)))


def list_pressing_ids(session: orm.Session) -> list[str]:
    """Return every branch's open emergencies and urgent leaks: what happens to them is handled before all else."""
    is_urgent_leak = sa.and_(WorkOrder.priority == Priority.URGENT.value, WorkOrder.is_leak)
    query = sa.select(WorkOrder.id).where(
        WorkOrder.state.in_([state.value for state in OPEN_STATES]),
        sa.or_(WorkOrder.priority == Priority.EMERGENCY.value, is_urgent_leak),
    )
    return list(session.scalars(query))


def list_leaks_near(
    session: orm.Session, branch_id: str, since_ms: int, lat: float, within_deg: float
) -> list[WorkOrder]:
    """Return the branch's leaks since a moment within some degrees of latitude, whatever became of them."""
    query = sa.select(WorkOrder).where(
        WorkOrder.branch_id == branch_id,
        WorkOrder.is_leak.is_(True),
        WorkOrder.opened_ms >= since_ms,
        WorkOrder.lat.between(lat - within_deg, lat + within_deg),
    )
    return list(session.scalars(query.order_by(WorkOrder.opened_ms, WorkOrder.id)))


def list_chosen_editions(session: orm.Session, branch_id: str) -> list[str]:
    """Return the references of the editions that the branch has chosen."""
    query = sa.select(ChosenEdition.ref).where(ChosenEdition.branch_id == branch_id)
    return sorted(session.scalars(query))


def choose_edition(session: orm.Session, branch_id: str, protocol: str, ref: str) -> None:
    """Keep the branch's choice for one protocol."""
    session.merge(ChosenEdition(branch_id=branch_id, protocol=protocol, ref=ref))


def list_emergencies(session: orm.Session, branch_id: str, limit: int) -> list[PastEmergency]:
    """Return the branch's latest emergencies that have a place, newest first, as plain values."""
    query = (
        sa.select(WorkOrder.lat, WorkOrder.lon, WorkOrder.opened_ms, WorkOrder.skills, WorkOrder.address)
        .where(WorkOrder.branch_id == branch_id, WorkOrder.priority == int(Priority.EMERGENCY))
        .where(WorkOrder.lat.is_not(None), WorkOrder.lon.is_not(None))
        .order_by(WorkOrder.opened_ms.desc(), WorkOrder.id.desc())
        .limit(limit)
    )
    rows = session.execute(query).all()
    return [
        PastEmergency(lat, lon, at, tuple(skills), address)
        for lat, lon, at, skills, address in rows
        if lat is not None and lon is not None
    ]
