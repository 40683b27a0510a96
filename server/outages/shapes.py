"""Areas as rings of (longitude, latitude) in degrees, WGS-84: judged when drawn, asked whether a place is inside."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from shared.errors import DomainError

Point = tuple[float, float]
Ring = Sequence[Point]

_FEWEST, _MOST = 3, 500
_LARGEST_LON, _LARGEST_LAT = 180.0, 90.0
_WIDEST_DEGREES: Final = 2.0  # about 200 km: larger is a slip of the mouse


def check_ring(ring: Ring) -> tuple[Point, ...]:
    """Return the ring without a closing point. Raises DomainError `area_invalid` with the reason as a text code."""
    points = tuple((float(lon), float(lat)) for lon, lat in ring)
    if len(points) > 1 and points[0] == points[-1]:
        points = points[:-1]
    if len(set(points)) < _FEWEST or len(points) > _MOST:
        raise DomainError("area_invalid", reason="corners")
    if not all(abs(lon) <= _LARGEST_LON and abs(lat) <= _LARGEST_LAT for lon, lat in points):
        raise DomainError("area_invalid", reason="place")
    for axis in (0, 1):
        values = [point[axis] for point in points]
        if max(values) - min(values) > _WIDEST_DEGREES:
            raise DomainError("area_invalid", reason="size")
    if _crosses_itself(points):
        raise DomainError("area_invalid", reason="crossed")
    return points


def _crosses_itself(points: Sequence[Point]) -> bool:
    sides = list(pairwise([*points, points[0]]))
    count = len(sides)
    return any(
        _cross(sides[i], sides[j]) for i in range(count) for j in range(i + 2, count) if not (i == 0 and j == count - 1)
    )


def _cross(a: tuple[Point, Point], b: tuple[Point, Point]) -> bool:
    return _turn(*a, b[0]) != _turn(*a, b[1]) and _turn(*b, a[0]) != _turn(*b, a[1])


def _turn(a: Point, b: Point, c: Point) -> bool:
    return (b[0] - a[0]) * (c[1] - a[1]) > (b[1] - a[1]) * (c[0] - a[0])


def is_inside(ring: Ring, lat: float, lon: float) -> bool:
    """Tell whether a place lies in a ring, by the number of sides that a ray to the east crosses."""
    inside = False
    for (ax, ay), (bx, by) in pairwise([*ring, ring[0]]):
        if (ay > lat) != (by > lat) and lon < (bx - ax) * (lat - ay) / (by - ay) + ax:
            inside = not inside
    return inside
