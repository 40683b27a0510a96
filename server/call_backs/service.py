"""Schedules call-backs and takes their results; a dissatisfied customer reopens the order (CO-17, CO-18)."""

from __future__ import annotations

from typing import Any

import msgspec

from server.call_backs import repository
from server.call_backs.models import CallBack
from server.core.unit_of_work import Tx
from server.work_orders import repository as work_orders
from server.work_orders import service as work_order_service
from shared import events
from shared.errors import DomainError
from shared.machine import Role
from shared.work_order import WorkOrderState

CLOCK = "call_back_by"


class CallBackRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the customer said: the script's items (CB-02) as code → yes, no or na."""

    satisfied: bool
    answers: dict[str, str] = {}
    note: str = ""


def schedule_call_back(tx: Tx, work_order_id: str, profile: str) -> None:
    """Owe the customer a call by the profile's limit after each closing; one at a time."""
    order = work_orders.get_order(tx.session, tx.branch_id, work_order_id)
    if repository.find_open_of_order(tx.session, order.id) is not None:
        return
    clock = next((c for c in work_order_service.list_clocks(order, profile, tx.now_ms) if c.kind == CLOCK), None)
    if clock is None or clock.due_ms is None:
        return
    row = CallBack(
        id=tx.new_id(), branch_id=tx.branch_id, work_order_id=order.id, due_ms=clock.due_ms, answers={}, note=""
    )
    tx.session.add(row)
    tx.record(events.CALL_BACK_SCHEDULED, {"call_back_id": row.id, "due_ms": row.due_ms}, work_order_id=order.id)


def make_call_back(tx: Tx, call_back_id: str, request: CallBackRequest, profile: str) -> None:
    """Keep what the customer said; not satisfied → the order is open again. Raises `not_found`, `call_back_made`."""
    row = repository.get_call_back(tx.session, tx.branch_id, call_back_id)
    if row.made_ms is not None:
        raise DomainError("call_back_made")
    row.made_ms, row.made_by = tx.now_ms, tx.actor.id
    row.is_satisfied, row.answers, row.note = request.satisfied, dict(request.answers), request.note
    tx.record(
        events.CALL_BACK_MADE, {"satisfied": request.satisfied, "note": request.note}, work_order_id=row.work_order_id
    )
    order = work_orders.lock_order(tx.session, tx.branch_id, row.work_order_id)
    if not request.satisfied and WorkOrderState(order.state) is WorkOrderState.CLOSED:
        work_order_service.move(tx, order, "reopen", Role.SYSTEM, profile, reason="call_back")


def list_rows(rows: list[CallBack], numbers: dict[str, str]) -> list[dict[str, Any]]:
    """Return call-backs as the console shows them."""
    return [
        {"id": r.id, "work_order_id": r.work_order_id, "number": numbers.get(r.work_order_id, ""), "due_ms": r.due_ms}
        for r in rows
    ]
