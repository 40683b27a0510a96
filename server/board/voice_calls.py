"""Whom to call by voice about a leak that nobody accepts: duty contacts, and technicians by distance (3.7, at 60 s)."""

from __future__ import annotations

import itertools
from typing import Any

from sqlalchemy import orm

from routing.problem import Place
from routing.travel import distances_m
from server.absences import repository as absences
from server.accounts import repository as accounts
from server.accounts.models import Technician
from server.dispatch import able
from server.dispatch import repository as dispatch
from server.escalation.rules import EscalationRules, escalation_rules
from server.work_orders.models import WorkOrder

Row = dict[str, Any]


def list_calls(session: orm.Session, order: WorkOrder, now_ms: int) -> list[Row]:
    """Return the nearest qualified technicians on duty, those off duty, and the branch's contacts, each with a number.

    Nobody who has declined it or is absent; who has no number on file is listed, so that the gap is seen.
    """
    rules = escalation_rules(now_ms)
    rows = sorted(_technicians(session, order, now_ms), key=lambda row: (row["away_m"], row["id"]))
    on_duty = [row for row in rows if row["is_on_duty"]][: rules.voice_technicians]
    off_duty = [row for row in rows if not row["is_on_duty"]][: rules.voice_technicians]
    return [*on_duty, *off_duty, *_contacts(rules, order.branch_id)]


def _technicians(session: orm.Session, order: WorkOrder, now_ms: int) -> list[Row]:
    branch_id = order.branch_id
    on_duty = {shift.technician_id for shift in accounts.list_shifts(session, branch_id, now_ms, now_ms + 1)}
    busy = {a.technician_id for a in dispatch.list_live(session, branch_id) if a.work_order_id != order.id}
    out = dispatch.list_declined(session, branch_id, {order.id}).get(order.id, set())
    out |= {row.technician_id for row in absences.list_standing(session, branch_id, now_ms) if row.from_ms <= now_ms}
    return [
        {
            "kind": "technician",
            "id": one.id,
            "name": one.name,
            "name_en": one.name_en,
            "telephone": one.telephone,
            "away_m": _away_m(one, order),
            "is_on_duty": one.id in on_duty,
            "is_busy": one.id in busy,
        }
        for one in accounts.list_technicians(session, branch_id)
        if one.id not in out and able.is_qualified(one, order, now_ms)
    ]


def _away_m(technician: Technician, order: WorkOrder) -> int:
    lat, lon = technician.lat or technician.home_lat, technician.lon or technician.home_lon
    there = Place(lat=order.lat or lat, lon=order.lon or lon)
    return round(float(distances_m([Place(lat=lat, lon=lon)], [there])[0][0]))


def _contacts(rules: EscalationRules, branch_id: str) -> list[Row]:
    kinds = itertools.chain.from_iterable(
        [one for one in rules.voice if one.kind == kind] for kind in ("supervisor", "duty", "neighbour")
    )
    return [
        {"kind": one.kind, "id": "", "name": one.name, "name_en": "", "telephone": one.telephone}
        for one in kinds
        if not one.branches or branch_id in one.branches
    ]
