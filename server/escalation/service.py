"""Keeps the ladder of a leak without a person: starts it, moves it on, ends it when a human has the leak."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import orm

from server.core import deadlines
from server.core.unit_of_work import Tx
from server.escalation import repository
from server.escalation.models import Escalation
from server.escalation.rules import SIREN, Rung, ladder_of
from server.outgoing import service as outgoing
from server.work_orders.models import WorkOrder
from shared import events
from shared.errors import DomainError
from shared.work_order import WAITING_STATES, WorkOrderState

CLIMB: Final = "escalate"
TAKEN: Final = "taken"
ACCEPTED: Final = "accepted"
AT_DESK: Final = "at_desk"


def start(tx: Tx, order: WorkOrder, *, at_siren: bool = False, is_round: bool = False) -> None:
    """Let a leak climb from its first rung, or from the first siren; one that climbs already goes on as it is.

    One that a dispatcher has taken climbs again only with a new offering round (`is_round`).
    """
    row = repository.find_escalation(tx.session, order.id)
    if row is not None and (row.ended_ms is None or (row.end_reason == TAKEN and not is_round)):
        return
    if row is None:
        row = Escalation(work_order_id=order.id, branch_id=tx.branch_id, fence=0, step=0, started_ms=0, due_ms=0)
        tx.session.add(row)
    row.taken_ms, row.taken_by, row.ended_ms, row.end_reason, row.audited_ms = None, "", None, "", None
    row.siren_ms, row.started_ms = None, tx.now_ms
    ladder = ladder_of(tx.branch_id, row.started_ms)
    if at_siren:
        first = ladder.find_first_siren()
        row.started_ms -= ladder.due_ms(first, 0)
        row.siren_ms = tx.now_ms
        _set(tx, row, first + 1)
    else:
        _set(tx, row, 0)


def _set(tx: Tx, row: Escalation, step: int) -> None:
    ladder = ladder_of(row.branch_id, row.started_ms)
    row.step, row.fence = ladder.step_from(step, row.started_ms, tx.now_ms), row.fence + 1
    row.due_ms = ladder.due_ms(row.step, row.started_ms)
    tx.session.flush()
    data = {"work_order_id": row.work_order_id, "fence": row.fence}
    deadlines.schedule(tx, CLIMB, row.work_order_id, row.due_ms, data)


def find_due(tx: Tx, work_order_id: str, fence: int) -> tuple[Escalation, Rung] | None:
    """Return the row and the rung of a duty; None when somebody has carried it out or the leak has its person."""
    row = repository.find_escalation(tx.session, work_order_id)
    if row is None or row.ended_ms is not None or row.fence != fence:
        return None
    return row, ladder_of(row.branch_id, row.started_ms).rung(row.step)


def climb(tx: Tx, order: WorkOrder, row: Escalation, rung: Rung, asked: list[str], rung_ids: tuple[str, ...]) -> None:
    """Journal a rung that was carried out, tell whom it names, and set the next one.

    `asked` are the technicians asked by this rung, `rung_ids` those whose phones must ring.
    """
    told = tell(tx, order, rung.tell)
    is_siren = rung.action == SIREN
    data = {
        "step": rung.action,
        "rung": row.step,
        "asked": asked,
        "tell": list(rung.tell),
        "told": told,
        "due_ms": row.due_ms,
        "waited_s": (tx.now_ms - row.started_ms) // 1000,
    }
    tx.record(events.LEAK_UNACCEPTED, data, work_order_id=order.id, technicians=rung_ids)
    if is_siren and row.siren_ms is None:
        row.siren_ms = tx.now_ms
    _set(tx, row, row.step + 1)


def tell(tx: Tx, order: WorkOrder, audiences: tuple[str, ...], key: str = "leak_unaccepted") -> int:
    """Owe a message about a leak to some audiences; return how many were written down."""
    minutes = max(0, (tx.now_ms - order.opened_ms) // 60_000)
    return outgoing.owe(tx, audiences, key, order.id, number=order.number, minutes=minutes)


def end(tx: Tx, work_order_id: str, reason: str) -> None:
    """Let a leak climb no more: accepted, taken, or settled at the desk."""
    deadlines.cancel(tx, CLIMB, work_order_id)
    row = repository.find_escalation(tx.session, work_order_id)
    if row is not None and row.ended_ms is None:
        row.ended_ms, row.end_reason, row.fence = tx.now_ms, reason, row.fence + 1


def take(tx: Tx, order: WorkOrder, name: str) -> bool:
    """A dispatcher says "I take it": the siren ends everywhere, with his name; the first one counts.

    Return False when it was another who had taken it. Raises DomainError `leak_not_waiting`.
    """
    row = repository.find_escalation(tx.session, order.id)
    if row is None and WorkOrderState(order.state) in {*WAITING_STATES, WorkOrderState.NEW}:
        start(tx, order)  # a dispatcher who is faster than the worker
        row = repository.find_escalation(tx.session, order.id)
    if row is None or (row.ended_ms is not None and row.end_reason != TAKEN):
        raise DomainError("leak_not_waiting", number=order.number)
    if row.end_reason == TAKEN:
        return row.taken_by == tx.actor.id
    row.taken_ms, row.taken_by = tx.now_ms, tx.actor.id
    end(tx, order.id, TAKEN)
    waited_s = (tx.now_ms - row.started_ms) // 1000
    tx.record(events.LEAK_TAKEN, {"by": name, "waited_s": waited_s, "rung": row.step}, work_order_id=order.id)
    return True


def view(row: Escalation | None) -> dict[str, Any] | None:
    """Return a leak's ladder as the console shows it: the rung reached, who took it, if people are to be called."""
    if row is None:
        return None
    keys = ("step", "started_ms", "due_ms", "siren_ms", "taken_ms", "taken_by", "audited_ms")
    is_climbing = row.ended_ms is None
    is_late = row.audited_ms is not None or ladder_of(row.branch_id, row.started_ms).must_call(row.step)
    return {
        **{key: getattr(row, key) for key in keys},
        "is_climbing": is_climbing,
        "must_call": is_climbing and is_late,
    }


def views(session: orm.Session, branch_id: str) -> dict[str, dict[str, Any]]:
    """Return the ladders of a branch's leaks that climb or were taken, by work order."""
    found = repository.list_of_branch(session, branch_id)
    return {work_order_id: shown for work_order_id, row in found.items() if (shown := view(row)) is not None}
