"""Owes a customer a message when a plan moves his promise, and takes it back when the plan keeps it again (DI-06)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

import msgspec

from server.core.unit_of_work import Tx
from server.notices import repository
from server.notices.models import CustomerNotice
from server.notices.repository import OPEN, TOLD, WITHDRAWN
from server.work_orders.models import WorkOrder
from shared import events
from shared.errors import DomainError

_LONGEST_NOTE = 500


class ToldRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the customer said when he was told."""

    note: str = ""


@dataclasses.dataclass(frozen=True)
class Cause:
    """Why a plan changed: ``emergency``, ``replan``, ``given`` or ``order``, and the order that made it so."""

    kind: str
    work_order_id: str = ""


@dataclasses.dataclass(frozen=True)
class Patience:
    """How far a told time may move before it is told again (s), and how long before its end a window needs somebody."""

    told_tolerance_s: int
    tell_lead_s: int


@dataclasses.dataclass(frozen=True)
class NewPlan:
    """What a plan that is stored in this transaction does to orders: planned starts (ms), and who fell out of it."""

    starts_ms: Mapping[str, int]
    dropped: frozenset[str]
    cause: Cause
    patience: Patience


def judge_promises(tx: Tx, orders: Iterable[WorkOrder], plan: NewPlan) -> None:
    """Compare each promised order with its planned start and owe, change or withdraw the message to its customer."""
    promised = [order for order in orders if order.window_start_ms is not None and order.window_end_ms is not None]
    known = repository.list_of_orders(tx.session, tx.branch_id, [order.id for order in promised])
    for order in promised:
        _judge(tx, order, known.get(order.id, []), plan)


def owe_return(tx: Tx, order: WorkOrder, start_ms: int, cause: Cause, told_tolerance_s: int) -> None:
    """Owe the customer of a job that was left a word about when (ms) it goes on, anew when that moves (DI-06)."""
    known, blur_ms = (
        repository.list_of_orders(tx.session, tx.branch_id, [order.id]).get(order.id, []),
        told_tolerance_s * 1000,
    )
    last = known[-1] if known else None
    if last is not None and last.state != WITHDRAWN and not _differs(last.start_ms, start_ms, blur_ms):
        return
    if last is not None and last.state == OPEN:
        last.start_ms, last.changed_ms = start_ms, tx.now_ms
        _record_owed(tx, last)
        return
    promise = None if order.window_start_ms is not None else (tx.now_ms, tx.now_ms)
    _owe(tx, order, promise, start_ms, cause)


def tell(tx: Tx, notice_id: str, request: ToldRequest) -> None:
    """Tick a message off: the customer was told. Raises `not_found`, `notice_over`, `text_too_long`."""
    row = repository.get_notice(tx.session, tx.branch_id, notice_id)
    if row.state != OPEN:
        raise DomainError("notice_over")
    if len(request.note) > _LONGEST_NOTE:
        raise DomainError("text_too_long")
    _end(tx, row, TOLD)
    row.note = request.note
    data = {"notice_id": row.id, "start_ms": row.start_ms, "note": row.note}
    tx.record(events.CUSTOMER_TOLD, data, work_order_id=row.work_order_id)


def take_back(tx: Tx, work_order_id: str) -> None:
    """Withdraw what is still to be told about an order: it was reached, or it has ended."""
    for row in repository.list_of_orders(tx.session, tx.branch_id, [work_order_id]).get(work_order_id, []):
        if row.state == OPEN:
            _withdraw(tx, row)


def _judge(tx: Tx, order: WorkOrder, known: list[CustomerNotice], plan: NewPlan) -> None:
    waiting = next((row for row in known if row.state == OPEN), None)
    start_ms = plan.starts_ms.get(order.id)
    if start_ms is None and waiting is None and not (order.id in plan.dropped or _is_near(tx, order, plan.patience)):
        return
    blur_ms = plan.patience.told_tolerance_s * 1000
    promise = _promise(order, [row for row in known if row.state == TOLD], blur_ms)
    if _is_kept(promise, start_ms):
        if waiting is not None:
            _withdraw(tx, waiting)
    elif waiting is None:
        _owe(tx, order, promise, start_ms, plan.cause)
    elif _differs(waiting.start_ms, start_ms, blur_ms):
        waiting.start_ms, waiting.changed_ms = start_ms, tx.now_ms
        _record_owed(tx, waiting)


def _promise(order: WorkOrder, told: list[CustomerNotice], blur_ms: int) -> tuple[int, int] | None:
    """Return what the customer counts on: what he was told last, else his window; None when told that nobody comes."""
    if not told:
        return order.window_start_ms or 0, order.window_end_ms or 0
    start_ms = told[-1].start_ms
    return None if start_ms is None else (start_ms - blur_ms, start_ms + blur_ms)


def _is_kept(promise: tuple[int, int] | None, start_ms: int | None) -> bool:
    if promise is None or start_ms is None:
        return promise is None and start_ms is None
    return promise[0] <= start_ms <= promise[1]


def _is_near(tx: Tx, order: WorkOrder, patience: Patience) -> bool:
    # Nobody has it: that is the customer's business only when there is little time left to find somebody.
    return (order.window_end_ms or 0) - tx.now_ms <= patience.tell_lead_s * 1000


def _differs(was_ms: int | None, now_ms: int | None, blur_ms: int) -> bool:
    if was_ms is None or now_ms is None:
        return was_ms is not now_ms
    return abs(was_ms - now_ms) >= blur_ms


def _owe(tx: Tx, order: WorkOrder, promise: tuple[int, int] | None, start_ms: int | None, cause: Cause) -> None:
    window = promise or (order.window_start_ms or 0, order.window_end_ms or 0)
    row = CustomerNotice(
        id=tx.new_id(),
        branch_id=tx.branch_id,
        work_order_id=order.id,
        cause=cause.kind,
        cause_order_id=cause.work_order_id,
        promised_from_ms=window[0],
        promised_to_ms=window[1],
        start_ms=start_ms,
        created_ms=tx.now_ms,
        changed_ms=tx.now_ms,
        channel="desk",
        state=OPEN,
        ended_by="",
        note="",
    )
    tx.session.add(row)
    _record_owed(tx, row)


def _record_owed(tx: Tx, row: CustomerNotice) -> None:
    data = {
        "notice_id": row.id,
        "promised_from_ms": row.promised_from_ms,
        "promised_to_ms": row.promised_to_ms,
        "start_ms": row.start_ms,
        "cause": row.cause,
        "cause_order_id": row.cause_order_id,
    }
    tx.record(events.CUSTOMER_NOTICE_OWED, data, work_order_id=row.work_order_id)


def _withdraw(tx: Tx, row: CustomerNotice) -> None:
    _end(tx, row, WITHDRAWN)
    tx.record(events.CUSTOMER_NOTICE_WITHDRAWN, {"notice_id": row.id}, work_order_id=row.work_order_id)


def _end(tx: Tx, row: CustomerNotice, state: str) -> None:
    row.state, row.ended_ms, row.ended_by, row.changed_ms = state, tx.now_ms, tx.actor.id, tx.now_ms
