"""HTTP for the desk: which records wait for a customer's signature, and the code that the desk tells him."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.core.registry import OFFICE, Audience, Registry
from server.public import links
from server.remote_signing import repository
from shared import service_record

if TYPE_CHECKING:
    from server.core.calls import Call
    from server.remote_signing.models import RemoteSigning


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    registry.add("GET", "/api/v1/remote-signings", list_open, Audience.CONSOLE, roles=OFFICE)


def list_open(call: Call) -> dict[str, Any]:
    """List open signings with link and code: whoever reads the code to the customer is not the technician."""
    now_ms, secret = call.services.uow.clock.now_ms(), call.services.settings.secret_key
    rows = call.read(lambda s: [_row(row, secret) for row in repository.list_open(s, call.actor.branch_id, now_ms)])
    return {"items": rows}


def _row(row: RemoteSigning, secret_key: str) -> dict[str, Any]:
    return {
        "work_order_id": row.work_order_id,
        "link": f"{links.path(secret_key, row.work_order_id)}/sign",
        "code": row.code,
        "view_code": service_record.view_code(row.record_json),
        "made_ms": row.made_ms,
        "expires_ms": row.expires_ms,
        "tries": row.tries,
    }
