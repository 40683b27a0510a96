"""HTTP of bulk actions: one command on many orders, each for itself, each with its own answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec

from routing import explain, urgent
from server.board.commanding import order_row
from server.core import errors
from server.core.registry import DESK, Audience, Registry
from server.core.unit_of_work import Tx
from server.dispatch import locks, problem
from server.dispatch import service as dispatch
from server.dispatch.travel.desk import Patience
from server.promises import service as promises
from server.sync import conflicts
from server.work_orders import repository as work_orders
from server.work_orders import service as work_order_service
from shared.errors import DomainError
from shared.machine import Role

if TYPE_CHECKING:
    from server.core.calls import Call


_INTERRUPTING: Final = frozenset({"cancel", "hold", "assign_best"})


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One order and the version on the dispatcher's screen."""

    id: Annotated[str, msgspec.Meta(max_length=36)]
    ver: int


class BulkRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One command for many orders; which of the other fields count is the command's."""

    command: Literal["cancel", "hold", "release", "assign_best", "priority", "window", "lock", "unlock"]
    items: Annotated[tuple[Item, ...], msgspec.Meta(min_length=1, max_length=100)]
    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""
    told: str = ""
    priority: Annotated[int, msgspec.Meta(ge=2, le=4)] = 4
    start_ms: locks.Moment = 0
    end_ms: locks.Moment = 0


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    add = registry.add
    add("POST", "/api/v1/work-orders/bulk", run, Audience.CONSOLE, roles=DESK, schema=BulkRequest, limit="60/minute")


def run(call: Call) -> dict[str, Any]:
    """Carry a command out on each order in its own transaction; answer per order what became of it."""
    return {"items": [_one(call, item) for item in call.body.items]}


def _one(call: Call, item: Item) -> dict[str, Any]:
    try:
        call.write(lambda tx: _run(tx, item, call.body, call.settings.sla_profile))
        return {"id": item.id, "ok": True, "order": order_row(call, item.id)}
    except DomainError as refused:
        refusal = errors.payload_of(refused)
        return {
            "id": item.id,
            "ok": False,
            "code": refusal["code"],
            "text": refusal["text"],
            "order": _find(call, item),
        }


def _run(tx: Tx, item: Item, body: BulkRequest, profile: str) -> None:
    """Carry one out; an order whose customer is just signing is left to a command of its own, which asks twice."""
    if body.command in _INTERRUPTING:
        conflicts.ask_before_interrupting(tx, item.id, is_sure=False)
    _COMMANDS[body.command](tx, item, body, profile)


def _find(call: Call, item: Item) -> dict[str, Any] | None:
    known = call.read(lambda s: work_orders.find_order(s, call.actor.branch_id, item.id))
    return order_row(call, item.id) if known is not None else None


def _move(tx: Tx, item: Item, body: BulkRequest, profile: str) -> None:
    order = work_orders.lock_order(tx.session, tx.branch_id, item.id)
    work_order_service.check_version(order, item.ver)
    work_order_service.move(tx, order, body.command, Role.DISPATCHER, profile, reason=body.reason)


def _assign_best(tx: Tx, item: Item, _body: BulkRequest, profile: str) -> None:
    """Offer an order to whoever is best for it as things stand. Raises DomainError `no_candidate`."""
    order = work_orders.lock_order(tx.session, tx.branch_id, item.id)
    work_order_service.check_version(order, item.ver)
    snapshot = problem.take_snapshot(tx.session, tx.branch_id, tx.now_ms, profile, Patience.NONE, lifted=order.id)
    if order.id not in {job.id for job in snapshot.problem.jobs}:
        raise DomainError("no_candidate", state=order.state)
    freed = explain.release(snapshot.problem, order.id)
    ranked = urgent.rank_candidates(freed, snapshot.plan, order.id, snapshot.travel)
    best = next((one for one in ranked if one.reason is None), None)
    if best is None:
        raise DomainError("no_candidate", state=order.state)
    dispatch.assign(tx, order.id, item.ver, best.technician_id, profile)


def _prioritise(tx: Tx, item: Item, body: BulkRequest, profile: str) -> None:
    order = work_orders.lock_order(tx.session, tx.branch_id, item.id)
    work_order_service.check_version(order, item.ver)
    if order.closed_ms is not None:
        raise DomainError("promise_over")
    work_order_service.change_priority(tx, order, body.priority, body.reason, profile)
    dispatch.request_replan(tx, dispatch.GIVEN)


def _agree(tx: Tx, item: Item, body: BulkRequest, profile: str) -> None:
    asked = promises.WindowRequest(item.ver, body.start_ms, body.end_ms, body.reason, body.told)
    promises.change_window(tx, item.id, asked, profile)
    dispatch.request_replan(tx, dispatch.GIVEN)


def _lock(tx: Tx, item: Item, body: BulkRequest, _profile: str) -> None:
    locks.set_lock(tx, item.id, locks.LockRequest(item.ver, is_locked=body.command == "lock"))


_COMMANDS: dict[str, Callable[[Tx, Item, BulkRequest, str], None]] = {
    **dict.fromkeys(("cancel", "hold", "release"), _move),
    "assign_best": _assign_best,
    "priority": _prioritise,
    "window": _agree,
    **dict.fromkeys(("lock", "unlock"), _lock),
}
