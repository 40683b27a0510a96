"""Queries of travel times; branch scope is applied here."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import orm

from server.dispatch.models import Assignment
from server.dispatch.travel.models import TravelCalibration, TravelChoice, Trip


def find_trip(session: orm.Session, assignment_id: str) -> Trip | None:
    """Return the trip of an assignment."""
    return session.get(Trip, assignment_id)


def list_trips(session: orm.Session, branch_id: str, since_ms: int) -> list[Trip]:
    """Return a branch's trips that ended, oldest first."""
    query = sa.select(Trip).where(
        Trip.branch_id == branch_id, Trip.departed_ms >= since_ms, Trip.arrived_ms.is_not(None)
    )
    return list(session.scalars(query.order_by(Trip.departed_ms, Trip.assignment_id)))


def find_first_trip_ms(session: orm.Session, branch_id: str) -> int | None:
    """Return when a branch's first trip began."""
    return session.scalar(sa.select(sa.func.min(Trip.departed_ms)).where(Trip.branch_id == branch_id))


def find_last_finished(session: orm.Session, technician_id: str, from_ms: int, until_ms: int) -> Assignment | None:
    """Return the assignment that a technician finished last between two moments."""
    query = sa.select(Assignment).where(
        Assignment.technician_id == technician_id,
        Assignment.finished_ms >= from_ms,
        Assignment.finished_ms <= until_ms,
    )
    return session.scalar(query.order_by(Assignment.finished_ms.desc(), Assignment.id.desc()).limit(1))


def find_calibration(session: orm.Session, branch_id: str, provider: str) -> TravelCalibration | None:
    """Return the newest calibration of a provider."""
    query = sa.select(TravelCalibration).where(
        TravelCalibration.branch_id == branch_id, TravelCalibration.provider == provider
    )
    return session.scalar(query.order_by(TravelCalibration.made_ms.desc()).limit(1))


def find_choice(session: orm.Session, branch_id: str) -> TravelChoice | None:
    """Return a branch's own choice of provider."""
    return session.get(TravelChoice, branch_id)
