"""The page of messages that leave the house: to staff and customers; sent, waiting, given up; tried again by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import request
from werkzeug.wrappers import Response

from server.core import pages
from server.core.registry import DESK, Audience, Registry
from server.outgoing import repository, service
from server.outgoing.models import OutgoingMessage
from server.outgoing.rules import outgoing_rules

if TYPE_CHECKING:
    from server.core.calls import Call
    from server.core.unit_of_work import Tx

_PAGE: Final = "/messages"
_SHOWN: Final = 200
_SEEN_DIGITS: Final = 4


def register(registry: Registry) -> None:
    """Declare the slice's pages; recipients are colleagues' and customers' numbers, so agents do not read it."""
    registry.add("GET", _PAGE, show, Audience.CONSOLE, roles=DESK)
    registry.add("POST", f"{_PAGE}/retry", retry, Audience.CONSOLE, roles=DESK, limit="60/minute")


def show(call: Call) -> Response:
    """Show the newest messages, all or those of one state."""
    return _page(call, "", 200)


def retry(call: Call) -> Response:
    """Send a message once more."""
    message_id = request.form.get("message_id", "")

    def work(tx: Tx) -> None:
        service.try_again(tx, message_id)

    return pages.carry_out(call, work, _PAGE, lambda error, status: _page(call, error, status))


def _page(call: Call, error: str, status: int) -> Response:
    state = call.query.get("state", "")
    state = state if state in repository.STATES else ""
    branch_id = call.actor.branch_id

    def read(session: Any) -> dict[str, Any]:
        rows = repository.list_latest(session, branch_id, state, _SHOWN)
        return {"messages": [_row(row) for row in rows], "counts": repository.count_by_state(session, branch_id)}

    has_channel = bool(outgoing_rules().channel)
    data = {**call.read(read), "chosen": state, "states": repository.STATES, "has_channel": has_channel}
    return pages.render(call, "messages.html", error, status, **data)


def _row(row: OutgoingMessage) -> dict[str, Any]:
    keys = ("id", "channel", "audience", "number", "work_order_id", "text", "attempts", "error")
    times = ("made_real_ms", "due_real_ms", "sent_real_ms", "failed_real_ms")
    told = {key: getattr(row, key) for key in (*keys, *times)}
    return {**told, "state": service.state_of(row), "to": _masked(row.recipient)}


def _masked(recipient: str) -> str:
    """Return the last digits only: whoever is responsible recognises the number, nobody copies it (PR-01)."""
    return f"…{recipient[-_SEEN_DIGITS:]}" if recipient else ""
