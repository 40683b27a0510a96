"""HTTP of the vans' stock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.core.registry import OFFICE, Audience, Registry
from server.stock import repository, service
from server.stock.models import VanStock

if TYPE_CHECKING:
    from server.core.calls import Call


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    van = "/api/v1/vans/<technician_id>/stock"
    registry.add("GET", van, list_stock, Audience.CONSOLE, roles=OFFICE)
    registry.add("POST", van, load_van, Audience.CONSOLE, roles=OFFICE, schema=service.LoadRequest)
    registry.add("GET", "/api/v1/stock-moves", list_moves, Audience.CONSOLE, roles=OFFICE)


def list_stock(call: Call, technician_id: str) -> dict[str, Any]:
    """Return what a van holds."""
    rows = call.read(lambda s: [_row(r) for r in repository.list_van(s, call.actor.branch_id, technician_id)])
    return {"items": rows}


def load_van(call: Call, technician_id: str) -> dict[str, Any]:
    """Move pieces into or out of a van."""
    return call.write(lambda tx: _row(service.load_van(tx, technician_id, call.body)))


def list_moves(call: Call) -> dict[str, Any]:
    """Return where the pieces of `part` and `lot` went, oldest movement first."""
    part, lot = call.query.get("part", ""), call.query.get("lot", "")

    def work(session: Any) -> list[dict[str, Any]]:
        return [
            {
                "technician_id": row.technician_id,
                "work_order_id": row.work_order_id,
                "quantity": row.quantity,
                "reason": row.reason,
                "moved_ms": row.moved_ms,
            }
            for row in repository.list_moves(session, call.actor.branch_id, part, lot)
        ]

    return {"items": call.read(work)}


def _row(row: VanStock) -> dict[str, Any]:
    return {"part": row.part, "lot": row.lot, "quantity": row.quantity}
