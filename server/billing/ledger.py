"""The money page's figures: cash by technician, today's receipts, prices and claims that wait, hand-ins lately."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any, Final

from sqlalchemy import orm

from server.accounts import service as accounts
from server.billing import cash, pricing, repository
from server.billing.models import CashHandIn, DamageClaim, FieldPayment, PriceApproval
from server.work_orders import repository as work_orders

Row = dict[str, Any]
_HAND_INS: Final = 20


def read(session: orm.Session, branch_id: str, now_ms: int, zone: str) -> Row:
    """Return all that the page shows; amounts in fen, times Unix ms."""
    today = dt.datetime.fromtimestamp(now_ms / 1000, zoneinfo.ZoneInfo(zone)).date().isoformat()
    payments = repository.list_payments_of_day(session, branch_id, today)
    data = {
        "held": cash.list_held(repository.list_open_cash(session, branch_id), now_ms),
        "receipts": [_receipt(row) for row in payments],
        "total_cents": sum(row.amount_cents for row in payments),
        "approvals": [_approval(row) for row in repository.list_asked(session, branch_id)],
        "damages": [_damage(row) for row in repository.list_open_damages(session, branch_id)],
        "hand_ins": [_hand_in(row) for row in repository.list_hand_ins(session, branch_id, _HAND_INS)],
    }
    return {**data, "names": _names(session, data), "numbers": _numbers(session, branch_id, data)}


def _receipt(row: FieldPayment) -> Row:
    keys = ("technician_id", "work_order_id", "amount_cents", "method", "receipt", "taken_ms")
    return {**{key: getattr(row, key) for key in keys}, "is_handed_in": row.hand_in_id is not None}


def _approval(row: PriceApproval) -> Row:
    keys = ("id", "work_order_id", "asked_by", "asked_ms", "total_cents", "reason")
    known = pricing.find_list(row.list_ref)
    lines = [_line(line, known.find_amount(str(line["code"])) if known else None) for line in row.lines]
    return {**{key: getattr(row, key) for key in keys}, "lines": lines}


def _line(line: Row, list_cents: int | None) -> Row:
    more = (line["unit_cents"] - list_cents) * line["quantity"] if list_cents is not None else None
    return {**line, "list_cents": list_cents, "more_cents": more}


def _damage(row: DamageClaim) -> Row:
    keys = ("id", "work_order_id", "technician_id", "item", "value_cents", "paid_cents", "photo", "note", "claimed_ms")
    return {key: getattr(row, key) for key in keys}


def _hand_in(row: CashHandIn) -> Row:
    keys = ("technician_id", "counted_cents", "expected_cents", "received_by", "received_ms", "is_late", "note")
    return {key: getattr(row, key) for key in keys}


def _names(session: orm.Session, data: Row) -> dict[str, str]:
    rows = [row for part in ("held", "receipts", "approvals", "damages", "hand_ins") for row in data[part]]
    ids = {row[key] for row in rows for key in ("technician_id", "asked_by", "received_by") if key in row}
    return accounts.list_names(session, ids)


def _numbers(session: orm.Session, branch_id: str, data: Row) -> dict[str, str]:
    rows = [row for part in ("receipts", "approvals", "damages") for row in data[part]]
    rows += [payment for row in data["held"] for payment in row["payments"]]
    found = {i: work_orders.find_order(session, branch_id, i) for i in {row["work_order_id"] for row in rows}}
    return {i: order.number for i, order in found.items() if order is not None}
