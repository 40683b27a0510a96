"""The page of hazard notices (隐患整改通知书): what is open, until when, what follows; the check, the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import request
from werkzeug.wrappers import Response

from server.core import pages
from server.core.registry import DESK, OFFICE, Audience, Registry
from server.hazards import rows, service
from server.work_orders.service import Desk
from shared.errors import DomainError

if TYPE_CHECKING:
    from server.core.calls import Call
    from server.core.unit_of_work import Tx

_PAGE: Final = "/hazards"


def register(registry: Registry) -> None:
    """Declare the slice's pages."""
    add, console = registry.add, Audience.CONSOLE
    add("GET", _PAGE, show, console, roles=OFFICE)
    add("POST", f"{_PAGE}/recheck", recheck, console, roles=DESK, limit="60/minute")
    add("POST", f"{_PAGE}/settle", settle, console, roles=DESK, limit="60/minute")


def show(call: Call) -> Response:
    """Show the open notices, what is due first in front."""
    return _page(call, "", 200)


def recheck(call: Call) -> Response:
    """Open the order of the check."""
    notice_id, settings = request.form.get("notice_id", ""), call.settings
    desk = Desk(sla_profile=settings.sla_profile, time_zone=settings.time_zone, jurisdiction=settings.jurisdiction)
    return _do(call, lambda tx: service.order_recheck(tx, notice_id, desk))


def settle(call: Call) -> Response:
    """Close a notice: somebody saw that all of it is put right, and says who and what."""
    notice_id, note = request.form.get("notice_id", ""), request.form.get("note", "").strip()

    def work(tx: Tx) -> None:
        if not note:
            raise DomainError("words_missing")
        service.settle(tx, notice_id, service.SettleRequest(note=note))

    return _do(call, work)


def _do(call: Call, work: Any) -> Response:
    return pages.carry_out(call, work, _PAGE, lambda error, status: _page(call, error, status))


def _page(call: Call, error: str, status: int) -> Response:
    branch_id, zone = call.actor.branch_id, call.settings.time_zone
    notices = call.read(lambda s: rows.list_open_notices(s, branch_id, call.language, zone))
    late = sum(1 for notice in notices if notice["due_ms"] is not None and notice["due_ms"] < call.now_ms)
    may_decide = call.actor.role in DESK
    return pages.render(call, "hazards.html", error, status, notices=notices, late=late, may_decide=may_decide)
