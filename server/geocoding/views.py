"""HTTP of the remote address search: a question, and its answer when it has come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.core.registry import OFFICE, Audience, Registry
from server.geocoding import service

if TYPE_CHECKING:
    from server.core.calls import Call


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    add = registry.add
    path = "/api/v1/intake/lookups"
    add("POST", path, ask, Audience.CONSOLE, roles=OFFICE, schema=service.LookupRequest, limit="60/minute")
    add("GET", f"{path}/<lookup_id>", show, Audience.CONSOLE, roles=OFFICE)


def ask(call: Call) -> tuple[dict[str, Any], int]:
    """Hand a question to the worker."""
    return {"lookup_id": call.write(lambda tx: service.want(tx, call.body)).id}, 202


def show(call: Call, lookup_id: str) -> dict[str, Any]:
    """Show a question with its answer so far."""
    return call.read(lambda s: service.get_lookup(s, call.actor.branch_id, lookup_id))
