"""HTTP of the customer archive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.core.registry import OFFICE, Audience, Registry
from server.customers import repository

if TYPE_CHECKING:
    from server.core.calls import Call

_LIMIT = 20


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    registry.add("GET", "/api/v1/customers", search_customers, Audience.CONSOLE, roles=OFFICE)


def search_customers(call: Call) -> dict[str, Any]:
    """Find callers by phone, account, meter number, name or address."""
    query = call.query.get("query", "").strip()[:80]
    found = call.read(lambda session: repository.search(session, call.actor.branch_id, query, _LIMIT)) if query else []
    keys = ("id", "name", "phone", "account", "address", "lat", "lon", "is_vulnerable")
    return {"items": [{key: getattr(customer, key) for key in keys} for customer in found]}
