"""Hazard notices as the office reads them: class, findings, until when, what follows, who was told in writing."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

from sqlalchemy import orm

from server.accounts import service as accounts
from server.core import policies
from server.hazards import repository, service
from server.hazards.models import HazardNotice
from server.work_orders import repository as work_orders
from server.work_orders.models import WorkOrder
from shared.errors import DomainError

Row = dict[str, Any]


def list_open_notices(session: orm.Session, branch_id: str, language: str, zone: str) -> list[Row]:
    """Return the branch's open notices, what is due first in front."""
    notices = repository.list_open(session, branch_id)
    rows = [_row(session, notice, language, zone) for notice in notices]
    return sorted(rows, key=lambda row: (row["due_ms"] is None, row["due_ms"] or 0, row["issued_ms"]))


def list_notices_of(session: orm.Session, branch_id: str, work_order_id: str, language: str, zone: str) -> list[Row]:
    """Return an order's notices, oldest first."""
    notices = [n for n in repository.list_of_order(session, work_order_id) if n.branch_id == branch_id]
    return [_row(session, notice, language, zone) for notice in notices]


def due_ms(notice: HazardNotice, zone: str) -> int | None:
    """Return the end of the last day on which the hazard is to be put right (Unix ms), None without a limit."""
    try:
        days = policies.hazard_rules().get_class(notice.level).within_days
    except DomainError:  # an edition that is gone knew this class; it has no term any more
        return None
    if days is None:
        return None
    here = zoneinfo.ZoneInfo(zone)
    first = dt.datetime.fromtimestamp(notice.issued_ms / 1000, here).date()
    after = dt.datetime.combine(first + dt.timedelta(days=days + 1), dt.time(), here)
    return round(after.timestamp() * 1000) - 1


def _row(session: orm.Session, notice: HazardNotice, language: str, zone: str) -> Row:
    order = work_orders.get_order(session, notice.branch_id, notice.work_order_id)
    keys = ("id", "number", "level", "state", "issued_ms", "served_ms", "settled_ms", "note", "work_order_id")
    follow_ups = [
        _follow_up(kind, work_orders.find_order(session, notice.branch_id, order_id))
        for kind, order_id in notice.follow_ups.items()
    ]
    return {
        **{key: getattr(notice, key) for key in keys},
        "order_number": order.number,
        "address": order.address,
        "technician": accounts.find_technician_name(session, notice.technician_id),
        "due_ms": due_ms(notice, zone),
        "lines": service.list_lines(notice, language),
        "follow_ups": [told for told in follow_ups if told],
    }


def _follow_up(kind: str, order: WorkOrder | None) -> Row | None:
    if order is None:
        return None
    return {"kind": kind.split("#", maxsplit=1)[0], "id": order.id, "number": order.number, "state": order.state}
