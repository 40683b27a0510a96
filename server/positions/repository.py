"""Queries of the positions slice."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy import orm

from server.accounts.models import Shift, Technician
from server.positions.models import PositionPoint, PositionView

LOOKED_BACK: Final = 50


class Known(NamedTuple):
    """A point of a trace, as far as later ones are judged by it; `at_ms` is Unix milliseconds."""

    at_ms: int
    lat: float
    lon: float
    accuracy_m: float
    is_believed: bool


class Teller(NamedTuple):
    """A technician who may tell his place: his newest believed point, and whether flagged ones came after it."""

    branch_id: str
    position_ms: int
    newest: Known | None
    is_doubted: bool


_KNOWN: Final = (PositionPoint.at_ms, PositionPoint.lat, PositionPoint.lon, PositionPoint.accuracy_m)
_IS_BELIEVED: Final = (PositionPoint.flags == []).label("is_believed")
_later = orm.aliased(PositionPoint)
_IS_DOUBTED: Final = (
    sa.select(_later.at_ms)
    .where(_later.technician_id == Technician.id, _later.at_ms > sa.func.coalesce(Technician.position_ms, 0))
    .exists()
)
_TELLERS: Final = (
    sa.select(Technician.id, Technician.branch_id, Technician.position_ms, _IS_DOUBTED, *_KNOWN)
    .outerjoin(
        PositionPoint,
        sa.and_(PositionPoint.technician_id == Technician.id, PositionPoint.at_ms == Technician.position_ms),
    )
    .where(Technician.id.in_(sa.bindparam("ids", expanding=True)), Technician.location_paused_ms.is_(None))
)
_PLACE: Final = (
    sa.update(Technician)
    .where(Technician.id == sa.bindparam("of"))
    .values({name: sa.bindparam(f"new_{name}") for name in ("lat", "lon", "heading_deg", "position_ms")})
)


def map_tellers(session: orm.Session, technician_ids: Collection[str]) -> dict[str, Teller]:
    """Return those of some technicians who have not paused their location, all by one query."""
    found = {}
    for row in session.execute(_TELLERS, {"ids": sorted(technician_ids)}):
        technician_id, branch_id, position_ms, is_doubted, at_ms, lat, lon, accuracy_m = tuple[Any, ...](row)
        newest = None if at_ms is None else Known(at_ms, lat, lon, accuracy_m, is_believed=True)
        found[technician_id] = Teller(branch_id, position_ms or 0, newest, is_doubted)
    return found


def map_shifts(
    session: orm.Session, technician_ids: Collection[str] | None, from_ms: int, to_ms: int
) -> dict[str, list[tuple[int, int]]]:
    """Return start and end of the shifts of some technicians, or of everybody, that touch a span of time."""
    query = sa.select(Shift.technician_id, Shift.start_ms, Shift.end_ms)
    query = query.where(Shift.end_ms > from_ms, Shift.start_ms < to_ms)
    if technician_ids is not None:
        query = query.where(Shift.technician_id.in_(sorted(technician_ids)))
    found: dict[str, list[tuple[int, int]]] = {}
    for technician_id, start_ms, end_ms in session.execute(query):
        found.setdefault(technician_id, []).append((start_ms, end_ms))
    return found


def list_known(session: orm.Session, technician_id: str, from_ms: int, until_ms: int) -> list[Known]:
    """Return a technician's points between two moments, both included, and the last ones before; oldest first."""
    query = sa.select(*_KNOWN, _IS_BELIEVED).where(PositionPoint.technician_id == technician_id)
    before = query.where(PositionPoint.at_ms < from_ms).order_by(PositionPoint.at_ms.desc()).limit(LOOKED_BACK)
    within = query.where(PositionPoint.at_ms.between(from_ms, until_ms)).order_by(PositionPoint.at_ms)
    return [Known(*row) for rows in ([*session.execute(before)][::-1], session.execute(within)) for row in rows]


def add_points(session: orm.Session, rows: Sequence[dict[str, Any]]) -> None:
    """Write points down together, past the session's bookkeeping."""
    session.execute(sa.insert(PositionPoint), rows)


def move_technicians(session: orm.Session, rows: Sequence[dict[str, Any]]) -> None:
    """Write down where technicians are; each row is `of` (an id) and the columns' values, their names after `new_`."""
    session.connection().execute(_PLACE, rows)
    for row in rows:
        # Whoever has loaded the technician in this session reads his row again.
        loaded = session.identity_map.get(orm.util.identity_key(Technician, row["of"]))
        if loaded is not None:
            session.expire(loaded, ["lat", "lon", "heading_deg", "position_ms"])


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
