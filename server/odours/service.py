"""Shows the desk what belongs together: clusters of odour reports, orders of the same home; nobody is ever demoted."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from sqlalchemy import orm

from server.core.unit_of_work import Tx
from server.odours import clusters
from server.odours.clusters import Cluster, Report
from server.odours.rules import OdourRules, odour_rules
from server.work_orders import joining
from server.work_orders import repository as work_orders
from server.work_orders import service as work_order_service
from server.work_orders.models import WorkOrder
from server.work_orders.odour_rings import Ring
from shared import events
from shared.errors import DomainError
from shared.work_order import OPEN_STATES, WorkOrderState

REPEAT_FLAG: Final = "repeat_caller"
_HOUR_MS: Final = 3_600_000
_LONGEST_NOTE: Final = 1000


class RepeatRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody says who calls again about an order."""

    note: str = ""


class Known(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the agent knows of the caller so far; empty where it is not known."""

    customer_id: str = ""
    phone: str = ""
    address: str = ""
    lat: float | None = None
    lon: float | None = None


def list_clusters(session: orm.Session, branch_id: str, now_ms: int) -> list[Cluster]:
    """Return the clusters among the last hours' odour reports, ended ones included: the cause may still be there."""
    ring = _ring()
    found = work_orders.list_leaks_since(session, branch_id, now_ms - ring.within_s * 1000)
    reports = [one for one in map(_report, found) if one is not None]
    return clusters.find_clusters(reports, ring, odour_rules().least_reports)


def _ring() -> Ring:
    """Return the ring in which reports raise each other: the same question, shown instead of acted on."""
    return next(ring for ring in joining.rules().ring if ring.raises)


def call_again(tx: Tx, work_order_id: str, request: RepeatRequest) -> None:
    """Add a second call to an open order. The order keeps its place: never demoted, never made twice.

    Raises `not_found`, `text_too_long`, `transition_not_allowed` when the order has ended.
    """
    order = work_orders.lock_order(tx.session, tx.branch_id, work_order_id)
    if len(request.note) > _LONGEST_NOTE:
        raise DomainError("text_too_long")
    if WorkOrderState(order.state) not in OPEN_STATES:
        raise DomainError("transition_not_allowed", state=order.state, command="call_again")
    work_order_service.flag(tx, order, REPEAT_FLAG)
    tx.record(events.CALLED_AGAIN, {"note": request.note}, work_order_id=order.id)


def list_duplicates(session: orm.Session, branch_id: str, known: Known, now_ms: int) -> list[dict[str, Any]]:
    """Return orders about the same home, open or lately ended: by customer, phone, address or place."""
    rules = odour_rules()
    since_ms = now_ms - int(rules.repeat_within_h * _HOUR_MS)
    rows = {o.id: o for o in work_orders.list_open(session, branch_id)}
    rows |= {o.id: o for o in work_orders.list_leaks_since(session, branch_id, since_ms)}
    hits = [(o, why) for o in rows.values() if (why := _same_home(o, known, rules))]
    return [_shown(o, why) for o, why in sorted(hits, key=lambda hit: -hit[0].opened_ms)]


def near_by(session: orm.Session, branch_id: str, known: Known, now_ms: int) -> list[dict[str, Any]]:
    """Return odour reports near a place in the last hours, nearest first, with metres."""
    if known.lat is None or known.lon is None:
        return []
    ring, here = _ring(), Report("", "", known.lat, known.lon, now_ms, "")
    found = []
    for order in work_orders.list_leaks_since(session, branch_id, now_ms - ring.within_s * 1000):
        report = _report(order)
        if report is not None and (metres := clusters.apart_m(here, report)) <= ring.radius_m:
            found.append({**_shown(order, "near"), "metres": round(metres)})
    return sorted(found, key=lambda one: int(one["metres"]))


def _same_home(order: WorkOrder, known: Known, rules: OdourRules) -> str:
    """Return why an order is about the same home, empty when it is not."""
    if known.customer_id and order.customer_id == known.customer_id:
        return "customer"
    if known.address and order.address.casefold() == known.address.casefold():
        return "address"
    if known.phone and order.caller_phone == known.phone:
        return "phone"
    report = _report(order)
    if known.lat is None or known.lon is None or report is None:
        return ""
    here = Report("", "", known.lat, known.lon, 0, "")
    return "place" if clusters.apart_m(here, report) <= rules.same_home_m else ""


def _report(order: WorkOrder) -> Report | None:
    if order.lat is None or order.lon is None:
        return None
    home = order.customer_id or order.address or order.caller_phone or order.id
    return Report(order.id, order.number, order.lat, order.lon, order.opened_ms, home)


def _shown(order: WorkOrder, why: str) -> dict[str, Any]:
    keys = ("id", "number", "state", "priority", "fault_kind", "is_leak", "address", "lat", "lon", "opened_ms")
    return {**{key: getattr(order, key) for key in keys}, "why": why}
