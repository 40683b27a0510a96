"""Carries out the rungs of the ladder: rings again, asks more technicians at once, sounds the siren (3.7)."""

from __future__ import annotations

from typing import Final

from server.core.unit_of_work import Tx
from server.dispatch import able, offers, repository
from server.escalation import service as escalation
from server.escalation.rules import Rung
from server.work_orders import repository as work_orders
from server.work_orders import service as work_order_service
from server.work_orders.models import WorkOrder
from shared.assignment import PENDING_STATES, AssignmentState
from shared.work_order import WAITING_STATES, WorkOrderState

UNREACHABLE: Final = "phone_unreachable"
_CLIMBING: Final = WAITING_STATES | {WorkOrderState.NO_ACCESS}


def climb(tx: Tx, work_order_id: str, fence: int, profile: str) -> None:
    """Carry out one rung of a leak that still has nobody; a duty of an earlier fence does nothing."""
    order = work_orders.lock_order(tx.session, tx.branch_id, work_order_id)
    found = escalation.find_due(tx, work_order_id, fence)
    if found is None:
        return
    if WorkOrderState(order.state) not in _CLIMBING:
        escalation.end(tx, order.id, escalation.AT_DESK)
        return
    row, rung = found
    asked = _ask(tx, order, rung, profile) if WorkOrderState(order.state) in WAITING_STATES else []
    waiting = [a for a in repository.list_live_of_order(tx.session, order.id) if a.state in PENDING_STATES]
    escalation.climb(tx, order, row, rung, asked, tuple(a.technician_id for a in waiting))


def _ask(tx: Tx, order: WorkOrder, rung: Rung, profile: str) -> list[str]:
    """Ask those whom a rung names; return them."""
    if rung.action == "repeat":
        return _ask_more(tx, order, _cover_unreachable(tx, order, rung.technicians), profile)
    if rung.action == "offer_next":
        return _ask_more(tx, order, rung.technicians, profile)
    return _ask_more(tx, order, None, profile) if rung.action == "offer_all" else []


def _cover_unreachable(tx: Tx, order: WorkOrder, count: int) -> int:
    """Return how many more to ask because a phone has not even received its offer: a lost phone costs no time."""
    live = repository.list_live_of_order(tx.session, order.id)
    lost = [a for a in live if a.state == AssignmentState.OFFERED]
    if lost and UNREACHABLE not in order.flags:
        work_order_service.flag(tx, order, UNREACHABLE, technician_id=lost[0].technician_id)
    return count if lost else 0


def _ask_more(tx: Tx, order: WorkOrder, count: int | None, profile: str) -> list[str]:
    """Offer a leak to the next best at once, None: to all; within the running round, the first Accept wins."""
    chosen = able.list_able(tx, order, is_everybody=count is None)[:count]
    if not chosen:
        return []
    busy = repository.list_busy(tx.session, tx.branch_id)
    if WorkOrderState(order.state) is WorkOrderState.OFFERED:
        made = offers.offer_parallel(tx, order, chosen)
    else:
        made = offers.offer(tx, order, chosen, profile)
    for row in made:
        row.needs_consent = row.technician_id in busy
    return [row.technician_id for row in made]
