"""HTTP of the address search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from server.addresses import service
from server.core.registry import OFFICE, Audience, Registry

if TYPE_CHECKING:
    from server.core.calls import Call

_LIMIT = 8
_LONGEST = 120


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    registry.add("GET", "/api/v1/addresses", search_addresses, Audience.CONSOLE, roles=OFFICE)


def search_addresses(call: Call) -> dict[str, Any]:
    """Find places by what the caller says (IN-11); ``is_sure`` is false where the name had to be guessed."""
    text = call.query.get("query", "")[:_LONGEST]
    # On the readers' threads: the gateway's loop never waits for a file.
    hits = call.read(lambda _session: service.search(call.settings, call.actor.branch_id, text, _LIMIT))
    return {"items": [{**msgspec.to_builtins(hit), "is_sure": service.is_sure(hit)} for hit in hits]}
