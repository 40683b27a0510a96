"""The desk's hand on the plan: a stop put on somebody's day at a time, kept there, or given back to the planner."""

from __future__ import annotations

from typing import Annotated

import msgspec

from server.core.unit_of_work import Tx
from server.dispatch import repository, service
from server.dispatch.models import Lock
from server.work_orders import repository as work_orders
from server.work_orders import service as work_order_service
from server.work_orders.models import WorkOrder
from shared import events
from shared.errors import DomainError
from shared.work_order import WAITING_STATES, Priority, WorkOrderState

Moment = Annotated[int, msgspec.Meta(ge=0, le=4_102_444_800_000)]


class PlaceRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the desk puts a stop: whose day, not before when (Unix ms), and whether it stays there."""

    ver: int
    technician_id: str
    start_ms: Moment | None = None
    is_locked: bool = True


class LockRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keep a stop with the technician who has it in the plan, or give it back to the planner."""

    ver: int
    is_locked: bool = True


def place(tx: Tx, work_order_id: str, body: PlaceRequest, profile: str) -> None:
    """Put a waiting order on a technician's day; an order that rings or is held is offered to him at once.

    Raises DomainError `version_conflict`, `technician_not_qualified`, `technician_absent`, `no_room_for_stop`,
    `transition_not_allowed`.
    """
    order = work_orders.lock_order(tx.session, tx.branch_id, work_order_id)
    work_order_service.check_version(order, body.ver)
    is_held = bool(repository.list_live_of_order(tx.session, order.id))
    if is_held or order.priority == Priority.EMERGENCY or WorkOrderState(order.state) not in WAITING_STATES:
        service.assign(tx, work_order_id, body.ver, body.technician_id, profile)
        return
    service.check_fit(tx, order, body.technician_id)
    _keep(tx, order, body.technician_id, body.start_ms)
    data = {"technician_id": body.technician_id, "start_ms": body.start_ms, "technician_ids": [body.technician_id]}
    order.ver += 1
    tx.record(events.STOP_PLACED, data, work_order_id=order.id)
    service.insert_again(tx, order.id, profile)
    if not body.is_locked:
        drop(tx, order.id)


def set_lock(tx: Tx, work_order_id: str, body: LockRequest) -> None:
    """Lock a planned stop with its technician, or unlock it. Raises DomainError `version_conflict`, `not_planned`."""
    order = work_orders.lock_order(tx.session, tx.branch_id, work_order_id)
    work_order_service.check_version(order, body.ver)
    planned = next((s for s in repository.list_planned(tx.session, tx.branch_id) if s.work_order_id == order.id), None)
    known = repository.find_lock(tx.session, order.id)
    if planned is None and known is None:
        raise DomainError("not_planned", number=order.number)
    if body.is_locked and planned is not None:
        _keep(tx, order, planned.technician_id, known.start_ms if known else None)
    elif not body.is_locked:
        drop(tx, order.id)
    order.ver += 1
    how = "locked" if body.is_locked else "unlocked"
    holder = planned.technician_id if planned else known.technician_id if known else ""
    # Boards draw the row of whoever is named in `technician_ids`; his phone has nothing to hear.
    data = {"technician_id": holder, "how": how, "technician_ids": [holder]}
    tx.record(events.STOP_LOCKED, data, work_order_id=order.id)
    service.request_replan(tx, service.GIVEN)


def drop(tx: Tx, work_order_id: str) -> None:
    """Give an order back to the planner."""
    lock = repository.find_lock(tx.session, work_order_id)
    if lock is not None:
        tx.session.delete(lock)
        tx.session.flush()


def _keep(tx: Tx, order: WorkOrder, technician_id: str, start_ms: int | None) -> None:
    row = Lock(
        work_order_id=order.id,
        branch_id=tx.branch_id,
        technician_id=technician_id,
        start_ms=start_ms,
        locked_by=tx.actor.id,
        locked_ms=tx.now_ms,
    )
    tx.session.merge(row)
    tx.session.flush()
