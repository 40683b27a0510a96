"""Queries of the outages slice; branch scope is applied here."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import orm

from server.outages.models import Area
from shared.errors import DomainError


def get_area(session: orm.Session, branch_id: str, area_id: str) -> Area:
    """Return an area of the branch, locked. Raises DomainError `not_found`."""
    area = session.get(Area, area_id, with_for_update=True)
    if area is None or area.branch_id != branch_id:
        raise DomainError("not_found", what="area")
    return area


def list_standing(session: orm.Session, branch_id: str, now_ms: int) -> list[Area]:
    """Return the areas that have not ended and whose time is not over, the newest first."""
    still = sa.or_(Area.until_ms.is_(None), Area.until_ms > now_ms)
    query = sa.select(Area).where(Area.branch_id == branch_id, Area.ended_ms.is_(None), still)
    return list(session.scalars(query.order_by(Area.changed_ms.desc(), Area.id)))
