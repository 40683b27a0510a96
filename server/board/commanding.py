"""Runs the desk's commands: one answer with the order's new row, or what a colleague did to it meanwhile."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import orm

from server.accounts import repository as accounts
from server.board import detail, rows
from server.board.rows import Scene
from server.core import journal
from server.core.unit_of_work import Tx
from server.sync import conflicts
from server.work_orders import repository as work_orders
from shared.errors import DomainError

if TYPE_CHECKING:
    from server.core.calls import Call

_LAST_LINES: Final = 5


def interrupt(call: Call, work_order_id: str, work: Callable[[Tx], Any]) -> dict[str, Any]:
    """Run a command that takes an order away from where it is; raises `customer_signing` until it is said twice."""

    def guarded(tx: Tx) -> Any:
        conflicts.ask_before_interrupting(tx, work_order_id, is_sure=call.query.get("sure") == "1")
        return work(tx)

    return run_command(call, work_order_id, guarded)


def run_command(call: Call, work_order_id: str, work: Callable[[Tx], Any]) -> dict[str, Any]:
    """Return the order's row after a command. A `version_conflict` carries the newer row and what others did."""
    try:
        call.write(work)
    except DomainError as refused:
        if refused.code != "version_conflict":
            raise
        lines = call.read(lambda s: _done_by_others(s, call, work_order_id))
        raise DomainError("version_conflict", order=order_row(call, work_order_id), done=lines) from refused
    return {"order": order_row(call, work_order_id)}


def order_row(call: Call, work_order_id: str) -> dict[str, Any]:
    """Return the row of an order as the board shows it now. Raises DomainError `not_found`."""

    def work(session: orm.Session) -> dict[str, Any]:
        about = ((work_order_id,), ())
        scene = Scene(session, call.actor.branch_id, call.now_ms, call.settings.sla_profile, about)
        return rows.order_row(scene, work_orders.get_order(session, call.actor.branch_id, work_order_id))

    return call.read(work)


def _done_by_others(session: orm.Session, call: Call, work_order_id: str) -> list[dict[str, Any]]:
    """Return the newest lines of an order's history that the caller has not written himself, newest first."""
    events = [e for e in journal.list_history(session, work_order_id) if e.actor_id != call.actor.id][-_LAST_LINES:]
    people = {e.actor_id for e in events} | {str(e.data.get("technician_id", "")) for e in events}
    names, zone = accounts.list_names(session, people), zoneinfo.ZoneInfo(call.settings.time_zone)
    return [detail.history_line(event, names, zone) for event in reversed(events)]
