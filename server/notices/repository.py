"""Queries of the notices slice; branch scope is applied here."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy import orm

from server.notices.models import CustomerNotice
from shared.errors import DomainError

OPEN, TOLD, WITHDRAWN = "open", "told", "withdrawn"


def get_notice(session: orm.Session, branch_id: str, notice_id: str) -> CustomerNotice:
    """Return a notice of the branch, locked. Raises DomainError `not_found`."""
    found = session.get(CustomerNotice, notice_id, with_for_update=True)
    if found is None or found.branch_id != branch_id:
        raise DomainError("not_found", what="notice")
    return found


def list_open(session: orm.Session, branch_id: str) -> list[CustomerNotice]:
    """Return the customers still to be told, the nearest promise first."""
    query = sa.select(CustomerNotice).where(CustomerNotice.branch_id == branch_id, CustomerNotice.state == OPEN)
    return list(session.scalars(query.order_by(CustomerNotice.promised_from_ms, CustomerNotice.id)))


def count_open(session: orm.Session, branch_id: str) -> int:
    """Return how many customers are still to be told."""
    query = sa.select(sa.func.count()).select_from(CustomerNotice)
    return session.scalar(query.where(CustomerNotice.branch_id == branch_id, CustomerNotice.state == OPEN)) or 0


def list_of_orders(
    session: orm.Session, branch_id: str, work_order_ids: Collection[str]
) -> dict[str, list[CustomerNotice]]:
    """Return the notices about some orders by order, oldest first."""
    query = sa.select(CustomerNotice).where(
        CustomerNotice.branch_id == branch_id, CustomerNotice.work_order_id.in_(work_order_ids)
    )
    found: dict[str, list[CustomerNotice]] = {}
    for row in session.scalars(query.order_by(CustomerNotice.created_ms, CustomerNotice.id)):
        found.setdefault(row.work_order_id, []).append(row)
    return found
