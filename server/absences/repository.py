"""Queries of the absences slice; branch scope is applied here."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import orm

from server.absences.models import Absence
from shared.errors import DomainError


def get_absence(session: orm.Session, branch_id: str, absence_id: str) -> Absence:
    """Return an absence of the branch, locked. Raises DomainError `not_found`."""
    row = session.get(Absence, absence_id, with_for_update=True)
    if row is None or row.branch_id != branch_id:
        raise DomainError("not_found", what="absence")
    return row


def list_standing(session: orm.Session, branch_id: str, now_ms: int) -> list[Absence]:
    """Return the absences that last or are still to come, by their beginning."""
    query = (
        sa.select(Absence)
        .where(Absence.branch_id == branch_id, Absence.ended_ms.is_(None))
        .where(sa.or_(Absence.until_ms.is_(None), Absence.until_ms > now_ms))
        .order_by(Absence.from_ms, Absence.id)
    )
    return list(session.scalars(query))


def is_absent(session: orm.Session, branch_id: str, technician_id: str, now_ms: int) -> bool:
    """Tell whether a technician is not there at this moment."""
    standing = list_standing(session, branch_id, now_ms)
    return any(row.technician_id == technician_id and row.from_ms <= now_ms for row in standing)
