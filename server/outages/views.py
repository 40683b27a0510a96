"""HTTP of the areas on the map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import orm

from server.core.registry import DESK, OFFICE, Audience, Registry
from server.outages import repository, service
from server.outages.models import Area
from shared import facts
from shared.errors import DomainError

if TYPE_CHECKING:
    from server.core.calls import Call


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    add = registry.add
    add("GET", "/api/v1/areas", list_areas, Audience.CONSOLE, roles=OFFICE)
    add("POST", "/api/v1/areas", draw, Audience.CONSOLE, roles=DESK, schema=service.AreaRequest)
    add("POST", "/api/v1/areas/<area_id>", change, Audience.CONSOLE, roles=DESK, schema=service.AreaRequest)
    add("POST", "/api/v1/areas/<area_id>/end", end, Audience.CONSOLE, roles=DESK)


def list_areas(call: Call) -> dict[str, Any]:
    """List the standing areas, or those at a place (``lat``, ``lon``)."""
    place = _place(call)

    def work(session: orm.Session) -> list[dict[str, Any]]:
        branch_id, now_ms = call.actor.branch_id, call.now_ms
        rows = (
            service.list_at(session, branch_id, *place, now_ms)
            if place
            else repository.list_standing(session, branch_id, now_ms)
        )
        return [{**_row(row), "customers": service.count_customers(session, row)} for row in rows]

    return {"items": call.read(work)}


def _place(call: Call) -> tuple[float, float] | None:
    if "lat" not in call.query and "lon" not in call.query:
        return None
    try:
        lat, lon = float(call.query["lat"]), float(call.query["lon"])
    except (KeyError, ValueError) as fault:
        raise DomainError("invalid_request", reason="lat, lon") from fault
    facts.check_place(lat, lon)
    return lat, lon


def draw(call: Call) -> tuple[dict[str, Any], int]:
    """Keep a new area."""
    return call.write(lambda tx: _row(service.draw(tx, call.body))), 201


def change(call: Call, area_id: str) -> dict[str, Any]:
    """Change an area."""
    return call.write(lambda tx: _row(service.change(tx, area_id, call.body)))


def end(call: Call, area_id: str) -> dict[str, Any]:
    """End an area."""
    call.write(lambda tx: service.end(tx, area_id))
    return {"ok": True}


def _row(area: Area) -> dict[str, Any]:
    keys = ("id", "ver", "kind", "name", "note", "ring", "from_ms", "until_ms", "changed_ms")
    return {key: getattr(area, key) for key in keys}
