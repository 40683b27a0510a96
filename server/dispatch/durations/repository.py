"""Queries of visits' durations; branch scope is applied here."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from server.dispatch.durations.laws import EndedVisit, PastLeak
from server.dispatch.durations.models import VisitLaws
from server.dispatch.models import Assignment
from server.visits.models import Record
from server.work_orders.models import WorkOrder
from shared.work_order import Priority, WorkOrderState

# Of a visit that was left for an emergency the second arrival alone is known.
_WAS_LEFT: Final = sa.and_(Assignment.remaining_s.is_not(None), Assignment.remaining_told_ms.is_(None))


def list_ended(session: orm.Session, branch_id: str, since_ms: int) -> list[EndedVisit]:
    """Return the visits since a moment that ended with a record, oldest first; a closed door is no visit."""
    query = (
        sa.select(
            WorkOrder.fault_kind,
            Assignment.technician_id,
            WorkOrder.expected_s,
            Assignment.arrived_ms,
            Assignment.finished_ms,
        )
        .join(WorkOrder, WorkOrder.id == Assignment.work_order_id)
        .where(
            Assignment.branch_id == branch_id, Assignment.finished_ms >= since_ms, Assignment.arrived_ms.is_not(None)
        )
        .where(~_WAS_LEFT, sa.exists().where(Record.assignment_id == Assignment.id))
        .order_by(Assignment.finished_ms, Assignment.id)
    )
    return [
        EndedVisit(kind, technician_id, expected_s, (int(finished_ms or 0) - int(arrived_ms or 0)) / 1000)
        for kind, technician_id, expected_s, arrived_ms, finished_ms in session.execute(query)
    ]


def list_past_leaks(session: orm.Session, branch_id: str, since_ms: int, until_ms: int) -> list[PastLeak]:
    """Return the emergencies and urgent leaks opened in a span, each smell once however many called.

    One without an ended visit took what was expected.
    """
    is_urgent_leak = sa.and_(WorkOrder.priority == Priority.URGENT.value, WorkOrder.is_leak)
    took_ms = (
        sa.select(sa.func.sum(Assignment.finished_ms - Assignment.arrived_ms))
        .where(Assignment.work_order_id == WorkOrder.id, Assignment.finished_ms.is_not(None))
        .scalar_subquery()
    )
    query = sa.select(WorkOrder.opened_ms, WorkOrder.skills, WorkOrder.expected_s, took_ms).where(
        WorkOrder.branch_id == branch_id,
        WorkOrder.opened_ms.between(since_ms, until_ms),
        WorkOrder.state != WorkOrderState.DUPLICATE.value,
        sa.or_(WorkOrder.priority == Priority.EMERGENCY.value, is_urgent_leak),
    )
    return [
        PastLeak(opened_ms, tuple(sorted(skills)), expected_s if took is None else int(took) / 1000)
        for opened_ms, skills, expected_s, took in session.execute(query.order_by(WorkOrder.opened_ms, WorkOrder.id))
    ]


def find_first_ended_ms(session: orm.Session, branch_id: str) -> int | None:
    """Return when a branch's first visit ended."""
    return session.scalar(sa.select(sa.func.min(Assignment.finished_ms)).where(Assignment.branch_id == branch_id))


def find_newest(session: orm.Session, branch_id: str) -> VisitLaws | None:
    """Return what is in force."""
    query = sa.select(VisitLaws).where(VisitLaws.branch_id == branch_id).order_by(VisitLaws.made_ms.desc())
    return session.scalar(query.limit(1))
