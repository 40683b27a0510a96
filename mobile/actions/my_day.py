"""The technician's day out of his own events: hours, jobs, and how far apart they lay."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from shared import facts, wire

_METRES_PER_DEGREE: Final = 111_195.0
_ENDS: Final = (facts.RecordSigned, facts.SignatureWaived, facts.NoAccessRecorded, facts.EngineeringRequested)


class Stop(msgspec.Struct, kw_only=True):
    """One visit of the day: when he set off, arrived and was done. Unix milliseconds, None while it has not come."""

    work_order_id: str
    departed_ms: int | None = None
    arrived_ms: int | None = None
    done_ms: int | None = None


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """Visits in the order of arrival; seconds on the road and on site; metres between the jobs in a straight line."""

    stops: tuple[Stop, ...]
    road_s: int
    site_s: int
    distance_m: int

    @property
    def done_count(self) -> int:
        """Return how many visits have come to an end."""
        return sum(stop.done_ms is not None for stop in self.stops)


def sum_up(
    events: Iterable[wire.PhoneEvent],
    find_place: Callable[[str], tuple[float, float] | None],
    start_ms: int,
    end_ms: int,
    now_ms: int,
) -> Day:
    """Return the day between two moments, out of events in any order; what still runs counts until `now_ms`."""
    stops: dict[str, Stop] = {}
    for event in sorted(events, key=lambda e: e.occurred.wall_ms):
        if event.work_order_id and start_ms <= event.occurred.wall_ms < end_ms:
            _note(stops.setdefault(event.work_order_id, Stop(work_order_id=event.work_order_id)), event)
    visited = sorted((s for s in stops.values() if s.arrived_ms is not None), key=lambda s: s.arrived_ms or 0)
    return Day(
        stops=tuple(visited),
        road_s=sum(_span_s(stop.departed_ms, stop.arrived_ms) for stop in visited),
        site_s=sum(_span_s(stop.arrived_ms, stop.done_ms or now_ms) for stop in visited),
        distance_m=_distance_m([find_place(stop.work_order_id) for stop in visited]),
    )


def _note(stop: Stop, event: wire.PhoneEvent) -> None:
    if isinstance(event.body, facts.Departed):
        stop.departed_ms = stop.departed_ms or event.occurred.wall_ms
    elif isinstance(event.body, facts.Arrived):
        stop.arrived_ms = stop.arrived_ms or event.occurred.wall_ms
    elif isinstance(event.body, _ENDS):
        stop.done_ms = event.occurred.wall_ms


def _span_s(start_ms: int | None, end_ms: int | None) -> int:
    return max(0, (end_ms - start_ms) // 1000) if start_ms is not None and end_ms is not None else 0


def _distance_m(places: Iterable[tuple[float, float] | None]) -> int:
    known = [place for place in places if place is not None]
    return round(sum(_apart_m(a, b) for a, b in itertools.pairwise(known)))


def _apart_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    north_m = (b[0] - a[0]) * _METRES_PER_DEGREE
    east_m = (b[1] - a[1]) * _METRES_PER_DEGREE * math.cos(math.radians(a[0]))
    return math.hypot(north_m, east_m)
