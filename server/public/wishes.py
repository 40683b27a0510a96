"""The customer's wish for another time, answered by the desk: agreed with the promise changed openly, or refused."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from sqlalchemy import orm

from server.core import journal
from server.core.unit_of_work import Tx
from server.promises import service as promises
from server.public.service import WISH_FLAG
from server.work_orders import repository as work_orders
from server.work_orders import service as work_order_service
from server.work_orders.models import WorkOrder
from shared import events
from shared.errors import DomainError


class SettleRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The desk's answer on a version of the order, and how the customer was told (IN-14)."""

    ver: int
    is_agreed: bool
    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""
    told: str = ""


def find_open(session: orm.Session, order: WorkOrder) -> dict[str, Any] | None:
    """Return the newest wish while the order carries its flag: from and to (Unix ms), and the customer's words."""
    if WISH_FLAG not in order.flags:
        return None
    wished = [e.data for e in journal.list_history(session, order.id) if e.type == events.OTHER_TIME_WISHED]
    return dict(wished[-1]) if wished else None


def settle(tx: Tx, work_order_id: str, request: SettleRequest, profile: str) -> bool:
    """Answer a wish; True when the window changed. A leak is never put off, so it has no wishes.

    Raises `wish_none`, `version_conflict`, and those of a changed window: `promise_changed_silently`, `promise_over`,
    `promise_in_the_past`; `words_missing` when a refusal gives no reason.
    """
    order = work_orders.lock_order(tx.session, tx.branch_id, work_order_id)
    work_order_service.check_version(order, request.ver)
    wish = find_open(tx.session, order)
    if wish is None:
        raise DomainError("wish_none")
    if not request.is_agreed and not request.reason.strip():
        raise DomainError("words_missing")
    if request.is_agreed:
        window = promises.WindowRequest(
            ver=order.ver,
            start_ms=wish["from_ms"],
            end_ms=wish["to_ms"],
            reason=request.reason.strip() or str(wish.get("words", "")).strip()[:200] or "customer_wish",
            told=request.told,
        )
        promises.change_window(tx, order.id, window, profile)
    order.flags = [flag for flag in order.flags if flag != WISH_FLAG]
    order.ver += 1
    told = {"is_agreed": request.is_agreed, "why": request.reason.strip(), **wish}
    tx.record(events.OTHER_TIME_SETTLED, told, work_order_id=order.id, technicians=(order.technician_id,))
    return request.is_agreed
