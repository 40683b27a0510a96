"""The header's figures of a branch: read by columns, because they are told anew with every change of the board."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import orm

from server.accounts import repository as accounts
from server.board import next_clock, repository
from server.board.next_clock import NextClock, Terms
from server.escalation.rules import escalation_rules
from shared.assignment import COMMITTED_STATES
from shared.work_order import OPEN_STATES, Priority, WorkOrderState

HORIZON_MS: Final = 12 * 3_600_000
_UNCONTROLLED: Final = OPEN_STATES - {
    WorkOrderState.MADE_SAFE,
    WorkOrderState.WORK_DONE,
    WorkOrderState.SIGNED,
    WorkOrderState.SIGN_WAIVED,
}


def technician_state(live: Collection[str], shift_start_ms: int | None, now_ms: int, *, has_device: bool) -> str:
    """Return what a technician does, by the states of his live assignments and when his shift begins or began."""
    states = set(live)
    if states & {"arrived", "working"}:
        return "on_site"
    if states & {"en_route", "accepted"}:
        return "en_route"
    if shift_start_ms is None or shift_start_ms > now_ms:
        return "off_shift"
    return "available" if has_device else "offline"


def summary(session: orm.Session, branch_id: str, now_ms: int, profile: str) -> dict[str, Any]:
    """Return open leaks, longest wait of an emergency (s), phones online, promises at risk."""
    orders = repository.list_open_terms(session, branch_id)
    live = repository.list_live_marks(session, branch_id)
    leaks = [o for o in orders if o.is_leak and WorkOrderState(o.state) in _UNCONTROLLED]
    unmet = [o for o in leaks if o.arrived_ms is None and o.priority == Priority.EMERGENCY]
    return {
        "open_leaks": len(leaks),
        "longest_wait_s": max(((now_ms - o.opened_ms) // 1000 for o in unmet), default=0),
        **_phones(session, branch_id, live, now_ms),
        "promises_at_risk": _count_at_risk(session, branch_id, orders, live, (now_ms, profile)),
    }


def _phones(session: orm.Session, branch_id: str, live: list[Any], now_ms: int) -> dict[str, int]:
    """Return how many technicians are on duty, and how many of their phones were heard of lately."""
    shifts = repository.map_shift_starts(session, branch_id, now_ms, now_ms + HORIZON_MS)
    seen, silent_ms = accounts.map_last_seen(session, branch_id), escalation_rules(now_ms).phone_silent_ms
    states: dict[str, set[str]] = {}
    for mark in live:
        states.setdefault(mark.technician_id, set()).add(mark.state)
    on_duty = [
        t
        for t in repository.list_technician_ids(session, branch_id)
        if technician_state(states.get(t, ()), shifts.get(t), now_ms, has_device=t in seen) != "off_shift"
    ]
    online = sum(1 for t in on_duty if t in seen and now_ms - seen[t] <= silent_ms)
    return {"phones_online": online, "phones_total": len(on_duty)}


def _count_at_risk(
    session: orm.Session, branch_id: str, orders: list[Any], live: list[Any], at: tuple[int, str]
) -> int:
    arrivals = repository.map_planned_arrivals(session, branch_id)
    held: dict[str, Any] = {}
    for mark in live:
        before = held.get(mark.work_order_id)
        if before is None or (mark.state in COMMITTED_STATES and before.state not in COMMITTED_STATES):
            held[mark.work_order_id] = mark
    arrivals |= {work_order_id: mark.planned_arrival_ms for work_order_id, mark in held.items()}
    now_ms, profile = at
    clocks = ((next_clock.find_next_clock(_terms(o, profile), now_ms), arrivals.get(o.id)) for o in orders)
    return sum(1 for clock, arrival_ms in clocks if _is_at_risk(clock, arrival_ms))


def _terms(order: Any, profile: str) -> Terms:
    return Terms(
        profile,
        order.priority,
        order.is_leak,
        order.fault_kind,
        order.opened_ms,
        order.window_start_ms,
        order.window_end_ms,
        order.events,
    )


def _is_at_risk(clock: NextClock | None, arrival_ms: int | None) -> bool:
    if clock is None or clock.due_ms is None:
        return False
    is_late = arrival_ms is not None and clock.kind in {"arrive_by", "window"} and arrival_ms > clock.due_ms
    return clock.breached or is_late
