"""Shows reports of gas that belong together, and lets both be emergencies when they are near enough (beyond 6)."""

from __future__ import annotations

import functools
from typing import Final

from server.core import texts
from server.core.unit_of_work import Tx
from server.work_orders import odour_rings, repository
from server.work_orders.models import WorkOrder
from shared import events
from shared.work_order import OPEN_STATES, Priority, WorkOrderState

NEARBY: Final = "odour_nearby"


@functools.cache
def rules() -> odour_rings.Joining:
    """Return the rings in force."""
    return odour_rings.Joining.from_toml(texts.read_data("odour-joining-2026.toml"))


def join(tx: Tx, order: WorkOrder) -> None:
    """Join a new leak with those reported near it; none of them is demoted or called off for it."""
    if not order.is_leak or order.lat is None or order.lon is None:
        return
    earliest_ms = order.opened_ms - rules().longest_s * 1000
    around = rules().widest_deg
    for other in repository.list_leaks_near(tx.session, tx.branch_id, earliest_ms, order.lat, around):
        ring = _ring_of(order, other)
        if ring is not None:
            _note(tx, order, other, raises=ring.raises)
            _note(tx, other, order, raises=ring.raises)


def _ring_of(order: WorkOrder, other: WorkOrder) -> odour_rings.Ring | None:
    if other.id == order.id or order.lat is None or order.lon is None or other.lat is None or other.lon is None:
        return None
    metres = odour_rings.distance_m((order.lat, order.lon), (other.lat, other.lon))
    return odour_rings.find_ring(rules(), metres, abs(order.opened_ms - other.opened_ms) / 1000)


def _note(tx: Tx, order: WorkOrder, other: WorkOrder, *, raises: bool) -> None:
    if NEARBY not in order.flags:
        order.flags = [*order.flags, NEARBY]
    told: tuple[str, ...] = ()
    if raises and WorkOrderState(order.state) in OPEN_STATES and order.priority > Priority.EMERGENCY:
        order.priority = int(Priority.EMERGENCY)
        order.ver += 1
        told = (order.technician_id,)  # who has the order hears that it has become an emergency
    data = {"flag": NEARBY, "other": other.id, "number": other.number}
    tx.record(events.WORK_ORDER_FLAGGED, data, work_order_id=order.id, technicians=told)
