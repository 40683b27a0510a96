"""HTTP of the live board: reading it, and the dispatcher's commands. Each command names the version it was given on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import orm

from routing import explain, urgent
from server.board import changes, detail, explaining, plan, rows
from server.board.commanding import interrupt, run_command
from server.board.rows import Scene
from server.core.registry import DESK, OFFICE, Audience, Registry
from server.core.unit_of_work import Tx
from server.dispatch import problem
from server.dispatch import service as dispatch
from server.dispatch.travel.desk import Patience
from server.work_orders import repository as work_orders
from server.work_orders import service as work_order_service
from shared.errors import DomainError
from shared.machine import Role

if TYPE_CHECKING:
    from server.core.calls import Call


_INTERRUPTING: Final = frozenset({"cancel", "hold"})


class AssignRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The dispatcher's choice of a technician."""

    ver: int
    technician_id: str


class CommandRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command with its reason, on a version of the order."""

    ver: int
    reason: str = ""


class DuplicateRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The order repeats another one: `of` is the order that stays open."""

    ver: int
    of: str
    reason: str = ""


def register(registry: Registry) -> None:
    """Declare the slice's routes."""
    add = registry.add
    order = "/api/v1/work-orders/<work_order_id>"
    add("GET", "/api/v1/board", get_board, Audience.CONSOLE, roles=OFFICE)
    add("GET", "/api/v1/board/changes", get_changes, Audience.CONSOLE, roles=OFFICE)
    add("GET", order, get_order, Audience.CONSOLE, roles=OFFICE)
    add("GET", f"{order}/candidates", list_candidates, Audience.CONSOLE, roles=OFFICE)
    add("POST", f"{order}/assign", assign, Audience.CONSOLE, roles=DESK, schema=AssignRequest)
    add("POST", f"{order}/recall", recall, Audience.CONSOLE, roles=DESK, schema=CommandRequest)
    add("POST", f"{order}/duplicate", mark_duplicate, Audience.CONSOLE, roles=DESK, schema=DuplicateRequest)
    for name in ("hold", "release", "cancel", "reopen"):
        add("POST", f"{order}/{name}", _mover(name), Audience.CONSOLE, roles=DESK, schema=CommandRequest)


def get_board(call: Call) -> dict[str, Any]:
    """Return the live board."""

    def work(session: orm.Session) -> dict[str, Any]:
        branch_id = call.actor.branch_id
        whole = rows.board(session, branch_id, call.now_ms, call.settings.sla_profile)
        return {**whole, "plan": plan.plan_line(session, branch_id)}

    return call.read(work)


def get_changes(call: Call) -> dict[str, Any]:
    """Return what changed after a cursor."""
    try:
        after = int(call.query.get("after", "0"))
    except ValueError as error:
        raise DomainError("invalid_request", reason="after") from error
    profile = call.settings.sla_profile
    return call.read(lambda s: changes.list_changes(s, call.actor.branch_id, after, call.now_ms, profile))


def get_order(call: Call, work_order_id: str) -> dict[str, Any]:
    """Return one order in full."""
    settings = call.settings
    return call.read(
        lambda s: detail.order_detail(
            s, call.actor.branch_id, work_order_id, call.now_ms, settings.sla_profile, settings.time_zone
        )
    )


def list_candidates(call: Call, work_order_id: str) -> dict[str, Any]:
    """Rank everybody who could go, with arrival, cost, moved stops, or the reason against."""

    def work(session: orm.Session) -> dict[str, Any]:
        branch_id = call.actor.branch_id
        order = work_orders.get_order(session, branch_id, work_order_id)
        profile, now_ms = call.settings.sla_profile, call.now_ms
        snapshot = problem.take_snapshot(session, branch_id, now_ms, profile, Patience.SEARCH, lifted=order.id)
        if order.id not in {job.id for job in snapshot.problem.jobs}:
            raise DomainError("no_candidate", state=order.state)
        scene = Scene(session, branch_id, call.now_ms, call.settings.sla_profile)
        ranked = urgent.rank_candidates(
            explain.release(snapshot.problem, order.id), snapshot.plan, order.id, snapshot.travel
        )
        items = [explaining.candidate_row(scene, rank, c) for rank, c in enumerate(ranked, start=1)]
        return {"items": items, "travel_quality": snapshot.travel.quality}

    return call.read(work)


def assign(call: Call, work_order_id: str) -> dict[str, Any]:
    """Offer an order to a chosen technician."""
    body, profile = call.body, call.settings.sla_profile
    return interrupt(
        call, work_order_id, lambda tx: dispatch.assign(tx, work_order_id, body.ver, body.technician_id, profile)
    )


def recall(call: Call, work_order_id: str) -> dict[str, Any]:
    """Take an order back."""
    body, profile = call.body, call.settings.sla_profile
    return interrupt(call, work_order_id, lambda tx: dispatch.recall(tx, work_order_id, body.ver, body.reason, profile))


def mark_duplicate(call: Call, work_order_id: str) -> dict[str, Any]:
    """Let another open order stand for this one; a leak only repeats a leak that is still open."""
    body, profile = call.body, call.settings.sla_profile

    def work(tx: Tx) -> None:
        order = work_orders.lock_order(tx.session, tx.branch_id, work_order_id)
        work_order_service.check_version(order, body.ver)
        original = work_orders.get_order(tx.session, tx.branch_id, body.of)
        data = {"original": original.id, "number": original.number}
        work_order_service.move(
            tx,
            order,
            "mark_duplicate",
            Role.DISPATCHER,
            profile,
            reason=body.reason,
            original=original,
            data=data,
        )

    return interrupt(call, work_order_id, work)


def _mover(name: str) -> Any:
    def view(call: Call, work_order_id: str) -> dict[str, Any]:
        run = interrupt if name in _INTERRUPTING else run_command
        return run(call, work_order_id, lambda tx: _move(tx, call, work_order_id, name))

    view.__name__ = name
    return view


def _move(tx: Tx, call: Call, work_order_id: str, command: str) -> None:
    order = work_orders.lock_order(tx.session, tx.branch_id, work_order_id)
    work_order_service.check_version(order, call.body.ver)
    work_order_service.move(tx, order, command, Role.DISPATCHER, call.settings.sla_profile, reason=call.body.reason)
