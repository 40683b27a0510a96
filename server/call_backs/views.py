"""HTTP of the call-back desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import orm

from server.call_backs import repository, service
from server.core.registry import OFFICE, Audience, Registry
from server.work_orders import repository as work_orders

if TYPE_CHECKING:
    from server.core.calls import Call


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    registry.add("GET", "/api/v1/call-backs", list_call_backs, Audience.CONSOLE, roles=OFFICE)
    registry.add(
        "POST",
        "/api/v1/call-backs/<call_back_id>",
        make_call_back,
        Audience.CONSOLE,
        roles=OFFICE,
        schema=service.CallBackRequest,
    )


def list_call_backs(call: Call) -> dict[str, Any]:
    """List the calls still to make."""

    def work(session: orm.Session) -> list[dict[str, Any]]:
        rows = repository.list_open(session, call.actor.branch_id)
        orders = [work_orders.get_order(session, call.actor.branch_id, r.work_order_id) for r in rows]
        return service.list_rows(rows, {o.id: o.number for o in orders})

    return {"items": call.read(work)}


def make_call_back(call: Call, call_back_id: str) -> dict[str, Any]:
    """Take a call's result."""
    call.write(lambda tx: service.make_call_back(tx, call_back_id, call.body, call.settings.sla_profile))
    return {"ok": True}
