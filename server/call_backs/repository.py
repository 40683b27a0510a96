"""Queries of the call_backs slice."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import orm

from server.call_backs.models import CallBack
from shared.errors import DomainError


def find_open_of_order(session: orm.Session, work_order_id: str) -> CallBack | None:
    """Return the call that is still to make about an order."""
    query = sa.select(CallBack).where(CallBack.work_order_id == work_order_id, CallBack.made_ms.is_(None))
    return session.scalars(query.limit(1)).first()


def get_call_back(session: orm.Session, branch_id: str, call_back_id: str) -> CallBack:
    """Return a call-back of the branch, locked. Raises DomainError `not_found`."""
    found = session.get(CallBack, call_back_id, with_for_update=True)
    if found is None or found.branch_id != branch_id:
        raise DomainError("not_found", what="call_back")
    return found


def list_open(session: orm.Session, branch_id: str) -> list[CallBack]:
    """Return the calls still to make, the most pressing first."""
    query = sa.select(CallBack).where(CallBack.branch_id == branch_id, CallBack.made_ms.is_(None))
    return list(session.scalars(query.order_by(CallBack.due_ms)))


def count(session: orm.Session, branch_id: str) -> int:
    """Return how many call-backs the branch has scheduled."""
    return session.scalar(sa.select(sa.func.count()).select_from(CallBack).where(CallBack.branch_id == branch_id)) or 0
