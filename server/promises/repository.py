"""Queries of the promises slice."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import orm

from server.promises.models import PromiseChange, ReplyPromise


def list_replies(session: orm.Session, work_order_id: str) -> list[ReplyPromise]:
    """Return the answers promised about an order."""
    query = sa.select(ReplyPromise).where(ReplyPromise.work_order_id == work_order_id)
    return list(session.scalars(query.order_by(ReplyPromise.id)))


def list_changes(session: orm.Session, work_order_id: str) -> list[PromiseChange]:
    """Return every change of an order's promises, oldest first."""
    query = sa.select(PromiseChange).where(PromiseChange.work_order_id == work_order_id)
    return list(session.scalars(query.order_by(PromiseChange.told_ms, PromiseChange.id)))
