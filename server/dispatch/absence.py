"""What a technician's absence does to work: offers recalled, jobs on site taken over, the plan put right at once."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import orm

from routing.happenings.aftermath import Aftermath
from routing.happenings.crew import technician_ill, vehicle_breakdown
from routing.problem import Place
from server.absences import repository as absences
from server.absences import service as absence_service
from server.absences.models import Absence
from server.absences.service import AbsenceRequest
from server.core.unit_of_work import Tx
from server.dispatch import offers, repository
from server.dispatch import service as dispatch
from server.dispatch.problem import Snapshot, take_snapshot
from server.dispatch.rules import dispatch_rules
from server.work_orders import repository as work_orders
from server.work_orders import service as work_order_service
from shared.assignment import AssignmentState
from shared.errors import DomainError
from shared.machine import Role
from shared.work_order import WorkOrderState

ABSENT: Final = "technician_absent"
BACK: Final = "technician_back"
_BREAKDOWN: Final = "breakdown"
_ON_SITE: Final = frozenset({AssignmentState.ARRIVED, AssignmentState.WORKING})
_IN_THE_FIELD: Final = frozenset({WorkOrderState.ON_SITE, WorkOrderState.MADE_SAFE})


def begin(tx: Tx, technician_id: str, request: AbsenceRequest, profile: str) -> str:
    """Report an absence and, when it begins now, free everything the technician held; return its id.

    The plan is put right by the event's reaction: nothing is solved where it was reported.

    Raises DomainError `not_found`, `absence_reversed`, `text_too_long`.
    """
    row = absence_service.report_absence(tx, technician_id, request)
    if row.from_ms <= tx.now_ms:
        _free(tx, row, profile)
    return row.id


def take_effect(tx: Tx, absence_id: str, profile: str) -> None:
    """Begin an absence that was announced earlier."""
    row = absences.get_absence(tx.session, tx.branch_id, absence_id)
    if row.ended_ms is None:
        _free(tx, row, profile)
        dispatch.replan_after(tx, ABSENT, profile)


def run_out(tx: Tx, absence_id: str) -> None:
    """Let an absence end when its time has come; its event makes that leaks that wait are looked at again."""
    row = absences.get_absence(tx.session, tx.branch_id, absence_id)
    if row.ended_ms is None:
        row.ended_ms = tx.now_ms
        absence_service.record_back(tx, row)


def _free(tx: Tx, row: Absence, profile: str) -> None:
    """Recall what he was offered or on his way to; work on site goes on only if nothing but his vehicle is missing."""
    for held in repository.list_live_of_technician(tx.session, row.technician_id):
        if held.state not in _ON_SITE:
            offers.recall(tx, held, profile, reason=row.reason)
        elif row.reason != _BREAKDOWN:
            _take_over(tx, held.work_order_id, row.reason, profile)


def _take_over(tx: Tx, work_order_id: str, reason: str, profile: str) -> None:
    """Give a job that was begun to somebody else: held for a moment, and at once back in the plan."""
    order = work_orders.lock_order(tx.session, tx.branch_id, work_order_id)
    dispatch.end_assignments(tx, work_order_id, reason)
    if WorkOrderState(order.state) in _IN_THE_FIELD:
        order.technician_id = ""
        work_order_service.move(tx, order, "hold", Role.DISPATCHER, profile, reason=reason)
        work_order_service.move(tx, order, "release", Role.SYSTEM, profile, reason=reason)


def preview(
    session: orm.Session, branch_id: str, technician_id: str, request: AbsenceRequest, now_ms: int, profile: str
) -> dict[str, Any]:
    """Return the orders freed, the customers to be told and the stops that would move if he were away from now on.

    Raises DomainError `not_found`.
    """
    snapshot = take_snapshot(session, branch_id, now_ms, profile)
    done = _imagine(snapshot, technician_id, request)
    return {
        "duties": [
            {"act": duty.act.value, "reason": duty.reason, **_named(snapshot, duty.job_id), "by": duty.technician_id}
            for duty in done.duties
        ],
        "moved": [
            {
                **_named(snapshot, one.job_id),
                "promised": one.promised,
                "before": one.technician_before,
                "after": one.technician_after,
                "start_before_ms": _ms(one.start_before_s),
                "start_after_ms": _ms(one.start_after_s),
            }
            for one in done.moved
        ],
        "undone": [{**_named(snapshot, job_id), "reason": why} for job_id, why in done.plan.unserved.items()],
    }


def _imagine(snapshot: Snapshot, technician_id: str, request: AbsenceRequest) -> Aftermath:
    rules = dispatch_rules().queue_rules
    here = next((t.place for t in snapshot.problem.technicians if t.id == technician_id), None)
    if here is None:
        raise DomainError("not_found", what="technician")
    if request.until_ms is None:
        return technician_ill(snapshot.problem, snapshot.plan, technician_id, rules=rules, travel=snapshot.travel)
    place = here if request.lat is None or request.lon is None else Place(lat=request.lat, lon=request.lon)
    until_s = request.until_ms // 1000
    return vehicle_breakdown(
        snapshot.problem,
        snapshot.plan,
        technician_id,
        place=place,
        until_s=until_s,
        rules=rules,
        travel=snapshot.travel,
    )


def _named(snapshot: Snapshot, job_id: str | None) -> dict[str, str | None]:
    order = snapshot.orders.get(job_id or "")
    return {"work_order_id": job_id, "number": order.number if order else ""}


def _ms(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * 1000
