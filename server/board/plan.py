"""The branch's plan as the board shows it: who made it, how good it is, what the last change moved, what is undone."""

from __future__ import annotations

from typing import Any

from sqlalchemy import orm

from server.accounts import repository as accounts
from server.board import words
from server.board.rows import Row, Scene
from server.dispatch import repository as dispatch
from server.dispatch import stability
from server.notices import repository as notices
from server.notices.models import CustomerNotice


def plan_line(session: orm.Session, branch_id: str) -> Row:
    """Return what the board's one line tells: engines, age, gap to the bound, moved stops of the budget."""
    state = dispatch.find_plan_state(session, branch_id)
    budget = dispatch.find_budget(session, branch_id)
    moved = state.moved if state else {}
    return {
        "engines": state.engines if state else [],
        "travel_quality": state.travel_quality if state else "",
        "undone_count": len(state.unserved) if state else 0,
        "planned_ms": state.planned_ms if state and state.planned_ms else None,
        "quality": state.quality if state and state.quality else None,
        "moved": {
            "count": len(stability.last_moved(moved)),
            "cause": moved.get("cause"),
            "at_ms": moved.get("at_ms"),
        },
        "budget": {
            "max_moved": stability.get_max_moved(session, branch_id),
            "ver": budget.ver if budget else 0,
            "changed_ms": budget.changed_ms if budget else None,
        },
        "notices_open": notices.count_open(session, branch_id),
    }


def plan_detail(session: orm.Session, branch_id: str, now_ms: int, profile: str) -> Row:
    """Return the line with its reasons: the moved stops, who set the budget, the orders left undone."""
    scene = Scene(session, branch_id, now_ms, profile)
    state, budget = dispatch.find_plan_state(session, branch_id), dispatch.find_budget(session, branch_id)
    moved = stability.last_moved(state.moved) if state else []
    known = notices.list_of_orders(session, branch_id, {one["job_id"] for one in moved})
    since_ms = state.moved.get("at_ms", 0) if state else 0
    names = accounts.list_names(session, [budget.changed_by]) if budget else {}
    line, unserved = plan_line(session, branch_id), state.unserved if state else {}
    line["budget"]["changed_by"] = names.get(budget.changed_by, "") if budget else ""
    return {
        **line,
        "moved_stops": [moved_row(scene, one, known.get(one["job_id"], []), since_ms) for one in moved],
        "undone": [_undone(scene, i, code) for i, code in unserved.items() if i in scene.orders],
        "at_ms": now_ms,
    }


def moved_row(scene: Scene, one: dict[str, Any], known: list[CustomerNotice], since_ms: int) -> Row:
    """Return a moved stop: whose it was, whose it is, and whether its customer knows.

    ``customer`` is ``kept`` (the promise holds), ``open`` (to be told), ``told``, or ``none`` (nothing was promised).
    """
    order = scene.orders.get(one["job_id"])
    return {
        "work_order_id": one["job_id"],
        "number": order.number if order else "",
        "before": _name(scene, one["technician_before"]),
        "after": _name(scene, one["technician_after"]),
        "start_before_ms": _ms(one["start_before_s"]),
        "start_after_ms": _ms(one["start_after_s"]),
        "window_start_ms": order.window_start_ms if order else None,
        "window_end_ms": order.window_end_ms if order else None,
        "customer": customer_state(known, since_ms) if one["promised"] else "none",
    }


def customer_state(known: list[CustomerNotice], since_ms: int) -> str:
    """Return what the customer of a promised order that moved knows: ``kept``, ``open`` or ``told``."""
    newer = [n.state for n in known if (n.ended_ms or n.changed_ms) >= since_ms and n.state != notices.WITHDRAWN]
    return newer[-1] if newer else "kept"


def _undone(scene: Scene, work_order_id: str, code: str) -> Row:
    order = scene.orders[work_order_id]
    return {"work_order_id": order.id, "number": order.number, "reason_code": code, "reason": words.reason(code)}


def _name(scene: Scene, technician_id: str | None) -> str:
    found = scene.technicians.get(technician_id or "")
    return found.name if found else ""


def _ms(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * 1000
