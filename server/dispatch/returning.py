"""Says when a job that was left for an emergency goes on: on the assignment, and to its customer (decision 10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.dispatch import repository
from server.dispatch.rules import dispatch_rules
from server.notices import service as notices
from server.work_orders import repository as work_orders
from shared.assignment import AssignmentState

if TYPE_CHECKING:
    from routing.plan import Plan
    from server.core.unit_of_work import Tx
    from server.notices.service import Cause


def note_returns(tx: Tx, plan: Plan, cause: Cause) -> None:
    """Keep when the plan lets technicians go on with what they left, and owe their customers a word about it."""
    starts = {(r.technician_id, stop.job_id): stop.start_s * 1000 for r in plan.routes for stop in r.stops}
    for row in repository.list_live(tx.session, tx.branch_id):
        start_ms = starts.get((row.technician_id, row.work_order_id))
        if row.state != AssignmentState.SUSPENDED or start_ms is None:
            continue
        row.planned_arrival_ms = start_ms
        order = work_orders.lock_order(tx.session, tx.branch_id, row.work_order_id)
        notices.owe_return(tx, order, start_ms, cause, dispatch_rules().told_tolerance_s)
