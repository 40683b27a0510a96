"""Queries of the slice."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import orm

from server.remote_signing.models import RemoteSigning

OPEN = "open"


def list_of_order(session: orm.Session, work_order_id: str) -> list[RemoteSigning]:
    """List all that was sent for signing of an order, newest first."""
    query = sa.select(RemoteSigning).where(RemoteSigning.work_order_id == work_order_id)
    return list(session.scalars(query.order_by(RemoteSigning.made_ms.desc(), RemoteSigning.id.desc())))


def find_newest(session: orm.Session, work_order_id: str) -> RemoteSigning | None:
    """Return the newest record that was sent for signing, whatever became of it."""
    rows = list_of_order(session, work_order_id)
    return rows[0] if rows else None


def find_open(session: orm.Session, work_order_id: str, now_ms: int) -> RemoteSigning | None:
    """Return the record that the customer of an order can sign now."""
    row = find_newest(session, work_order_id)
    return row if row is not None and row.state == OPEN and now_ms < row.expires_ms else None


def list_open(session: orm.Session, branch_id: str, now_ms: int) -> list[RemoteSigning]:
    """List what customers of a branch can sign now, oldest first: the desk tells each his code."""
    query = sa.select(RemoteSigning).where(
        RemoteSigning.branch_id == branch_id, RemoteSigning.state == OPEN, RemoteSigning.expires_ms > now_ms
    )
    return list(session.scalars(query.order_by(RemoteSigning.made_ms, RemoteSigning.id)))


def lock_newest(session: orm.Session, branch_id: str, work_order_id: str) -> RemoteSigning | None:
    """Return the newest record of an order of the branch, and keep it from other transactions."""
    row = find_newest(session, work_order_id)
    if row is None or row.branch_id != branch_id:
        return None
    return session.get(RemoteSigning, row.id, with_for_update=True, populate_existing=True)
