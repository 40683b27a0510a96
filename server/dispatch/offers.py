"""Offering rounds: a stop is offered when it is due, accepted by the first, taken back by recall or a new round."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from server.core import deadlines
from server.core.unit_of_work import Tx
from server.dispatch import able, leaving, problem, repository
from server.dispatch.durations import learning
from server.dispatch.models import Assignment
from server.dispatch.rules import dispatch_rules
from server.dispatch.travel import trips
from server.escalation import service as escalation
from server.work_orders import repository as work_orders
from server.work_orders import service as work_order_service
from server.work_orders.models import WorkOrder
from shared import assignment, events, work_order
from shared.assignment import COMMITTED_STATES, PENDING_STATES, AssignmentState
from shared.errors import DomainError
from shared.machine import Role
from shared.work_order import WorkOrderState

OFFER_DUE: Final = "offer_due"
OFFER_EXPIRES: Final = "offer_expires"
PHONE_SILENT: Final = "phone_silent"


def is_alarming(order: WorkOrder) -> bool:
    """Tell whether an order rings: an emergency, or an urgent leak."""
    return work_order.is_alarming(order.priority, is_leak=order.is_leak)


def offer(
    tx: Tx,
    order: WorkOrder,
    technician_ids: Iterable[str],
    profile: str,
    *,
    arrivals_ms: dict[str, int] | None = None,
    certificate: dict[str, Any] | None = None,
    is_manual: bool = False,
    needs_consent: bool = False,
) -> list[Assignment]:
    """Open a new offering round to one or several technicians; the earlier round's offers are superseded."""
    chosen = list(dict.fromkeys(technician_ids))
    withdraw_pending(tx, order, "supersede")
    order.epoch += 1
    order.technician_id = chosen[0]
    work_order_service.move(tx, order, "offer", _desk_role(tx), profile, technicians=tuple(chosen))
    made = [
        _add(tx, order, technician_id, (arrivals_ms or {}).get(technician_id), is_manual=is_manual)
        for technician_id in chosen
    ]
    for row in made:
        row.needs_consent = needs_consent
        _record_offer(tx, order, row, certificate)
    repository.drop_planned(tx.session, tx.branch_id, {order.id})
    if is_alarming(order):
        escalation.start(tx, order, is_round=True)
        made += _ask_beside_silent(tx, order, made)
    else:
        due_ms = tx.now_ms + dispatch_rules().offer_expires_s * 1000
        deadlines.schedule(tx, OFFER_EXPIRES, order.id, due_ms, {"work_order_id": order.id, "epoch": order.epoch})
    return made


def _desk_role(tx: Tx) -> Role:
    """Return the role by which the tables judge: whoever sits at the desk is a dispatcher, all else is the product."""
    return Role.DISPATCHER if tx.actor.role in {Role.DISPATCHER, Role.ADMIN} else Role.SYSTEM


def offer_parallel(tx: Tx, order: WorkOrder, technician_ids: Iterable[str]) -> list[Assignment]:
    """Offer the running round to more technicians at once; the first accept wins (decision 5)."""
    have = {a.technician_id for a in repository.list_live_of_order(tx.session, order.id)}
    made = [_add(tx, order, t, None, is_manual=False) for t in technician_ids if t not in have]
    for row in made:
        _record_offer(tx, order, row, None)
    return made


def _ask_beside_silent(tx: Tx, order: WorkOrder, made: list[Assignment]) -> list[Assignment]:
    """Ask the next best whose phone answers when no phone asked does: no leak waits for a dead phone (reliability 3.7).

    It is one round: the first Accept wins. The order's flag says why a second was asked.
    """
    reachable = able.list_reachable(tx)
    if any(row.technician_id in reachable for row in made):
        return []
    beside = [t for t in able.list_able(tx, order, is_everybody=False) if t in reachable][:1]
    busy = repository.list_busy(tx.session, tx.branch_id)
    if beside:
        work_order_service.flag(tx, order, PHONE_SILENT, technician_id=made[0].technician_id, asked=beside)
    added = offer_parallel(tx, order, beside)
    for row in added:
        row.needs_consent = row.technician_id in busy
    return added


def _add(tx: Tx, order: WorkOrder, technician_id: str, arrival_ms: int | None, *, is_manual: bool) -> Assignment:
    row = Assignment(
        id=tx.new_id(),
        branch_id=tx.branch_id,
        work_order_id=order.id,
        technician_id=technician_id,
        epoch=order.epoch,
        state=AssignmentState.OFFERED,
        offered_ms=tx.now_ms,
        planned_arrival_ms=arrival_ms,
        needs_consent=False,
        is_manual=is_manual,
    )
    tx.session.add(row)
    tx.session.flush()
    return row


def _record_offer(tx: Tx, order: WorkOrder, row: Assignment, certificate: dict[str, Any] | None) -> None:
    data = {
        "assignment_id": row.id,
        "technician_id": row.technician_id,
        "epoch": row.epoch,
        "planned_arrival_ms": row.planned_arrival_ms,
        "is_manual": row.is_manual,
        "certificate": certificate,
    }
    tx.record(events.ASSIGNMENT_OFFERED, data, work_order_id=order.id, technicians=(row.technician_id,))


def move(
    tx: Tx, row: Assignment, command: str, role: Role, *, reason: str = "", at_ms: int | None = None, **more: Any
) -> None:
    """Move an assignment by a command of the shared table; `more` goes into the event.

    Raises DomainError `transition_not_allowed`.
    """
    source = row.state
    row.state = assignment.decide(AssignmentState(row.state), command, role)
    happened_ms = tx.now_ms if at_ms is None else at_ms
    stamp = {"accept": "accepted_ms", "depart": "departed_ms", "arrive": "arrived_ms", "finish": "finished_ms"}.get(
        command
    )
    if stamp:
        setattr(row, stamp, happened_ms)
        trips.note_move(tx, row, command, happened_ms)
    data = {
        "assignment_id": row.id,
        "technician_id": row.technician_id,
        "command": command,
        "source": source,
        "target": row.state,
        "reason": reason,
    } | more
    tx.record(events.ASSIGNMENT_MOVED, data, work_order_id=row.work_order_id, technicians=(row.technician_id,))


def withdraw_pending(tx: Tx, order: WorkOrder, command: str, reason: str = "") -> None:
    """End all unanswered offers of an order, by `supersede`, `expire` or `recall`."""
    for row in _list_pending(tx, order):
        move(tx, row, command, Role.SYSTEM, reason=reason)


def _list_pending(tx: Tx, order: WorkOrder) -> list[Assignment]:
    return [row for row in repository.list_live_of_order(tx.session, order.id) if row.state in PENDING_STATES]


def check_accept(order: WorkOrder, row: Assignment, epoch: int) -> None:
    """Allow a job's taking, or its taking once more. Raises `epoch_is_over`, `transition_not_allowed`."""
    if row.state in COMMITTED_STATES:
        return
    assignment.check_epoch(order.epoch, epoch)
    if WorkOrderState(order.state) is not WorkOrderState.OFFERED:
        raise DomainError("transition_not_allowed", state=order.state, command="accept", role=Role.TECHNICIAN.value)
    assignment.decide(AssignmentState(row.state), "accept", Role.TECHNICIAN)


def accept(tx: Tx, row: Assignment, epoch: int, profile: str, at_ms: int) -> None:
    """Take a job: the first accept of a round wins. Raises `epoch_is_over`, `transition_not_allowed`, `not_found`."""
    order = work_orders.lock_order(tx.session, tx.branch_id, row.work_order_id)
    check_accept(order, row, epoch)
    if row.state in COMMITTED_STATES:
        return
    others = [one for one in _list_pending(tx, order) if one.id != row.id]
    # One reaction for all who were asked beside him: after an hour without a line there are hundreds.
    move(tx, row, "accept", Role.TECHNICIAN, at_ms=at_ms, frees=len(others))
    order.technician_id = row.technician_id
    work_order_service.move(tx, order, "accept", Role.TECHNICIAN, profile, at_ms=at_ms)
    for one in others:
        move(tx, one, "supersede", Role.SYSTEM, freed_by=row.id)
    escalation.end(tx, order.id, escalation.ACCEPTED)
    deadlines.cancel(tx, OFFER_EXPIRES, order.id)
    _free_from_others(tx, row, order, profile)


def _free_from_others(tx: Tx, accepted: Assignment, order: WorkOrder, profile: str) -> None:
    """Give a technician's other jobs back to the plan when he turns round for an emergency: Accept is his consent.

    The job that he stands at stays his and goes on afterwards, if it may be left (decision 10).
    """
    if accepted.needs_consent and order.priority == work_order.Priority.EMERGENCY:
        _leave_for(tx, accepted, order, profile)
    for other in repository.list_live_of_technician(tx.session, accepted.technician_id):
        if other.id == accepted.id or other.state not in {
            *PENDING_STATES,
            AssignmentState.ACCEPTED,
            AssignmentState.EN_ROUTE,
        }:
            continue
        held = work_orders.lock_order(tx.session, tx.branch_id, other.work_order_id)
        if is_alarming(held) and not is_alarming(order):
            continue
        recall(tx, other, profile, reason=f"emergency {order.number}")


def _leave_for(tx: Tx, accepted: Assignment, emergency: WorkOrder, profile: str) -> None:
    """Suspend the job on site that its technician leaves; all it has of evidence stays with it and with him."""
    for row in repository.list_live_of_technician(tx.session, accepted.technician_id):
        if row.id == accepted.id or row.state not in leaving.ON_SITE:
            continue
        left = work_orders.lock_order(tx.session, tx.branch_id, row.work_order_id)
        known = learning.find_laws(tx.session, tx.branch_id)
        if leaving.may_leave(tx.session, row, left):
            row.remaining_s = (problem.finish_estimate_ms(row, left, tx.now_ms, known) - tx.now_ms) // 1000
            row.remaining_told_ms = None
            reason = f"emergency {emergency.number}"
            move(tx, row, "suspend", Role.SYSTEM, reason=reason)
            work_order_service.move(tx, left, "suspend", Role.SYSTEM, profile, reason=reason)


def decline(tx: Tx, row: Assignment, profile: str, reason: str) -> None:
    """Refuse a job; the order goes back to the plan when nobody else is asked. Raises `transition_not_allowed`."""
    move(tx, row, "decline", Role.TECHNICIAN, reason=reason)
    order = work_orders.lock_order(tx.session, tx.branch_id, row.work_order_id)
    if not repository.list_live_of_order(tx.session, order.id):
        back_to_plan(tx, order, profile, reason=reason)


def expire(tx: Tx, work_order_id: str, epoch: int, profile: str) -> None:
    """Take an ordinary offer back that nobody answered: a dead phone must not hold an order."""
    order = work_orders.lock_order(tx.session, tx.branch_id, work_order_id)
    if order.epoch != epoch or WorkOrderState(order.state) is not WorkOrderState.OFFERED:
        return
    withdraw_pending(tx, order, "expire")
    back_to_plan(tx, order, profile, reason="unanswered")


def recall(tx: Tx, row: Assignment, profile: str, reason: str) -> None:
    """Take a job back before arrival; the order goes back to the plan. Raises `transition_not_allowed`."""
    order = work_orders.lock_order(tx.session, tx.branch_id, row.work_order_id)
    move(tx, row, "recall", _desk_role(tx), reason=reason)
    if not repository.list_live_of_order(tx.session, order.id):
        back_to_plan(tx, order, profile, reason=reason)


def back_to_plan(tx: Tx, order: WorkOrder, profile: str, reason: str) -> None:
    """Withdraw an order that nobody holds any more; a leak goes on climbing."""
    if WorkOrderState(order.state) in {WorkOrderState.OFFERED, WorkOrderState.ASSIGNED}:
        order.technician_id = ""
        work_order_service.move(tx, order, "withdraw", Role.SYSTEM, profile, reason=reason)
