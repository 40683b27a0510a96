"""Queries of the hazards slice; branch scope is applied here."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy import orm

from server.hazards.models import HazardNotice, LeakGrade
from server.work_orders.models import WorkOrder
from shared.errors import DomainError

OPEN = "open"


class OpenNotice(NamedTuple):
    """An open notice with the home that it is about, and the visit that found it."""

    assignment_id: str
    items: list[dict[str, Any]]
    address: str
    customer_id: str | None


# Made once: phones ask it with every change of a job.
_OPEN_AT: Final = (
    sa.select(HazardNotice.assignment_id, HazardNotice.items, WorkOrder.address, WorkOrder.customer_id)
    .join(WorkOrder, WorkOrder.id == HazardNotice.work_order_id)
    .where(HazardNotice.branch_id == sa.bindparam("branch_id"), HazardNotice.state == OPEN)
    .where(
        sa.or_(
            WorkOrder.address.in_(sa.bindparam("addresses", expanding=True)),
            WorkOrder.customer_id.in_(sa.bindparam("customers", expanding=True)),
        )
    )
    .order_by(HazardNotice.issued_ms, HazardNotice.id)
)


def find_open_of_visit(session: orm.Session, assignment_id: str) -> HazardNotice | None:
    """Return the open notice of a visit."""
    query = sa.select(HazardNotice).where(HazardNotice.assignment_id == assignment_id, HazardNotice.state == OPEN)
    return session.scalars(query.limit(1)).first()


def list_of_order(session: orm.Session, work_order_id: str) -> list[HazardNotice]:
    """Return an order's notices, oldest first."""
    query = sa.select(HazardNotice).where(HazardNotice.work_order_id == work_order_id)
    return list(session.scalars(query.order_by(HazardNotice.issued_ms, HazardNotice.id)))


def get_notice(session: orm.Session, branch_id: str, notice_id: str) -> HazardNotice:
    """Return a notice of the branch. Raises DomainError `not_found`."""
    found = session.get(HazardNotice, notice_id)
    if found is None or found.branch_id != branch_id:
        raise DomainError("not_found", what="hazard_notice")
    return found


def list_open(session: orm.Session, branch_id: str) -> list[HazardNotice]:
    """Return the branch's open notices, oldest first."""
    query = sa.select(HazardNotice).where(HazardNotice.branch_id == branch_id, HazardNotice.state == OPEN)
    return list(session.scalars(query.order_by(HazardNotice.issued_ms, HazardNotice.id)))


def list_open_at(
    session: orm.Session, branch_id: str, addresses: Collection[str], customer_ids: Collection[str]
) -> list[OpenNotice]:
    """Return the branch's open notices about homes at some addresses or of some customers, oldest first."""
    asked = {"branch_id": branch_id, "addresses": sorted(addresses), "customers": sorted(customer_ids)}
    return [OpenNotice(*row) for row in session.execute(_OPEN_AT, asked)]


def list_grades(session: orm.Session, branch_id: str, work_order_id: str) -> list[LeakGrade]:
    """Return the gradings of a leak, oldest first."""
    query = sa.select(LeakGrade).where(LeakGrade.branch_id == branch_id, LeakGrade.work_order_id == work_order_id)
    return list(session.scalars(query.order_by(LeakGrade.graded_ms, LeakGrade.id)))
