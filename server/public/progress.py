"""How far an order is, in words that a customer understands, and when somebody comes: an interval, never a position."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import dataclass
from typing import Final

from sqlalchemy import orm

from server.accounts import repository as accounts
from server.dispatch import repository as dispatch
from server.notices import repository as notices
from server.public.rules import PublicRules
from server.work_orders.models import WorkOrder
from shared.work_order import OPEN_STATES, WorkOrderState

STAGES: Final = ("received", "planned", "on_the_way", "here", "done")
_MINUTE_MS: Final = 60_000
_HERE: Final = frozenset({"arrived", "working"})
_COMING: Final = frozenset({"accepted", "en_route"})
_ENDED: Final = {
    WorkOrderState.WORK_DONE: "done",
    WorkOrderState.SIGNED: "done",
    WorkOrderState.SIGN_WAIVED: "done",
    WorkOrderState.CLOSED: "done",
    WorkOrderState.NO_ACCESS: "no_access",
    WorkOrderState.CANCELLED: "cancelled",
    WorkOrderState.DUPLICATE: "cancelled",
    WorkOrderState.ON_HOLD: "waiting",
    WorkOrderState.NEEDS_ENGINEERING: "waiting",
}


@dataclass(frozen=True)
class Interval:
    """From when to when somebody is expected (Unix ms)."""

    from_ms: int
    to_ms: int


@dataclass(frozen=True)
class Progress:
    """What the status page shows. ``stage`` is one of STAGES, or ``cancelled``, ``no_access``, ``waiting``."""

    stage: str
    arrival: Interval | None
    technician: str
    proposal: Interval | None
    proposal_id: str


def of_order(session: orm.Session, order: WorkOrder, rules: PublicRules, now_ms: int) -> Progress:
    """Return how far an order is."""
    live = dispatch.list_live_of_order(session, order.id)
    holder = next((a for a in live if a.state in _HERE), next((a for a in live if a.state in _COMING), None))
    stop = next((s for s in dispatch.list_planned(session, order.branch_id) if s.work_order_id == order.id), None)
    stage = _stage(order, holder.state if holder else "", is_planned=stop is not None)
    arrival = None
    if stage == "on_the_way" and holder is not None and holder.planned_arrival_ms:
        arrival = _rounded(holder.planned_arrival_ms, now_ms, rules.en_route_round_min, rules.en_route_width_min)
    elif stage in {"received", "planned"}:
        arrival = _planned(order, stop.start_ms if stop else None, rules, now_ms)
    proposal = next(
        (
            n
            for n in notices.list_of_orders(session, order.branch_id, [order.id]).get(order.id, [])
            if n.state == "open"
        ),
        None,
    )
    proposed = (
        _rounded(proposal.start_ms, now_ms, rules.planned_round_min, rules.planned_width_min)
        if (proposal and proposal.start_ms)
        else None
    )
    return Progress(
        stage=stage,
        arrival=arrival,
        technician=_name(session, order, holder.technician_id) if holder and stage in {"on_the_way", "here"} else "",
        proposal=proposed,
        proposal_id=proposal.id if proposal and proposed else "",
    )


def _stage(order: WorkOrder, assignment: str, *, is_planned: bool) -> str:
    ended = _ENDED.get(WorkOrderState(order.state))
    if ended is not None:
        return ended
    if assignment:
        return "here" if assignment in _HERE else "on_the_way"
    return "planned" if is_planned or order.window_start_ms is not None else "received"


def _planned(order: WorkOrder, start_ms: int | None, rules: PublicRules, now_ms: int) -> Interval | None:
    if order.window_start_ms is not None and order.window_end_ms is not None:
        return Interval(order.window_start_ms, order.window_end_ms)
    if start_ms is None:
        return None
    return _rounded(start_ms, now_ms, rules.planned_round_min, rules.planned_width_min)


def _rounded(at_ms: int, now_ms: int, round_min: int, width_min: int) -> Interval:
    """Return whole steps around a time that is not in the past."""
    step = round_min * _MINUTE_MS
    begin = (max(at_ms, now_ms) - width_min * _MINUTE_MS // 4) // step * step
    return Interval(begin, begin + width_min * _MINUTE_MS)


def _name(session: orm.Session, order: WorkOrder, technician_id: str) -> str:
    found = next((t for t in accounts.list_technicians(session, order.branch_id) if t.id == technician_id), None)
    return found.name if found else ""


def wish_slots(rules: PublicRules, time_zone: str, now_ms: int) -> list[Interval]:
    """Return the times that a customer may wish: wishes, not promises, until the desk has agreed (IN-17)."""
    zone = zoneinfo.ZoneInfo(time_zone)
    today = dt.datetime.fromtimestamp(now_ms / 1000, zone).date()
    found = []
    for day in range(rules.wish_days + 1):
        for hour in rules.wish_hours:
            start = dt.datetime.combine(today + dt.timedelta(days=day), dt.time(hour), zone)
            begin_ms = int(start.timestamp() * 1000)
            if begin_ms > now_ms:
                found.append(Interval(begin_ms, begin_ms + rules.wish_width_h * 60 * _MINUTE_MS))
    return found


def is_open(order: WorkOrder) -> bool:
    """Tell whether something about the order can still be wished."""
    return WorkOrderState(order.state) in OPEN_STATES
