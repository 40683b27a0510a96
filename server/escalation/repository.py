"""Queries of the escalation slice; branch scope is applied here."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import orm

from server.escalation.models import Escalation


def find_escalation(session: orm.Session, work_order_id: str) -> Escalation | None:
    """Return a leak's row, locked; callers compare the branch."""
    return session.get(Escalation, work_order_id, with_for_update=True, populate_existing=True)


def list_of_branch(session: orm.Session, branch_id: str) -> dict[str, Escalation]:
    """Return the branch's rows that have not ended, or were taken by a person, by work order."""
    query = sa.select(Escalation).where(
        Escalation.branch_id == branch_id,
        sa.or_(Escalation.ended_ms.is_(None), Escalation.taken_ms.is_not(None)),
    )
    return {row.work_order_id: row for row in session.scalars(query)}


def list_overdue(session: orm.Session, before_ms: int) -> list[Escalation]:
    """Return every branch's rows whose step should have been carried out before a moment, the longest first."""
    query = sa.select(Escalation).where(Escalation.ended_ms.is_(None), Escalation.due_ms < before_ms)
    return list(session.scalars(query.order_by(Escalation.due_ms)))


def list_known(session: orm.Session, work_order_ids: list[str]) -> set[str]:
    """Return which of some orders have, or had, a ladder."""
    query = sa.select(Escalation.work_order_id).where(Escalation.work_order_id.in_(work_order_ids))
    return set(session.scalars(query))
