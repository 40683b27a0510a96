"""A customer to be told as the desk sees him: who, by which number, what was promised, what to say."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

from sqlalchemy import orm

from server.core import texts
from server.customers import repository as customers
from server.notices.models import CustomerNotice
from server.work_orders import repository as work_orders
from server.work_orders.models import WorkOrder

Row = dict[str, Any]


def notice_rows(session: orm.Session, branch_id: str, notices: list[CustomerNotice], time_zone: str) -> list[Row]:
    """Return notices for the console; the telephone is whole, for somebody has to call."""
    zone = zoneinfo.ZoneInfo(time_zone)
    orders = {n.work_order_id: work_orders.get_order(session, branch_id, n.work_order_id) for n in notices}
    return [_row(session, notice, orders[notice.work_order_id], zone) for notice in notices]


def _row(session: orm.Session, notice: CustomerNotice, order: WorkOrder, zone: zoneinfo.ZoneInfo) -> Row:
    found = customers.find_customer(session, order.branch_id, order.customer_id) if order.customer_id else None
    name = found.name if found else order.caller_name
    return {
        "id": notice.id,
        "work_order_id": order.id,
        "number": order.number,
        "fault_kind": order.fault_kind,
        "customer_name": name,
        "phone": order.caller_phone or (found.phone if found else ""),
        "is_vulnerable": bool(found and found.is_vulnerable),
        "address": order.address,
        "promised_from_ms": notice.promised_from_ms,
        "promised_to_ms": notice.promised_to_ms,
        "start_ms": notice.start_ms,
        "cause": notice.cause,
        "created_ms": notice.created_ms,
        "say": _say(notice, name, zone),
    }


def _say(notice: CustomerNotice, name: str, zone: zoneinfo.ZoneInfo) -> dict[str, str]:
    """Return the sentence to be read to the customer, in both languages."""
    code = "emergency" if notice.cause == "emergency" else "later"
    code = "nobody" if notice.start_ms is None else code
    words = {
        "start": _clock(notice.promised_from_ms, zone),
        "end": _clock(notice.promised_to_ms, zone),
        "arrival": _clock(notice.start_ms, zone),
    }
    t = texts.catalog().text
    names = {lang: name or t(lang, "notice.customer") for lang in texts.LANGUAGES}
    return {lang: t(lang, f"notice.say_{code}", name=names[lang], **words) for lang in texts.LANGUAGES}


def _clock(at_ms: int | None, zone: zoneinfo.ZoneInfo) -> str:
    return dt.datetime.fromtimestamp(at_ms / 1000, zone).strftime("%H:%M") if at_ms else "–"
