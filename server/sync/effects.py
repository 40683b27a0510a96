"""What each phone event does: intents decide with the shared tables, facts are kept first and move states second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from server.core.unit_of_work import Tx
from server.dispatch import offers
from server.dispatch import repository as dispatch
from server.sync import conflicts, door
from server.sync.case import Case
from server.visits import service as visits
from server.visits.service import Sender
from server.work_orders import repository as work_orders
from server.work_orders import service as work_order_service
from server.work_orders.service import Desk
from shared import events, facts, wire
from shared.assignment import AssignmentState
from shared.errors import DomainError
from shared.machine import Role
from shared.work_order import WorkOrderState

_T: Final = Role.TECHNICIAN
_WORK: Final = (
    facts.StepAnswered,
    facts.ReadingRecorded,
    facts.TimerStopped,
    facts.SiteMadeSafe,
    facts.OutcomeDeclared,
    facts.RemainingTimeEstimated,
)


def find_refusal(case: Case) -> DomainError | None:
    """Return why an intent is refused, as far as that is known before anything is written; None when it may go on.

    Of a leak that twenty were asked for nineteen come too late: none of them undoes a transaction.
    """
    try:
        conflicts.refuse_older_phone(case)
        if isinstance(case.event.body, facts.AssignmentAccepted):
            offers.check_accept(case.order, case.assignment, case.event.epoch)
    except DomainError as refused:
        return refused
    return None


def apply_intent(case: Case) -> None:
    """Carry out an intent. Raises DomainError when it comes too late or is not allowed: only intents are rejected."""
    conflicts.refuse_older_phone(case)
    body = case.event.body
    if isinstance(body, facts.AssignmentAccepted):
        offers.accept(case.tx, case.assignment, case.event.epoch, case.profile, case.at_ms)
    elif isinstance(body, facts.AssignmentDeclined):
        offers.decline(case.tx, case.assignment, case.profile, body.reason)


def apply_fact(case: Case) -> tuple[str, tuple[str, ...]]:
    """Keep a fact, then let it move assignment and order. Returns outcome and flags; never raises for a rule."""
    is_late = case.event.epoch != case.assignment.epoch or case.assignment.state in {
        AssignmentState.RECALLED,
        AssignmentState.SUPERSEDED,
        AssignmentState.EXPIRED,
        AssignmentState.DECLINED,
        AssignmentState.ABANDONED,
    }
    flags = (*case.sender.flags, *conflicts.keep_evidence_of_older_phone(case), *(("late",) if is_late else ()))
    if not is_late:
        flags = (*flags, *_move(case))
    flags = visits.keep_fact(case.tx, case.sender, case.event, case.assignment.id, flags, case.moment)
    if isinstance(case.event.body, (facts.RecordSigned, facts.SignatureWaived)):
        flags = (*flags, *_take_record(case, is_late=is_late))
    flags = tuple(dict.fromkeys((*flags, *door.react(case))))
    for name in flags:
        work_order_service.flag(case.tx, case.order, name, event_id=case.event.id)
    return ("filed_late" if is_late else "flagged" if flags else "applied"), flags


def _move(case: Case) -> tuple[str, ...]:
    body = case.event.body
    if isinstance(body, _WORK):
        _start_work(case)
    mover = _MOVERS.get(type(body))
    try:
        if mover is not None:
            mover(case)
    except DomainError:
        # The fact stands as evidence; that it does not fit the order's state is shown, not refused.
        return ("out_of_order",)
    return ()


def _start_work(case: Case) -> None:
    if case.assignment.state == AssignmentState.ARRIVED:
        offers.move(case.tx, case.assignment, "start_work", _T, at_ms=case.at_ms)


def _move_order(case: Case, command: str, **data: Any) -> None:
    work_order_service.move(case.tx, case.order, command, _T, case.profile, at_ms=case.at_ms, data=data)


def _deliver(case: Case) -> None:
    if case.assignment.state == AssignmentState.OFFERED:
        offers.move(case.tx, case.assignment, "deliver", _T, at_ms=case.at_ms)


def _see(case: Case) -> None:
    if case.assignment.state in {AssignmentState.OFFERED, AssignmentState.DELIVERED}:
        offers.move(case.tx, case.assignment, "see", _T, at_ms=case.at_ms)


def _depart(case: Case) -> None:
    offers.move(case.tx, case.assignment, "depart", _T, at_ms=case.at_ms)


def _arrive(case: Case) -> None:
    offers.move(case.tx, case.assignment, "arrive", _T, at_ms=case.at_ms)
    case.order.arrived_ms = case.order.arrived_ms or case.at_ms
    _move_order(case, "arrive")


def _make_safe(case: Case) -> None:
    if case.order.is_leak:
        _move_order(case, "make_safe")


def _tell_remaining(case: Case) -> None:
    body = case.event.body
    if isinstance(body, facts.RemainingTimeEstimated):
        case.assignment.remaining_s, case.assignment.remaining_told_ms = max(0, body.remaining_s), case.at_ms
        data = {"technician_id": case.sender.technician_id, "minutes": round(body.remaining_s / 60)}
        case.tx.record(events.REMAINING_TIME_TOLD, data, work_order_id=case.order.id)


def _no_access(case: Case) -> None:
    _move_order(case, "report_no_access")
    _finish(case)


def _engineering(case: Case) -> None:
    _go_on(case)
    _move_order(case, "request_engineering")
    _finish(case)


def _go_on(case: Case) -> None:
    """What ends a job that was left for an emergency was done on site, whatever the phone told of the way there."""
    if case.assignment.state == AssignmentState.SUSPENDED and case.order.state == WorkOrderState.ASSIGNED:
        _move_order(case, "arrive")


def _finish(case: Case) -> None:
    if case.assignment.state in {AssignmentState.ARRIVED, AssignmentState.WORKING, AssignmentState.SUSPENDED}:
        offers.move(case.tx, case.assignment, "finish", _T, at_ms=case.at_ms)


_MOVERS: Final[dict[type[facts.Body], Callable[[Case], None]]] = {
    facts.AssignmentDelivered: _deliver,
    facts.AssignmentSeen: _see,
    facts.Departed: _depart,
    facts.Arrived: _arrive,
    facts.SiteMadeSafe: _make_safe,
    facts.RemainingTimeEstimated: _tell_remaining,
    facts.NoAccessRecorded: _no_access,
    facts.EngineeringRequested: _engineering,
}


def _take_record(case: Case, *, is_late: bool) -> tuple[str, ...]:
    """Keep the record; when nothing blocks it the work is done and signed in the same transaction."""
    record, problems = visits.take_record(case.tx, case.sender, case.event, case.assignment.id)
    flags = tuple("chain_broken" if p == "chain_broken" else "seal_broken" for p in problems)
    blockers = visits.list_blockers(case.tx, case.order, case.assignment.id, record.record_json)
    blockers = (*blockers, *door.list_charge_problems(case))
    if blockers:
        flags = (*flags, "record_blocked")
    if is_late and not flags:
        return conflicts.settle_late_record(case, record)
    if flags:
        # The job stays with its technician: a record that does not end the work must not strand the order.
        return flags
    try:
        _go_on(case)
        _take_up_again(case)
        _move_order(case, "finish_work")
        _move_order(case, "sign" if record.kind == "signed" else "waive_signature")
    except DomainError:
        return ("out_of_order",)
    finally:
        _finish(case)
    visits.announce_record(case.tx, record)
    conflicts.ask_for_new_steps(case)
    return ()


def _take_up_again(case: Case) -> None:
    """A correction after signing voids the earlier signature: the work goes on until the new record ends it."""
    if case.order.state in {WorkOrderState.WORK_DONE, WorkOrderState.SIGNED, WorkOrderState.SIGN_WAIVED}:
        _move_order(case, "correct")
        if case.order.is_leak:
            _move_order(case, "make_safe")


def find_case(tx: Tx, sender: Sender, event: wire.PhoneEvent, desk: Desk) -> Case | None:
    """Return the event with its order and assignment; None when this technician never had the order."""
    order = work_orders.find_locked(tx.session, tx.branch_id, event.work_order_id)
    if order is None:
        return None
    row = dispatch.find_assignment(tx.session, event.assignment_id) if event.assignment_id else None
    if row is None or row.technician_id != sender.technician_id or row.work_order_id != order.id:
        row = dispatch.find_newest_for(tx.session, order.id, sender.technician_id)
    if row is None:
        return None
    return Case(tx=tx, sender=sender, event=event, order=order, assignment=row, desk=desk)


def find_filed(tx: Tx, sender: Sender, event: wire.PhoneEvent) -> str:
    """Return `same` when this fact is here already from a phone he had before, `other` when the id is taken."""
    filed = visits.find_fact(tx, event.id)
    if filed is None:
        return ""
    body = msgspec.json.encode(event.body).decode()
    is_same = (filed.technician_id, filed.work_order_id, filed.body) == (
        sender.technician_id,
        event.work_order_id,
        body,
    )
    return "same" if is_same else "other"
