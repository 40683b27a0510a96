"""Queries of the positions slice."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from server.positions.models import PositionPoint, PositionView

_LOOKED_BACK: Final = 50


def find_point(session: orm.Session, technician_id: str, at_ms: int) -> PositionPoint | None:
    """Return the point of one moment."""
    return session.get(PositionPoint, (technician_id, at_ms))


def find_before(session: orm.Session, technician_id: str, at_ms: int) -> PositionPoint | None:
    """Return the last believed point before a moment."""
    own = sa.select(PositionPoint).where(PositionPoint.technician_id == technician_id, PositionPoint.at_ms < at_ms)
    recent = orm.aliased(PositionPoint, own.order_by(PositionPoint.at_ms.desc()).limit(_LOOKED_BACK).subquery())
    # The database looks them through: making fifty objects to use one is what a second of many phones would cost.
    believed = sa.select(recent).where(recent.flags == []).order_by(recent.at_ms.desc()).limit(1)
    return session.scalar(believed)


def list_trace(
    session: orm.Session, branch_id: str, technician_id: str, from_ms: int, until_ms: int
) -> list[PositionPoint]:
    """Return a technician's points between two moments, oldest first."""
    query = sa.select(PositionPoint).where(
        PositionPoint.branch_id == branch_id,
        PositionPoint.technician_id == technician_id,
        PositionPoint.at_ms >= from_ms,
        PositionPoint.at_ms < until_ms,
    )
    return list(session.scalars(query.order_by(PositionPoint.at_ms)))


def count_points(session: orm.Session, branch_id: str) -> int:
    """Return how many points are kept."""
    query = sa.select(sa.func.count()).select_from(PositionPoint).where(PositionPoint.branch_id == branch_id)
    return session.scalar(query) or 0


def drop_before(session: orm.Session, branch_id: str, at_ms: int) -> None:
    """Delete the points before a moment."""
    session.execute(sa.delete(PositionPoint).where(PositionPoint.branch_id == branch_id, PositionPoint.at_ms < at_ms))


def list_views(session: orm.Session, technician_id: str, limit: int) -> list[PositionView]:
    """Return who looked at a technician's trace, newest first."""
    query = sa.select(PositionView).where(PositionView.technician_id == technician_id)
    return list(session.scalars(query.order_by(PositionView.at_ms.desc(), PositionView.id.desc()).limit(limit)))
