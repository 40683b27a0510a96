"""Queries of the people slice."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import orm

from server.people.models import QuarantineLook


def map_looks(session: orm.Session, branch_id: str) -> dict[str, QuarantineLook]:
    """Return who has looked at which fact of the branch's quarantine, by the fact's id."""
    query = sa.select(QuarantineLook).where(QuarantineLook.branch_id == branch_id)
    return {one.quarantine_id: one for one in session.scalars(query)}
