"""Urgent leaks whose door opens later: planned for the opening without a siren, looked at again when it opens."""

from __future__ import annotations

from typing import Final

from server.core import deadlines
from server.core.unit_of_work import Tx
from server.work_orders.models import WorkOrder
from shared.work_order import Priority

OPENS: Final = "door_opens"


def is_closed(order: WorkOrder, now_ms: int) -> bool:
    """Tell whether nobody could begin before a later time window; an emergency never waits for a door."""
    return order.priority != Priority.EMERGENCY and (order.window_start_ms or 0) > now_ms


def look_again_at_opening(tx: Tx, order: WorkOrder) -> None:
    """Owe the order another look when its window begins: from then on, nobody to go is an alarm."""
    deadlines.schedule(tx, OPENS, order.id, order.window_start_ms or tx.now_ms, {"work_order_id": order.id})
