"""Queries of the complaints slice."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import orm

from server.complaints.models import Complaint


def list_ranked(
    session: orm.Session, branch_id: str, open_states: tuple[str, ...], major: str, limit: int
) -> list[Complaint]:
    """Return the open complaints before the others, major ones first, the latest first."""
    ranked = (Complaint.state.in_(open_states).desc(), (Complaint.severity == major).desc(), Complaint.opened_ms.desc())
    query = sa.select(Complaint).where(Complaint.branch_id == branch_id).order_by(*ranked)
    return list(session.scalars(query.limit(limit)))
