"""Queries of the board's own tables."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import orm

from server.board.models import SavedView


def list_views(session: orm.Session, account_id: str) -> list[SavedView]:
    """Return somebody's saved views by name."""
    query = sa.select(SavedView).where(SavedView.account_id == account_id)
    return list(session.scalars(query.order_by(SavedView.name)))
