"""What is known to be dangerous at a job's home: findings of earlier visits that nobody has put right yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeVar

from sqlalchemy import orm

from server.core import policies
from server.hazards import repository as hazards
from server.hazards.repository import OpenNotice
from server.sync.repository import Held
from server.work_orders.models import WorkOrder
from shared.hazards import KnownHazard

K = TypeVar("K")

_MOST: Final = 8
_SHORTEST_ADDRESS: Final = 4  # what stands for an unknown address names no home


def add(session: orm.Session, branch_id: str, held: Mapping[K, Held]) -> dict[K, Held]:
    """Return the jobs with the hazards of their homes, the worst first; the notices of all are read at once."""
    orders = [one.order for one in held.values() if one.assignment is not None]
    if not orders:
        return dict(held)
    addresses = {order.address for order in orders if _is_home(order.address)}
    customers = {order.customer_id for order in orders if order.customer_id}
    notices = hazards.list_open_at(session, branch_id, addresses, customers)
    return {key: one._replace(hazards=_codes(one, notices)) for key, one in held.items()} if notices else dict(held)


def _codes(one: Held, notices: list[OpenNotice]) -> tuple[str, ...]:
    ranks = {known.code: known.rank for known in policies.hazard_rules().hazard}
    worst = max(ranks.values(), default=0)
    found = [item for notice in notices if _is_there(one, notice) for item in _list_items(notice)]
    found.sort(key=lambda item: ranks.get(str(item["hazard"]), worst))
    told = [KnownHazard(item["hazard"], item["protocol"], item["step"], item["told"]).to_code() for item in found]
    return tuple(dict.fromkeys(told))[:_MOST]


def _is_there(one: Held, notice: OpenNotice) -> bool:
    """Tell whether a notice is about the order's home; what he has found himself on this visit he knows."""
    order: WorkOrder = one.order
    is_same = _is_home(order.address) and order.address == notice.address
    is_customers = bool(order.customer_id) and order.customer_id == notice.customer_id
    is_own = one.assignment is not None and one.assignment.id == notice.assignment_id
    return (is_same or is_customers) and not is_own


def _list_items(notice: OpenNotice) -> Iterator[dict[str, Any]]:
    return (item for item in notice.items if item["cleared_ms"] is None)


def _is_home(address: str) -> bool:
    return len(address) >= _SHORTEST_ADDRESS
