"""Coverage: how many minutes a leak would wait at each place for the nearest qualified technician (DI, console 1)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import orm

from routing.problem import Place
from server.accounts import repository as accounts
from server.dispatch import repository as dispatch
from server.dispatch.travel import desk as travel_desk
from shared.assignment import COMMITTED_STATES

_CELLS: Final = 22  # along the longer side; 22 by 22 places are asked at once
_MARGIN: Final = 0.08
_LEAST_DEGREES: Final = 0.02
_BOUND: Final = frozenset({"arrived", "working"})


@dataclass(frozen=True)
class _Box:
    south: float
    west: float
    north: float
    east: float


def coverage(session: orm.Session, branch_id: str, skill: str, now_ms: int) -> dict[str, Any]:
    """Return cells with the minutes to the nearest technician with ``skill`` who is free or may be turned.

    A technician on site counts as bound, one under way to ordinary work does not: he may be turned to a leak. Without
    anybody the cells have no minutes. Sizes are degrees.
    """
    crew = _crew(session, branch_id, skill, now_ms)
    box = _box(session, branch_id, crew)
    step = max(box.north - box.south, box.east - box.west) / _CELLS
    cells = [
        Place(lat=box.south + (row + 0.5) * step, lon=box.west + (column + 0.5) * step)
        for row in range(math.ceil((box.north - box.south) / step))
        for column in range(math.ceil((box.east - box.west) / step))
    ]
    minutes = _minutes(session, branch_id, crew, cells, now_ms)
    shown = [{"lat": c.lat, "lon": c.lon, "minutes": m} for c, m in zip(cells, minutes, strict=True)]
    return {"cells": shown, "step": step, "technicians": len(crew), "skill": skill}


def _crew(session: orm.Session, branch_id: str, skill: str, now_ms: int) -> list[Place]:
    on_shift = {
        s.technician_id for s in accounts.list_shifts(session, branch_id, now_ms, now_ms) if s.start_ms <= now_ms
    }
    live = [a for a in dispatch.list_live(session, branch_id) if a.state in COMMITTED_STATES]
    bound = {a.technician_id for a in live if a.state in _BOUND}
    found = []
    for one in accounts.list_technicians(session, branch_id):
        has_skill = any(s["name"] == skill for s in one.skills)
        if one.id in on_shift and one.id not in bound and has_skill:
            lat, lon = (
                (one.lat, one.lon) if one.lat is not None and one.lon is not None else (one.home_lat, one.home_lon)
            )
            found.append(Place(lat=lat, lon=lon))
    return found


def _box(session: orm.Session, branch_id: str, crew: list[Place]) -> _Box:
    branch = accounts.get_branch(session, branch_id)
    homes = [Place(lat=t.home_lat, lon=t.home_lon) for t in accounts.list_technicians(session, branch_id)]
    places = [Place(lat=branch.center_lat, lon=branch.center_lon), *homes, *crew]
    lats, lons = [p.lat for p in places], [p.lon for p in places]
    tall, wide = max(max(lats) - min(lats), _LEAST_DEGREES), max(max(lons) - min(lons), _LEAST_DEGREES)
    pad_lat, pad_lon = tall * _MARGIN, wide * _MARGIN
    return _Box(min(lats) - pad_lat, min(lons) - pad_lon, min(lats) + tall + pad_lat, min(lons) + wide + pad_lon)


def _minutes(
    session: orm.Session, branch_id: str, crew: list[Place], cells: list[Place], now_ms: int
) -> list[float | None]:
    """Return driving minutes by the calibrated straight line: cells lie off the roads, and nothing is planned by it."""
    if not crew:
        return [None] * len(cells)
    now_s = now_ms // 1000
    line = travel_desk.straight_line(travel_desk.read_terms(session, branch_id))
    seconds, _ = line.matrix(crew, cells, now_s)
    return [round(float(column) / 60, 1) for column in seconds.min(axis=0)]
