"""Which job on site may be left for an emergency (decision 10): by the protocol step at which its technician stands.

The safe answer is no: while the phone has told nothing of the visit, of a leak and of an emergency always, and at every
step that the protocol's data names as one that is not left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from server.visits import repository as visits
from server.visits import service as visit_service
from shared import checklist
from shared.assignment import AssignmentState
from shared.visit import VisitState
from shared.work_order import Priority, WorkOrderState

if TYPE_CHECKING:
    from sqlalchemy import orm

    from server.dispatch.models import Assignment
    from server.work_orders.models import WorkOrder

ON_SITE: Final = frozenset({AssignmentState.ARRIVED, AssignmentState.WORKING})


def list_leavable(session: orm.Session, live: Iterable[Assignment], orders: Mapping[str, WorkOrder]) -> set[str]:
    """Return the technicians who may be asked to leave the job that they stand at; ``live`` are their assignments."""
    found, bound = set[str](), set[str]()
    for row in live:
        if row.state in ON_SITE:
            order = orders.get(row.work_order_id)
            (found if order is not None and may_leave(session, row, order) else bound).add(row.technician_id)
    return found - bound


def may_leave(session: orm.Session, row: Assignment, order: WorkOrder) -> bool:
    """Tell whether a job on site may be left now, by the steps that its technician's phone has told."""
    if order.is_leak or order.priority == Priority.EMERGENCY or order.state != WorkOrderState.ON_SITE:
        return False
    visit = visits.find_visit(session, row.id)
    if visit is None:
        return False
    state = msgspec.convert(visit.state, VisitState)
    return checklist.may_leave_visit(visit_service.protocols_of(order), state)
