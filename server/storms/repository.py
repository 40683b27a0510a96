"""Queries of the storms slice."""

from __future__ import annotations

from sqlalchemy import orm

from server.storms.models import Storm


def find_storm(session: orm.Session, branch_id: str, *, is_locked: bool = False) -> Storm | None:
    """Return the branch's storm."""
    return session.get(Storm, branch_id, with_for_update=True if is_locked else None)


def list_kept_free(session: orm.Session, branch_id: str) -> list[str]:
    """Return the technicians who take no ordinary work while the branch's storm lasts; none without a storm."""
    storm = find_storm(session, branch_id)
    return [] if storm is None else list(storm.kept_free)
