"""HTTP of complaints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.complaints import service
from server.complaints.models import Complaint
from server.complaints.rules import complaint_rules
from server.core.registry import OFFICE, Audience, Registry

if TYPE_CHECKING:
    from server.core.calls import Call


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    add = registry.add
    one = "/api/v1/complaints/<complaint_id>"
    add("GET", "/api/v1/complaints", list_complaints, Audience.CONSOLE, roles=OFFICE)
    add("POST", "/api/v1/complaints", take, Audience.CONSOLE, roles=OFFICE, schema=service.ComplaintRequest)
    add("POST", f"{one}/move", move, Audience.CONSOLE, roles=OFFICE, schema=service.MoveRequest)
    add("POST", f"{one}/unit", pass_on, Audience.CONSOLE, roles=OFFICE, schema=service.PassOnRequest)


def list_complaints(call: Call) -> dict[str, Any]:
    """List the complaints, with the choices that a new one has."""
    profile, rules = call.settings.sla_profile, complaint_rules()
    items = call.read(lambda s: service.list_rows(s, call.actor.branch_id, profile, call.now_ms))
    return {"items": items, "kinds": list(rules.kinds), "units": list(rules.units)}


def take(call: Call) -> tuple[dict[str, Any], int]:
    """Open a complaint."""
    settings = call.settings
    found = call.write(lambda tx: service.open_complaint(tx, call.body, settings.sla_profile, settings.time_zone))
    return _told(found), 201


def move(call: Call, complaint_id: str) -> dict[str, Any]:
    """Move a complaint."""
    return _told(call.write(lambda tx: service.move(tx, complaint_id, call.body, call.settings.sla_profile)))


def pass_on(call: Call, complaint_id: str) -> dict[str, Any]:
    """Let another unit answer."""
    return _told(call.write(lambda tx: service.pass_on(tx, complaint_id, call.body)))


def _told(found: Complaint) -> dict[str, Any]:
    keys = ("id", "ver", "number", "state", "severity", "suggested", "unit", "passed_on", "rounds")
    return {key: getattr(found, key) for key in keys}
