"""Carries out the rungs of the ladder: rings again, asks more technicians at once, sounds the siren (3.7)."""

from __future__ import annotations

from typing import Any, Final

from routing.problem import Place
from routing.travel import distances_m
from server.accounts import repository as accounts
from server.accounts.models import Technician
from server.core.unit_of_work import Tx
from server.dispatch import offers, problem, repository
from server.dispatch import service as dispatch
from server.escalation import service as escalation
from server.escalation.rules import Rung
from server.work_orders import repository as work_orders
from server.work_orders import service as work_order_service
from server.work_orders.models import WorkOrder
from shared.assignment import COMMITTED_STATES, PENDING_STATES, AssignmentState
from shared.work_order import WAITING_STATES, Priority, WorkOrderState

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
    chosen = list_able(tx, order, is_everybody=count is None)[:count]
    if not chosen:
        return []
    busy = {a.technician_id for a in repository.list_live(tx.session, tx.branch_id)}
    if WorkOrderState(order.state) is WorkOrderState.OFFERED:
        made = offers.offer_parallel(tx, order, chosen)
    else:
        made = offers.offer(tx, order, chosen, profile)
    for row in made:
        row.needs_consent = row.technician_id in busy
    return [row.technician_id for row in made]


def list_able(tx: Tx, order: WorkOrder, *, is_everybody: bool) -> list[str]:
    """Return who may be asked for a leak besides those asked already, the best first.

    On duty, qualified, has not declined it; busy people too when they may turn round for an emergency. `is_everybody`
    adds those who are merely asked for another emergency: nothing is theirs before they accept.
    """
    bound = _list_bound(tx, order, is_everybody=is_everybody)
    declined = repository.list_declined(tx.session, tx.branch_id, {order.id}).get(order.id, set())
    asked = {a.technician_id for a in repository.list_live_of_order(tx.session, order.id)}
    out = bound | declined | asked | _list_leaving(tx, order)
    able = [
        t
        for t in accounts.list_technicians(tx.session, tx.branch_id)
        if t.id not in out and is_qualified(t, order, tx.now_ms) and dispatch.is_on_duty(tx, t.id)
    ]
    return [t.id for t in sorted(able, key=_nearest_first(tx, order))]


def _list_bound(tx: Tx, order: WorkOrder, *, is_everybody: bool) -> set[str]:
    live = repository.list_live(tx.session, tx.branch_id)
    busy = {a.technician_id for a in live}
    if is_everybody:
        live = [a for a in live if a.state in COMMITTED_STATES]
        busy = {a.technician_id for a in live}
    may_turn = problem.list_turnable(tx.session, tx.branch_id, live) if order.priority == Priority.EMERGENCY else set()
    return busy - may_turn


def _list_leaving(tx: Tx, order: WorkOrder) -> set[str]:
    """Return those of whom the planner knows that they leave before they could end the job."""
    proof = repository.find_proof(tx.session, order.id)
    listed: list[dict[str, Any]] = (proof.certificate if proof else {}).get("candidates", [])
    return {c["technician_id"] for c in listed if c.get("reason") == "away"}


def is_qualified(technician: Technician, order: WorkOrder, now_ms: int) -> bool:
    """Tell whether a technician holds every skill that an order asks for, none of them expired (TR-01)."""
    held = {s["name"] for s in technician.skills if (s.get("valid_until_ms") or now_ms) >= now_ms}
    return set(order.skills) <= held


def _nearest_first(tx: Tx, order: WorkOrder) -> Any:
    """Order by the planner's certificate where it ranks somebody, the others by distance."""
    proof = repository.find_proof(tx.session, order.id)
    listed: list[dict[str, Any]] = (proof.certificate if proof else {}).get("candidates", [])
    rank = {c["technician_id"]: i for i, c in enumerate(listed) if c.get("reason") is None}

    def key(technician: Technician) -> tuple[int, float, str]:
        lat, lon = technician.lat or technician.home_lat, technician.lon or technician.home_lon
        away = distances_m([Place(lat=lat, lon=lon)], [Place(lat=order.lat or lat, lon=order.lon or lon)])
        return rank.get(technician.id, len(rank)), float(away[0][0]), technician.id

    return key
