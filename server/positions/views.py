"""HTTP of traces: the desk looks by name, the technician reads who looked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from server.accounts import repository as accounts
from server.core.registry import DESK, Audience, Registry
from server.positions import repository, service

if TYPE_CHECKING:
    from server.core.calls import Call

_VIEWS_SHOWN: Final = 200
_LAST_MS: Final = 1 << 52


class TraceRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Between which moments, Unix milliseconds."""

    from_ms: Annotated[int, msgspec.Meta(ge=0, le=_LAST_MS)]
    until_ms: Annotated[int, msgspec.Meta(ge=0, le=_LAST_MS)]


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    rule = "/api/v1/technicians/<technician_id>/trace"
    registry.add("POST", rule, show_trace, Audience.CONSOLE, roles=DESK, schema=TraceRequest, limit="60/minute")
    registry.add("GET", "/api/v1/position-views", list_views, Audience.DEVICE, limit="60/minute")


def show_trace(call: Call, technician_id: str) -> dict[str, Any]:
    """Return a technician's points between two moments; looking is logged for him to read, hence no GET."""
    asked: TraceRequest = call.body
    name = call.read(lambda s: accounts.get_account(s, call.actor.id).name)
    points = call.write(lambda tx: service.show_trace(tx, technician_id, name, asked.from_ms, asked.until_ms))
    return {
        "technician_id": technician_id,
        "points": [{"at_ms": p.at_ms, "lat": p.lat, "lon": p.lon, "flags": p.flags} for p in points],
    }


def list_views(call: Call) -> dict[str, Any]:
    """Return who looked at the trace of the technician who asks, newest first."""
    views = call.read(lambda s: repository.list_views(s, call.actor.id, _VIEWS_SHOWN))
    return {
        "views": [
            {"viewer": v.viewer_name, "at_ms": v.at_ms, "from_ms": v.from_ms, "until_ms": v.until_ms} for v in views
        ]
    }
