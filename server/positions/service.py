"""Takes positions only of those on duty, shows traces only by name, and forgets them (PR-04)."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Final

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


def keep(session: orm.Session, told: Mapping[str, Iterable[wire.Position]], now_ms: int) -> int:
    """Keep positions of technicians (by id) on shift; return how many were kept.

    Nothing is kept off shift or while he has paused, nothing from the future. A mocked or impossibly fast point is
    kept with its flag and not believed: map and planner go on with the last sound one. Late points fill the trace.
    A second of many phones costs a few queries in all, for while they are written down nobody else can write.
    """
    sent = {i: points for i, given in told.items() if (points := _not_ahead(given, now_ms))}
    if not sent:
        return 0
    tellers = repository.map_tellers(session, sent)
    from_ms, until_ms = min(points[0].at_ms for points in sent.values()), max(p[-1].at_ms for p in sent.values())
    shifts = repository.map_shifts(session, tellers, from_ms, until_ms + 1)
    traces = []
    for technician_id, teller in sorted(tellers.items()):
        on_duty = [p for p in sent[technician_id] if _is_within(shifts.get(technician_id, ()), p.at_ms)]
        if on_duty:
            traces.append((technician_id, teller, _judge(session, technician_id, teller, on_duty)))
    return _write(session, traces)


def _not_ahead(positions: Iterable[wire.Position], now_ms: int) -> list[wire.Position]:
    """Return the positions that are not from the future, oldest first."""
    last_ms = now_ms + location_rules().future_tolerance_s * 1000
    return sorted((p for p in positions if p.at_ms <= last_ms), key=lambda p: p.at_ms)


def _is_within(shifts: Iterable[tuple[int, int]], at_ms: int) -> bool:
    return any(start_ms <= at_ms < end_ms for start_ms, end_ms in shifts)


def _judge(
    session: orm.Session, technician_id: str, teller: repository.Teller, points: list[wire.Position]
) -> list[tuple[wire.Position, tuple[str, ...]]]:
    """Return those points that are new, oldest first, each with the flags for why it is not believed."""
    recent: deque[repository.Known] = deque(maxlen=repository.LOOKED_BACK)
    known = _list_known(session, technician_id, teller, points)
    waiting, taken = deque(known), {one.at_ms for one in known}
    judged = []
    for point in points:
        while waiting and waiting[0].at_ms < point.at_ms:
            recent.append(waiting.popleft())
        if point.at_ms in taken:
            continue
        taken.add(point.at_ms)
        flags = _flags(next((one for one in reversed(recent) if one.is_believed), None), point)
        recent.append(repository.Known(point.at_ms, point.lat, point.lon, point.accuracy_m, is_believed=not flags))
        judged.append((point, flags))
    return judged


def _list_known(
    session: orm.Session, technician_id: str, teller: repository.Teller, points: list[wire.Position]
) -> list[repository.Known]:
    """Return what the points are judged by: for news of a moving phone its newest point, which is known already."""
    is_news = points[0].at_ms > teller.position_ms and not teller.is_doubted
    if is_news and (teller.newest is not None or not teller.position_ms):
        return [teller.newest] if teller.newest else []
    return repository.list_known(session, technician_id, points[0].at_ms, points[-1].at_ms)


def _write(
    session: orm.Session, traces: list[tuple[str, repository.Teller, list[tuple[wire.Position, tuple[str, ...]]]]]
) -> int:
    """Write the judged points of technicians down, and where each is now; return how many points."""
    rows = [_row(teller.branch_id, i, point, flags) for i, teller, judged in traces for point, flags in judged]
    if rows:
        repository.add_points(session, rows)
    places = []
    for technician_id, teller, judged in traces:
        newest = next((point for point, flags in reversed(judged) if not flags), None)
        if newest is not None and newest.at_ms > teller.position_ms:
            places.append(_place(technician_id, newest))
    if places:
        repository.move_technicians(session, places)
    return len(rows)


def pause(session: orm.Session, technician_id: str, *, is_paused: bool, now_ms: int) -> None:
    """Note that a technician has paused his location, or goes on; both sides see it."""
    technician = accounts.find_technician(session, technician_id)
    if technician is not None and is_paused != (technician.location_paused_ms is not None):
        technician.location_paused_ms = now_ms if is_paused else None


def list_duty(session: orm.Session, now_ms: int) -> dict[str, list[tuple[int, int]]]:
    """Return when whose positions are taken: shifts around now of all who have not paused."""
    paused = accounts.list_paused(session)
    duty = repository.map_shifts(session, None, now_ms - _DAY_MS, now_ms + _DAY_MS)
    return {technician_id: shifts for technician_id, shifts in duty.items() if technician_id not in paused}


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


def _row(branch_id: str, technician_id: str, position: wire.Position, flags: tuple[str, ...]) -> dict[str, Any]:
    return {
        "technician_id": technician_id,
        "at_ms": position.at_ms,
        "branch_id": branch_id,
        "lat": position.lat,
        "lon": position.lon,
        "accuracy_m": position.accuracy_m,
        "flags": list(flags),
    }


def _place(technician_id: str, position: wire.Position) -> dict[str, Any]:
    return {
        "of": technician_id,
        "new_lat": position.lat,
        "new_lon": position.lon,
        "new_heading_deg": position.heading_deg,
        "new_position_ms": position.at_ms,
    }


def _flags(before: repository.Known | None, position: wire.Position) -> tuple[str, ...]:
    if position.is_mocked:
        return (MOCKED,)
    if before is None:
        return ()
    north_m = (position.lat - before.lat) * _METRES_PER_DEGREE
    east_m = (position.lon - before.lon) * _METRES_PER_DEGREE * math.cos(math.radians(position.lat))
    doubt_m = position.accuracy_m + before.accuracy_m
    speed_m_s = max(0.0, math.hypot(north_m, east_m) - doubt_m) / ((position.at_ms - before.at_ms) / 1000)
    return (TOO_FAST,) if speed_m_s > location_rules().impossible_speed_m_s else ()
