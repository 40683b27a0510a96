"""Pages of a signed record and its copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response

from server.core.registry import OFFICE, Audience, Registry
from server.visits import copies, repository
from shared.errors import DomainError

if TYPE_CHECKING:
    from server.core.calls import Call


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    registry.add("GET", "/records/<work_order_id>", show_record, Audience.CONSOLE, roles=OFFICE)
    registry.add("GET", "/copies/<work_order_id>", show_copy, Audience.CONSOLE, roles=OFFICE)


def show_record(call: Call, work_order_id: str) -> Response:
    """Show the record as it was signed."""
    record = call.read(lambda s: repository.get_record(s, call.actor.branch_id, work_order_id))
    papers = f"/work-orders/{record.work_order_id}/papers"
    return Response(copies.render(record, papers), content_type="text/html; charset=utf-8")


def show_copy(call: Call, work_order_id: str) -> Response:
    """Show the customer's copy, the bytes that were issued."""

    def work(session: Any) -> str:
        copy = repository.find_copy(session, work_order_id)
        if copy is None or copy.branch_id != call.actor.branch_id:
            raise DomainError("not_found", what="copy")
        return copy.html

    return Response(call.read(work), content_type="text/html; charset=utf-8")
