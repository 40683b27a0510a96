"""What happens when field and desk have both moved on: decisions, not merges (reliability 3.5).

Evidence is kept before any of these is asked; they only decide whose work ends the order and who is told.
"""

from __future__ import annotations

from typing import Final

from server.call_backs import service as call_backs
from server.core import deadlines
from server.dispatch import offers
from server.dispatch import repository as dispatch
from server.dispatch.models import Assignment
from server.escalation import service as escalation
from server.sync.case import Case
from server.visits import service as visits
from server.visits.models import Record
from server.work_orders import service as work_order_service
from shared.assignment import AssignmentState
from shared.errors import DomainError
from shared.machine import Role
from shared.work_order import WorkOrderState

DOUBLE_WORK: Final = "double_work"
SIGNED_AFTER_CANCEL: Final = "signed_after_cancel"
_ON_SITE: Final = frozenset({AssignmentState.ARRIVED, AssignmentState.WORKING})


def settle_late_record(case: Case, record: Record) -> tuple[str, ...]:
    """Decide what a sound record does that comes from an assignment already over; return the order's new flags."""
    if case.order.state == WorkOrderState.CANCELLED:
        return keep_signature_after_cancel(case)
    others = _list_live(case)
    if any(a.state in _ON_SITE for a in others):
        return leave_double_work_to_the_desk()
    return let_late_work_end_the_order(case, record, others)


def leave_double_work_to_the_desk() -> tuple[str, ...]:
    """Somebody else stands at the door already: both evidences are kept, a person decides."""
    return (DOUBLE_WORK,)


def let_late_work_end_the_order(case: Case, record: Record, others: list[Assignment]) -> tuple[str, ...]:
    """Nobody else has arrived: who was sent after him is called back, and his evidence ends the order."""
    sent_others = any(a.technician_id != case.sender.technician_id for a in others)
    flags = (DOUBLE_WORK,) if sent_others else ()
    try:
        _finish_late(case, record)
    except DomainError:
        # The order waits for a person, or a leak lacks its evidence: the record is kept and shown.
        return (*flags, "out_of_order")
    for other in others:
        offers.move(case.tx, other, "recall", Role.SYSTEM, reason="done_by_other")
    dispatch.drop_planned(case.tx.session, case.tx.branch_id, {case.order.id})
    escalation.end(case.tx, case.order.id, escalation.AT_DESK)
    deadlines.cancel(case.tx, offers.OFFER_EXPIRES, case.order.id)
    visits.announce_record(case.tx, record)
    return flags


def keep_signature_after_cancel(case: Case) -> tuple[str, ...]:
    """The desk cancelled while the customer signed: the order stays cancelled, and the customer is called."""
    happened = {"at_ms": case.tx.now_ms, "name": SIGNED_AFTER_CANCEL, "by": case.tx.actor.id, "reason": ""}
    case.order.clock_events = [*case.order.clock_events, happened]
    call_backs.schedule_call_back(case.tx, case.order.id, case.profile)
    return (SIGNED_AFTER_CANCEL,)


def _list_live(case: Case) -> list[Assignment]:
    live = dispatch.list_live_of_order(case.tx.session, case.order.id)
    return [a for a in live if a.id != case.assignment.id]


def _finish_late(case: Case, record: Record) -> None:
    evidence = visits.has_closure_evidence(case.tx, case.order, record.id)
    work_order_service.move(
        case.tx,
        case.order,
        "finish_late",
        Role.SYSTEM,
        case.profile,
        at_ms=case.at_ms,
        closure_evidence=evidence,
        technicians=(case.sender.technician_id,),
    )
    case.order.technician_id = case.sender.technician_id
    signed = "sign" if record.kind == "signed" else "waive_signature"
    work_order_service.move(case.tx, case.order, signed, Role.TECHNICIAN, case.profile, at_ms=case.at_ms)
