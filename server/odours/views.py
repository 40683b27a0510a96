"""HTTP of the joined odour reports."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from server.core.registry import OFFICE, Audience, Registry
from server.odours import service

if TYPE_CHECKING:
    from server.core.calls import Call


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    add = registry.add
    add("GET", "/api/v1/odours", list_clusters, Audience.CONSOLE, roles=OFFICE)
    add("POST", "/api/v1/intake/nearby", look_near, Audience.CONSOLE, roles=OFFICE, schema=service.Known)
    add("POST", "/api/v1/work-orders/<work_order_id>/calls", call_again, Audience.CONSOLE, roles=OFFICE,
        schema=service.RepeatRequest)  # fmt: skip


def list_clusters(call: Call) -> dict[str, Any]:
    """List what may be a leak of the network."""
    found = call.read(lambda s: service.list_clusters(s, call.actor.branch_id, call.now_ms))
    return {"items": [dataclasses.asdict(one) for one in found]}


def look_near(call: Call) -> dict[str, Any]:
    """Tell the agent while the caller speaks: orders of the same home, odours near by (beyond 6)."""
    branch_id, known, now_ms = call.actor.branch_id, call.body, call.now_ms
    return {
        "same_home": call.read(lambda s: service.list_duplicates(s, branch_id, known, now_ms)),
        "odours": call.read(lambda s: service.near_by(s, branch_id, known, now_ms)),
    }


def call_again(call: Call, work_order_id: str) -> dict[str, Any]:
    """Add a second call to an order."""
    call.write(lambda tx: service.call_again(tx, work_order_id, call.body))
    return {"work_order_id": work_order_id}
