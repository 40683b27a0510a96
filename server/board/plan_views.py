"""HTTP of the planner's reasons: why this technician, what if another, how good the plan is, how much it may move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.board import explaining, plan
from server.core.registry import DESK, OFFICE, Audience, Registry
from server.dispatch import stability
from shared.errors import DomainError

if TYPE_CHECKING:
    from server.core.calls import Call

_LONGEST_MS = 13


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    add = registry.add
    order = "/api/v1/work-orders/<work_order_id>"
    add("GET", f"{order}/explanation", get_explanation, Audience.CONSOLE, roles=OFFICE)
    add("GET", f"{order}/what-if/<technician_id>", get_what_if, Audience.CONSOLE, roles=DESK)
    add("GET", "/api/v1/plan", get_plan, Audience.CONSOLE, roles=OFFICE)
    add("POST", "/api/v1/plan/budget", set_budget, Audience.CONSOLE, roles=DESK, schema=stability.BudgetRequest)


def get_explanation(call: Call, work_order_id: str) -> dict[str, Any]:
    """Return the sentence of an order's placement, and what stands behind it."""
    profile = call.settings.sla_profile
    return call.read(lambda s: explaining.explanation(s, call.actor.branch_id, work_order_id, call.now_ms, profile))


def get_what_if(call: Call, work_order_id: str, technician_id: str) -> dict[str, Any]:
    """Return what giving the order to a technician would do; `start_ms` in the query: not before then."""
    profile, branch_id, now_ms = call.settings.sla_profile, call.actor.branch_id, call.now_ms
    start = call.query.get("start_ms", "0")
    if not start.isdecimal() or len(start) > _LONGEST_MS:
        raise DomainError("invalid_request", reason="start_ms")
    return call.read(
        lambda s: explaining.what_if(s, branch_id, work_order_id, technician_id, now_ms, profile, int(start))
    )


def get_plan(call: Call) -> dict[str, Any]:
    """Return the plan's quality, its last moved stops and what it leaves undone."""
    return call.read(lambda s: plan.plan_detail(s, call.actor.branch_id, call.now_ms, call.settings.sla_profile))


def set_budget(call: Call) -> dict[str, Any]:
    """Set how many stops one re-plan may move."""
    call.write(lambda tx: stability.set_budget(tx, call.body))
    return {"plan": call.read(lambda s: plan.plan_line(s, call.actor.branch_id))}
