"""Takes positions only of those on duty, shows traces only by name, and forgets them (PR-04)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from sqlalchemy import orm

from server.accounts import repository as accounts
from server.core import deadlines
from server.core.unit_of_work import Tx
from server.positions import repository
from server.positions.models import PositionPoint, PositionView
from server.positions.rules import location_rules
from shared import wire

PURGE: Final = "purge_positions"
MOCKED: Final = "mocked"
TOO_FAST: Final = "too_fast"
_DAY_MS: Final = 86_400_000
_METRES_PER_DEGREE: Final = 111_195.0


def keep(session: orm.Session, technician_id: str, positions: Iterable[wire.Position], now_ms: int) -> int:
    """Keep positions of a technician on shift; return how many were kept.

    Nothing is kept off shift or while he has paused, nothing from the future. A mocked or impossibly fast point is
    kept with its flag and not believed: map and planner go on with the last sound one. Late points fill the trace.
    """
    technician = accounts.find_technician(session, technician_id)
    if technician is None or technician.location_paused_ms is not None:
        return 0
    kept = 0
    for position in _on_duty(session, technician_id, positions, now_ms):
        if repository.find_point(session, technician_id, position.at_ms) is not None:
            continue
        flags = _flags(session, technician_id, position)
        session.add(_point(technician.branch_id, technician_id, position, flags))
        session.flush()
        kept += 1
        if not flags and position.at_ms > (technician.position_ms or 0):
            technician.lat, technician.lon = position.lat, position.lon
            technician.heading_deg, technician.position_ms = position.heading_deg, position.at_ms
    return kept


def _on_duty(
    session: orm.Session, technician_id: str, positions: Iterable[wire.Position], now_ms: int
) -> list[wire.Position]:
    """Return the positions within the technician's shifts and not from the future, oldest first."""
    last_ms = now_ms + location_rules().future_tolerance_s * 1000
    known = sorted((p for p in positions if p.at_ms <= last_ms), key=lambda p: p.at_ms)
    if not known:
        return []
    shifts = accounts.list_shifts_of(session, technician_id, known[0].at_ms, known[-1].at_ms + 1)
    return [p for p in known if any(start_ms <= p.at_ms < end_ms for start_ms, end_ms in shifts)]


def pause(session: orm.Session, technician_id: str, *, is_paused: bool, now_ms: int) -> None:
    """Note that a technician has paused his location, or goes on; both sides see it."""
    technician = accounts.find_technician(session, technician_id)
    if technician is not None and is_paused != (technician.location_paused_ms is not None):
        technician.location_paused_ms = now_ms if is_paused else None


def list_duty(session: orm.Session, now_ms: int) -> dict[str, list[tuple[int, int]]]:
    """Return when whose positions are taken: shifts around now of all who have not paused."""
    paused = accounts.list_paused(session)
    duty: dict[str, list[tuple[int, int]]] = {}
    for shift in accounts.list_all_shifts(session, now_ms - _DAY_MS, now_ms + _DAY_MS):
        if shift.technician_id not in paused:
            duty.setdefault(shift.technician_id, []).append((shift.start_ms, shift.end_ms))
    return duty


def show_trace(tx: Tx, technician_id: str, viewer_name: str, from_ms: int, until_ms: int) -> list[PositionPoint]:
    """Return a trace and log who looked, in one transaction: none is seen without being noted.

    Raises DomainError `not_found` for a technician of another branch.
    """
    technician = accounts.get_technician(tx.session, tx.branch_id, technician_id)
    tx.session.add(
        PositionView(
            id=tx.new_id(),
            branch_id=tx.branch_id,
            technician_id=technician.id,
            viewer_id=tx.actor.id,
            viewer_name=viewer_name,
            from_ms=from_ms,
            until_ms=until_ms,
            at_ms=tx.now_ms,
        )
    )
    return repository.list_trace(tx.session, tx.branch_id, technician.id, from_ms, until_ms)


def purge(tx: Tx) -> None:
    """Forget points older than the rule allows, and come again tomorrow."""
    repository.drop_before(tx.session, tx.branch_id, tx.now_ms - location_rules().kept_days * _DAY_MS)
    deadlines.schedule(tx, PURGE, tx.branch_id, tx.now_ms + _DAY_MS, {})


def keep_purging(tx: Tx) -> None:
    """Make sure that the branch's traces are purged every day."""
    if not deadlines.is_scheduled(tx, PURGE, tx.branch_id):
        deadlines.schedule(tx, PURGE, tx.branch_id, tx.now_ms, {})


def _point(branch_id: str, technician_id: str, position: wire.Position, flags: tuple[str, ...]) -> PositionPoint:
    return PositionPoint(
        technician_id=technician_id,
        at_ms=position.at_ms,
        branch_id=branch_id,
        lat=position.lat,
        lon=position.lon,
        accuracy_m=position.accuracy_m,
        flags=list(flags),
    )


def _flags(session: orm.Session, technician_id: str, position: wire.Position) -> tuple[str, ...]:
    if position.is_mocked:
        return (MOCKED,)
    before = repository.find_before(session, technician_id, position.at_ms)
    if before is None:
        return ()
    north_m = (position.lat - before.lat) * _METRES_PER_DEGREE
    east_m = (position.lon - before.lon) * _METRES_PER_DEGREE * math.cos(math.radians(position.lat))
    doubt_m = position.accuracy_m + before.accuracy_m
    speed_m_s = max(0.0, math.hypot(north_m, east_m) - doubt_m) / ((position.at_ms - before.at_ms) / 1000)
    return (TOO_FAST,) if speed_m_s > location_rules().impossible_speed_m_s else ()
