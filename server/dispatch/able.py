"""Who may be asked for a leak, the best first: on duty, qualified, free to turn round, and whose phone answers."""

from __future__ import annotations

from typing import Any

from routing.problem import Place
from routing.travel import distances_m
from server.absences import repository as absences
from server.accounts import repository as accounts
from server.accounts.models import Technician
from server.core.unit_of_work import Tx
from server.dispatch import problem, repository
from server.dispatch.rules import dispatch_rules
from server.escalation.rules import escalation_rules
from server.work_orders.models import WorkOrder
from shared.work_order import Priority


def is_on_duty(tx: Tx, technician_id: str) -> bool:
    """Tell whether a technician's shift runs now, or begins within the offer's lead."""
    lead_ms = dispatch_rules().offer_lead_s * 1000
    shifts = accounts.list_shifts_of(tx.session, technician_id, tx.now_ms, tx.now_ms + lead_ms)
    grace_ms = dispatch_rules().end_of_shift_grace_s * 1000
    if absences.is_absent(tx.session, tx.branch_id, technician_id, tx.now_ms):
        return False
    return any(end_ms + grace_ms > tx.now_ms for _, end_ms in shifts)


def list_reachable(tx: Tx) -> set[str]:
    """Return the technicians whose phone was heard of lately enough to be offered a leak alone (reliability 3.7)."""
    silent_ms = escalation_rules(tx.now_ms).phone_silent_ms
    seen = accounts.map_last_seen(tx.session, tx.branch_id)
    return {technician_id for technician_id, at_ms in seen.items() if tx.now_ms - at_ms <= silent_ms}


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
        if t.id not in out and is_qualified(t, order, tx.now_ms) and is_on_duty(tx, t.id)
    ]
    return [t.id for t in sorted(able, key=_nearest_first(tx, order))]


def _list_bound(tx: Tx, order: WorkOrder, *, is_everybody: bool) -> set[str]:
    listing = repository.list_committed if is_everybody else repository.list_live
    live = listing(tx.session, tx.branch_id)
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
