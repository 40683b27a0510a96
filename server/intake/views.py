"""HTTP of the intake desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.core.registry import OFFICE, Audience, Registry
from server.intake import service
from server.work_orders.service import Desk

if TYPE_CHECKING:
    from server.core.calls import Call


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    add = registry.add
    add("POST", "/api/v1/intake/assess", assess, Audience.CONSOLE, roles=OFFICE, schema=service.AssessRequest)
    add("POST", "/api/v1/intake/reports", report_fault, Audience.CONSOLE, roles=OFFICE, schema=service.ReportRequest)


def desk_of(call: Call) -> Desk:
    """Return the branch's settings for opening orders."""
    settings = call.settings
    return Desk(sla_profile=settings.sla_profile, time_zone=settings.time_zone, jurisdiction=settings.jurisdiction)


def assess(call: Call) -> dict[str, Any]:
    """Judge what is known so far."""
    return service.assess(call.body)


def report_fault(call: Call) -> tuple[dict[str, Any], int]:
    """Take a report."""
    ref = f"{call.actor.id}:{call.body.ref}"[:120] if call.body.ref else None
    order = call.write(lambda tx: service.take_fault_report(tx, call.body, desk_of(call), ref))
    keys = ("number", "priority", "advice", "ver")
    return {"work_order_id": order.id, **{key: getattr(order, key) for key in keys}}, 201
