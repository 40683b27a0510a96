"""Payments at the door and the day's cash: handed in by 17:00, counted by somebody else (WA-08)."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any, Final

import msgspec

from server.billing import repository
from server.billing.models import CashHandIn, FieldPayment
from server.core import deadlines, policies
from server.core.unit_of_work import Tx
from shared import door_facts, events, prices
from shared.door_facts import MOST_CENTS
from shared.errors import DomainError
from shared.fact_base import check_length
from shared.visit import VisitState

DUE: Final = "cash_due"


class HandInRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was counted, in fen; a difference needs words."""

    counted_cents: int
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse what nobody can have counted. Raises DomainError `payment_invalid`, `text_too_long`."""
        if not 0 <= self.counted_cents <= MOST_CENTS:
            raise DomainError("payment_invalid")
        check_length(self.note)


def record_payment(
    tx: Tx,
    event_id: str,
    work_order_id: str,
    technician_id: str,
    body: door_facts.PaymentTaken,
    at_ms: int,
    time_zone: str,
) -> tuple[str, ...]:
    """Keep a payment; cash is owed to the desk on the same day. A receipt's number stands for one payment only."""
    if repository.find_receipt(tx.session, tx.branch_id, body.receipt) is not None:
        return ("payment_not_agreed",)
    taken = dt.datetime.fromtimestamp(at_ms / 1000, zoneinfo.ZoneInfo(time_zone))
    row = FieldPayment(
        id=event_id,
        branch_id=tx.branch_id,
        work_order_id=work_order_id,
        technician_id=technician_id,
        amount_cents=body.amount_cents,
        method=body.method,
        receipt=body.receipt,
        taken_ms=at_ms,
        day=taken.date().isoformat(),
        due_ms=due_ms(taken),
    )
    tx.session.add(row)
    tx.session.flush()
    data = {"payment_id": row.id, "amount_cents": row.amount_cents, "method": row.method, "receipt": row.receipt}
    tx.record(events.PAYMENT_RECORDED, data, work_order_id=work_order_id)
    if row.method == repository.CASH:
        duty = {"technician_id": technician_id}
        deadlines.schedule(tx, DUE, f"{technician_id}:{row.due_ms}", max(row.due_ms, tx.now_ms) + 1, duty)
    return ()


def due_ms(taken: dt.datetime) -> int:
    """Return until when cash taken at a local moment is handed in (Unix ms)."""
    hours = policies.cash_hours()
    by = hours.hand_in_by if taken.time() <= hours.hand_in_by else hours.late_hand_in_by
    return int(dt.datetime.combine(taken.date(), by, taken.tzinfo).timestamp() * 1000)


def list_flags(tx: Tx, work_order_id: str, state: VisitState) -> tuple[str, ...]:
    """Return whether more was paid for an order than its customer agreed to."""
    paid = sum(row.amount_cents for row in repository.list_payments(tx.session, work_order_id))
    return ("payment_not_agreed",) if paid > prices.total(prices.list_agreed(state)) else ()


def note_overdue(tx: Tx, technician_id: str) -> None:
    """Tell people that a technician still holds cash whose time is over."""
    late = [row for row in repository.list_open_cash(tx.session, tx.branch_id, technician_id) if row.due_ms < tx.now_ms]
    if late:
        amount = sum(row.amount_cents for row in late)
        tx.record(events.CASH_OVERDUE, {"technician_id": technician_id, "amount_cents": amount})


def hand_in(tx: Tx, technician_id: str, request: HandInRequest) -> CashHandIn:
    """Receive all cash that a technician holds.

    Raises DomainError `cash_already_handed_in`, `collector_cannot_receive`, and `cash_counted_wrong` for a difference
    that nobody explains.
    """
    if tx.actor.id == technician_id:
        raise DomainError("collector_cannot_receive")
    held = repository.list_open_cash(tx.session, tx.branch_id, technician_id)
    if not held:
        raise DomainError("cash_already_handed_in")
    expected = sum(row.amount_cents for row in held)
    if request.counted_cents != expected and not request.note.strip():
        raise DomainError("cash_counted_wrong", counted=request.counted_cents, expected=expected)
    row = CashHandIn(
        id=tx.new_id(),
        branch_id=tx.branch_id,
        technician_id=technician_id,
        expected_cents=expected,
        counted_cents=request.counted_cents,
        received_by=tx.actor.id,
        received_ms=tx.now_ms,
        is_late=any(payment.due_ms < tx.now_ms for payment in held),
        note=request.note,
    )
    tx.session.add(row)
    for payment in held:
        payment.hand_in_id = row.id
    data = {"technician_id": technician_id, "expected_cents": expected, "counted_cents": row.counted_cents}
    tx.record(events.CASH_HANDED_IN, {**data, "is_late": row.is_late}, technicians=(technician_id,))
    return row


def list_held(payments: list[FieldPayment], now_ms: int) -> list[dict[str, Any]]:
    """Return open cash by technician as the console shows it: how much, which payments, until when, overdue or not."""
    by_technician: dict[str, list[FieldPayment]] = {}
    for row in payments:
        by_technician.setdefault(row.technician_id, []).append(row)
    return [
        {
            "technician_id": technician_id,
            "amount_cents": sum(row.amount_cents for row in rows),
            "due_ms": min(row.due_ms for row in rows),
            "is_overdue": min(row.due_ms for row in rows) < now_ms,
            "payments": [
                {
                    "id": row.id,
                    "work_order_id": row.work_order_id,
                    "amount_cents": row.amount_cents,
                    "receipt": row.receipt,
                    "taken_ms": row.taken_ms,
                    "day": row.day,
                }
                for row in rows
            ],
        }
        for technician_id, rows in sorted(by_technician.items())
    ]
