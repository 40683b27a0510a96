"""The packed map of a technician's day: lines and areas of his working area, small enough for a poor line.

Coordinates are whole numbers of 1e-5 degrees east and north of the south-west corner, WGS-84; each point after a
line's first is told as its difference to the one before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import msgspec

VERSION: Final = 1
UNITS_PER_DEGREE: Final = 100_000
LARGEST_BYTES: Final = 150_000
MARGIN_DEG: Final = 0.015  # some 1.5 km: the way to the first job and a leak next door
GRID_DEG: Final = 0.02  # areas begin and end on this grid, so that phones in one district share a pack
WIDEST_DEG: Final = 0.6
_NEARLY: Final = 1e-3

Place = tuple[float, float]  # latitude, longitude


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """A box of the earth in degrees, WGS-84."""

    west: float
    south: float
    east: float
    north: float

    def covers(self, place: Place) -> bool:
        """Tell whether a place lies inside."""
        lat, lon = place
        return self.west <= lon <= self.east and self.south <= lat <= self.north


class Road(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One piece of a road: its class (motorway to residential), its name in both languages, its points."""

    kind: str
    name: str
    name_en: str
    points: tuple[int, ...]


class Label(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A name on the map."""

    name: str
    name_en: str
    x: int
    y: int


class DayMap(msgspec.Struct, frozen=True, kw_only=True):
    """The whole pack. `areas` are outlines by layer (land, water, park, building); without any there is no base map."""

    v: int = VERSION
    area: Area
    areas: dict[str, tuple[tuple[int, ...], ...]] = {}
    roads: tuple[Road, ...] = ()
    labels: tuple[Label, ...] = ()
    attribution: str = ""


def area_of(places: Sequence[Place]) -> Area | None:
    """Return the working area around places: a margin wide, on the grid, no wider than can be packed; None for none.

    Places further off than that are left out from the farthest on, seen from their middle.
    """
    if not places:
        return None
    lats, lons = sorted(lat for lat, _ in places), sorted(lon for _, lon in places)
    middle_lat, middle_lon, reach = lats[len(lats) // 2], lons[len(lons) // 2], WIDEST_DEG / 2
    return Area(
        west=_down(max(lons[0] - MARGIN_DEG, middle_lon - reach)),
        south=_down(max(lats[0] - MARGIN_DEG, middle_lat - reach)),
        east=_up(min(lons[-1] + MARGIN_DEG, middle_lon + reach)),
        north=_up(min(lats[-1] + MARGIN_DEG, middle_lat + reach)),
    )


def is_packable(area: Area) -> bool:
    """Tell whether an area is one that `area_of` gives: on the earth, on the grid, not empty and not too wide."""
    edges = (area.west, area.south, area.east, area.north)
    if not all(math.isfinite(edge) and abs(edge) <= limit for edge, limit in zip(edges, (180, 90) * 2, strict=True)):
        return False
    is_on_grid = all(abs(edge / GRID_DEG - round(edge / GRID_DEG)) < _NEARLY for edge in edges)
    spans = (area.east - area.west, area.north - area.south)
    return is_on_grid and all(0 < span <= WIDEST_DEG + 2 * GRID_DEG + _NEARLY for span in spans)


def encode_points(points: Sequence[Place], area: Area) -> tuple[int, ...]:
    """Return (longitude, latitude) points as differences in the pack's units, standing still left out."""
    found: list[int] = []
    before = (0, 0)
    for lon, lat in points:
        here = (round((lon - area.west) * UNITS_PER_DEGREE), round((lat - area.south) * UNITS_PER_DEGREE))
        if found and here == before:
            continue
        found += [here[0] - before[0], here[1] - before[1]]
        before = here
    return tuple(found)


def decode_points(told: Sequence[int]) -> list[tuple[int, int]]:
    """Return the points of a line in the pack's units, from its south-west corner."""
    found, x, y = [], 0, 0
    for dx, dy in zip(told[::2], told[1::2], strict=True):
        x, y = x + dx, y + dy
        found.append((x, y))
    return found


def _down(degrees: float) -> float:
    return round(math.floor(degrees / GRID_DEG) * GRID_DEG, 5)


def _up(degrees: float) -> float:
    return round(math.ceil(degrees / GRID_DEG) * GRID_DEG, 5)
