"""Promises to customers (IN-13, IN-14): given with a time, changed only with reason and telling, kept or broken."""

from __future__ import annotations

import datetime as dt
import functools
import tomllib
from typing import Annotated, Any, Final

import msgspec
from sqlalchemy import orm

from server.core import deadlines, texts
from server.core.unit_of_work import Tx
from server.promises import repository
from server.promises.models import PromiseChange, ReplyPromise
from server.work_orders import repository as work_orders
from server.work_orders import service as work_order_service
from server.work_orders.models import WorkOrder
from shared import events, sla
from shared.errors import DomainError

REPLY_DUE: Final = "reply_due"
KIND: Final = "reply_by"
_FILE: Final = "promises-2026.toml"
Moment = Annotated[int, msgspec.Meta(ge=0, le=4_102_444_800_000)]
Words = Annotated[str, msgspec.Meta(max_length=200)]


class PromiseRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One edition of the company's rules on promised answers."""

    edition: str
    effective_from: dt.date
    warn_before_s: int
    told_by: tuple[str, ...]


class ReplyRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An answer promised to the caller: about what, by when (Unix ms)."""

    subject: Words
    due_ms: Moment


class ChangeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A promise that has to change: until when now, why, and how the customer was told."""

    due_ms: Moment
    reason: Words = ""
    told: str = ""


class WindowRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another time window for a visit, on a version of the order, with reason and telling."""

    ver: int
    start_ms: Moment
    end_ms: Moment
    reason: Words = ""
    told: str = ""


@functools.cache
def promise_rules() -> PromiseRules:
    """Return the rules in force."""
    return msgspec.convert(tomllib.loads(texts.read_data(_FILE).decode()), PromiseRules)


def promise_reply(tx: Tx, work_order_id: str, body: ReplyRequest) -> str:
    """Promise an answer; its owner is warned before it lapses. Raises DomainError `promise_in_the_past`."""
    order = work_orders.lock_order(tx.session, tx.branch_id, work_order_id)
    if body.due_ms <= tx.now_ms or not body.subject.strip():
        raise DomainError("promise_in_the_past")
    row = ReplyPromise(
        id=tx.new_id(),
        branch_id=tx.branch_id,
        work_order_id=order.id,
        subject=body.subject.strip(),
        due_ms=body.due_ms,
        made_ms=tx.now_ms,
        made_by=tx.actor.id,
    )
    tx.session.add(row)
    tx.record(events.PROMISE_MADE, {"subject": row.subject, "due_ms": row.due_ms}, work_order_id=order.id)
    _watch(tx, row)
    return row.id


def change_reply(tx: Tx, work_order_id: str, promise_id: str, body: ChangeRequest) -> None:
    """Move a promised answer. Raises DomainError `promise_changed_silently`, `promise_over`, `promise_in_the_past`."""
    order, row = _get(tx, work_order_id, promise_id)
    _check_told(body.reason, body.told)
    if body.due_ms <= tx.now_ms:
        raise DomainError("promise_in_the_past")
    old, row.due_ms = row.due_ms, body.due_ms
    _note(tx, order, body.reason, body.told, (None, old), (None, body.due_ms), row.id)
    _watch(tx, row)


def keep_reply(tx: Tx, work_order_id: str, promise_id: str) -> None:
    """The customer has his answer. Raises DomainError `promise_over`."""
    order, row = _get(tx, work_order_id, promise_id)
    row.kept_ms, row.kept_by = tx.now_ms, tx.actor.id
    deadlines.cancel(tx, REPLY_DUE, row.id)
    order.flags = [flag for flag in order.flags if flag not in {"reply_due_soon", "reply_overdue"}]
    tx.record(events.PROMISE_KEPT, {"subject": row.subject, "due_ms": row.due_ms}, work_order_id=order.id)


def change_window(tx: Tx, work_order_id: str, body: WindowRequest, profile: str) -> None:
    """Agree on another time window (DI-06). Raises `version_conflict`, `window_reversed`, `promise_over`."""
    order = work_orders.lock_order(tx.session, tx.branch_id, work_order_id)
    work_order_service.check_version(order, body.ver)
    if body.end_ms <= body.start_ms:
        raise DomainError("window_reversed")
    if body.end_ms <= tx.now_ms:
        raise DomainError("promise_in_the_past")
    if order.arrived_ms is not None or order.closed_ms is not None:
        raise DomainError("promise_over")
    _check_told(body.reason, body.told)
    old = (order.window_start_ms, order.window_end_ms)
    order.window_start_ms, order.window_end_ms = body.start_ms, body.end_ms
    _note(tx, order, body.reason, body.told, old, (body.start_ms, body.end_ms))
    work_order_service.note_on_clocks(tx, order, "change_promise", body.reason, profile)


def look_at_reply(tx: Tx, promise_id: str) -> None:
    """Warn before a promised answer lapses, and write down that it has."""
    row = tx.session.get(ReplyPromise, promise_id)
    if row is None or row.kept_ms is not None:
        return
    order = work_orders.lock_order(tx.session, tx.branch_id, row.work_order_id)
    if row.due_ms > tx.now_ms:
        work_order_service.flag(tx, order, "reply_due_soon", subject=row.subject)
        deadlines.schedule(tx, REPLY_DUE, row.id, row.due_ms + 1, {"promise_id": row.id})
        return
    work_order_service.flag(tx, order, "reply_overdue", subject=row.subject)
    tx.record(events.CLOCK_BREACHED, {"kind": KIND, "due_ms": row.due_ms}, work_order_id=order.id)


def list_clocks(session: orm.Session, order: WorkOrder, now_ms: int) -> list[tuple[ReplyPromise, sla.ClockState]]:
    """Return the order's promised answers as clocks: the same clock, the same history, computed from the rows."""
    changes = repository.list_changes(session, order.id)
    rows = repository.list_replies(session, order.id)
    return [(row, _clock(row, [c for c in changes if c.reply_id == row.id], now_ms)) for row in rows]


def change_row(change: PromiseChange, names: dict[str, str]) -> dict[str, Any]:
    """Return a change as it is shown: old, new, reason, who told, when, how."""
    keys = ("reply_id", "old_from_ms", "old_due_ms", "new_from_ms", "new_due_ms", "reason", "told", "told_ms")
    by = names.get(change.told_by, change.told_by)
    return {**{key: getattr(change, key) for key in keys}, "told_by": by}


def _clock(row: ReplyPromise, changes: list[PromiseChange], now_ms: int) -> sla.ClockState:
    told = [sla.ClockEvent(at_ms=c.told_ms, name="change_promise", by=c.told_by, reason=c.reason) for c in changes]
    if row.kept_ms is not None:
        told.append(sla.ClockEvent(at_ms=row.kept_ms, name="keep_promise", by=row.kept_by))
    return sla.clock(sla.promise_spec(KIND, row.made_ms, row.due_ms), told, now_ms)


def _check_told(reason: str, told: str) -> None:
    if not reason.strip() or told not in promise_rules().told_by:
        raise DomainError("promise_changed_silently")


def _get(tx: Tx, work_order_id: str, promise_id: str) -> tuple[WorkOrder, ReplyPromise]:
    order = work_orders.lock_order(tx.session, tx.branch_id, work_order_id)
    row = tx.session.get(ReplyPromise, promise_id)
    if row is None or row.work_order_id != order.id:
        raise DomainError("not_found", what="promise")
    if row.kept_ms is not None:
        raise DomainError("promise_over")
    return order, row


def _note(
    tx: Tx,
    order: WorkOrder,
    reason: str,
    told: str,
    old: tuple[int | None, int | None],
    new: tuple[int | None, int],
    reply_id: str | None = None,
) -> None:
    row = PromiseChange(
        id=tx.new_id(),
        branch_id=tx.branch_id,
        work_order_id=order.id,
        reply_id=reply_id,
        old_from_ms=old[0],
        old_due_ms=old[1],
        new_from_ms=new[0],
        new_due_ms=new[1],
        reason=reason.strip(),
        told=told,
        told_by=tx.actor.id,
        told_ms=tx.now_ms,
    )
    tx.session.add(row)
    data = {"old_due_ms": old[1], "due_ms": new[1], "why": row.reason, "told": told}
    tx.record(events.PROMISE_CHANGED, data, work_order_id=order.id, technicians=(order.technician_id,))


def _watch(tx: Tx, row: ReplyPromise) -> None:
    warn_ms = max(tx.now_ms, row.due_ms - promise_rules().warn_before_s * 1000)
    deadlines.schedule(tx, REPLY_DUE, row.id, warn_ms, {"promise_id": row.id})
