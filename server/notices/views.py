"""HTTP of the customers to be told: the list, and the tick of whoever told them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import orm

from server.core.registry import OFFICE, Audience, Registry
from server.notices import repository, rows, service

if TYPE_CHECKING:
    from server.core.calls import Call


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    told = "/api/v1/notices/<notice_id>/told"
    registry.add("GET", "/api/v1/notices", list_notices, Audience.CONSOLE, roles=OFFICE)
    registry.add("POST", told, tell, Audience.CONSOLE, roles=OFFICE, schema=service.ToldRequest)


def list_notices(call: Call) -> dict[str, Any]:
    """List the customers still to be told, with what to say."""

    def work(session: orm.Session) -> list[dict[str, Any]]:
        open_rows = repository.list_open(session, call.actor.branch_id)
        return rows.notice_rows(session, call.actor.branch_id, open_rows, call.settings.time_zone)

    return {"items": call.read(work), "at_ms": call.now_ms}


def tell(call: Call, notice_id: str) -> dict[str, Any]:
    """Tick a customer off."""
    call.write(lambda tx: service.tell(tx, notice_id, call.body))
    return {"ok": True}
