"""HTTP of hazard notices and leak grades."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import orm

from server.core.registry import DESK, OFFICE, Audience, Registry
from server.hazards import repository, service
from server.hazards.models import HazardNotice

if TYPE_CHECKING:
    from server.core.calls import Call


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    add = registry.add
    add("GET", "/api/v1/hazard-notices", list_notices, Audience.CONSOLE, roles=OFFICE)
    add("GET", "/api/v1/work-orders/<work_order_id>/hazards", list_of_order, Audience.CONSOLE, roles=OFFICE)
    add(
        "POST",
        "/api/v1/hazard-notices/<notice_id>/settle",
        settle,
        Audience.CONSOLE,
        roles=DESK,
        schema=service.SettleRequest,
    )


def list_notices(call: Call) -> dict[str, Any]:
    """List the open notices of the branch, oldest first."""
    rows = call.read(lambda s: [_row(n, call.language) for n in repository.list_open(s, call.actor.branch_id)])
    return {"items": rows}


def list_of_order(call: Call, work_order_id: str) -> dict[str, Any]:
    """Return an order's notices and the history of its grades."""

    def work(session: orm.Session) -> dict[str, Any]:
        branch_id = call.actor.branch_id
        notices = [n for n in repository.list_of_order(session, work_order_id) if n.branch_id == branch_id]
        grades = repository.list_grades(session, branch_id, work_order_id)
        return {
            "notices": [_row(notice, call.language) for notice in notices],
            "grades": [
                {
                    "grade": g.grade,
                    "reason": g.reason,
                    "technician_id": g.technician_id,
                    "graded_ms": g.graded_ms,
                    "is_counted": g.is_counted,
                }
                for g in grades
            ],
        }

    return call.read(work)


def settle(call: Call, notice_id: str) -> dict[str, Any]:
    """Settle a notice."""
    return call.write(lambda tx: _row(service.settle(tx, notice_id, call.body), call.language))


def _row(notice: HazardNotice, language: str) -> dict[str, Any]:
    return {
        "id": notice.id,
        "number": notice.number,
        "work_order_id": notice.work_order_id,
        "level": notice.level,
        "state": notice.state,
        "issued_ms": notice.issued_ms,
        "served_ms": notice.served_ms,
        "settled_ms": notice.settled_ms,
        "items": notice.items,
        "follow_ups": notice.follow_ups,
        "lines": service.list_lines(notice, language),
    }
