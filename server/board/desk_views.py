"""HTTP of the board's own commands: put a stop on a day, lock it, change a promise, promise an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.board.commanding import interrupt, run_command
from server.core.registry import DESK, OFFICE, Audience, Registry
from server.core.unit_of_work import Tx
from server.dispatch import locks
from server.dispatch import service as dispatch
from server.promises import service as promises

if TYPE_CHECKING:
    from server.core.calls import Call


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    add = registry.add
    order = "/api/v1/work-orders/<work_order_id>"
    reply = f"{order}/replies/<promise_id>"
    add("POST", f"{order}/place", place, Audience.CONSOLE, roles=DESK, schema=locks.PlaceRequest)
    add("POST", f"{order}/lock", lock, Audience.CONSOLE, roles=DESK, schema=locks.LockRequest)
    add("POST", f"{order}/window", change_window, Audience.CONSOLE, roles=DESK, schema=promises.WindowRequest)
    add("POST", f"{order}/replies", promise_reply, Audience.CONSOLE, roles=OFFICE, schema=promises.ReplyRequest)
    add("POST", f"{reply}/change", change_reply, Audience.CONSOLE, roles=OFFICE, schema=promises.ChangeRequest)
    add("POST", f"{reply}/keep", keep_reply, Audience.CONSOLE, roles=OFFICE)


def place(call: Call, work_order_id: str) -> dict[str, Any]:
    """Put an order on a technician's day."""
    profile = call.settings.sla_profile
    return interrupt(call, work_order_id, lambda tx: locks.place(tx, work_order_id, call.body, profile))


def lock(call: Call, work_order_id: str) -> dict[str, Any]:
    """Lock a stop with its technician, or give it back to the planner."""
    return run_command(call, work_order_id, lambda tx: locks.set_lock(tx, work_order_id, call.body))


def change_window(call: Call, work_order_id: str) -> dict[str, Any]:
    """Agree on another time window with the customer."""

    def work(tx: Tx) -> None:
        promises.change_window(tx, work_order_id, call.body, call.settings.sla_profile)
        dispatch.request_replan(tx, dispatch.GIVEN)

    return run_command(call, work_order_id, work)


def promise_reply(call: Call, work_order_id: str) -> dict[str, Any]:
    """Promise the caller an answer by a time."""
    return {"promise_id": call.write(lambda tx: promises.promise_reply(tx, work_order_id, call.body))}


def change_reply(call: Call, work_order_id: str, promise_id: str) -> dict[str, Any]:
    """Move a promised answer, with reason and telling."""
    call.write(lambda tx: promises.change_reply(tx, work_order_id, promise_id, call.body))
    return {"ok": True}


def keep_reply(call: Call, work_order_id: str, promise_id: str) -> dict[str, Any]:
    """Note that the customer has his answer."""
    call.write(lambda tx: promises.keep_reply(tx, work_order_id, promise_id))
    return {"ok": True}
