"""Queries of the hazards slice; branch scope is applied here."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import orm

from server.hazards.models import HazardNotice, LeakGrade
from shared.errors import DomainError

OPEN = "open"


def find_open_of_visit(session: orm.Session, assignment_id: str) -> HazardNotice | None:
    """Return the open notice of a visit."""
    query = sa.select(HazardNotice).where(HazardNotice.assignment_id == assignment_id, HazardNotice.state == OPEN)
    return session.scalars(query.limit(1)).first()


def list_of_order(session: orm.Session, work_order_id: str) -> list[HazardNotice]:
    """Return an order's notices, oldest first."""
    query = sa.select(HazardNotice).where(HazardNotice.work_order_id == work_order_id)
    return list(session.scalars(query.order_by(HazardNotice.issued_ms, HazardNotice.id)))


def get_notice(session: orm.Session, branch_id: str, notice_id: str) -> HazardNotice:
    """Return a notice of the branch. Raises DomainError `not_found`."""
    found = session.get(HazardNotice, notice_id)
    if found is None or found.branch_id != branch_id:
        raise DomainError("not_found", what="hazard_notice")
    return found


def list_open(session: orm.Session, branch_id: str) -> list[HazardNotice]:
    """Return the branch's open notices, oldest first."""
    query = sa.select(HazardNotice).where(HazardNotice.branch_id == branch_id, HazardNotice.state == OPEN)
    return list(session.scalars(query.order_by(HazardNotice.issued_ms, HazardNotice.id)))


def list_grades(session: orm.Session, branch_id: str, work_order_id: str) -> list[LeakGrade]:
    """Return the gradings of a leak, oldest first."""
    query = sa.select(LeakGrade).where(LeakGrade.branch_id == branch_id, LeakGrade.work_order_id == work_order_id)
    return list(session.scalars(query.order_by(LeakGrade.graded_ms, LeakGrade.id)))
