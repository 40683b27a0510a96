"""The town's map as GeoJSON layers: land, water, parks, buildings, roads with names, district labels."""

from __future__ import annotations

import math
import random
from typing import Any, Final

from deploy.demo_town.names import Names
from deploy.demo_town.roads import COLUMNS, RIVER_HALF_M, RIVER_ROW, ROWS, Edge, Roads, Xy, to_lat_lon

_PARKS: Final = 9
_BUILDING_SHARE: Final = 0.85
_DIGITS: Final = 5

Feature = dict[str, Any]
Layer = dict[str, Any]


def basemap_layers(roads: Roads, names: Names, chance: random.Random) -> dict[str, Layer]:
    """Return the layers by name; coordinates are rounded to 1e-5 degrees."""
    parks = _park_cells(chance)
    return {
        "land": _collection([_polygon(_frame(roads), {})]),
        "water": _collection([_polygon(_river(roads), _named(names.river))]),
        "park": _collection([_polygon(_cell(roads, cell, 0.16), {}) for cell in parks]),
        "building": _collection(_buildings(roads, set(parks), chance)),
        "road": _collection([_road(roads, edge, names) for edge in roads.edges]),
        "label": _collection(_labels(names)),
    }


def _collection(features: list[Feature]) -> Layer:
    return {"type": "FeatureCollection", "features": features}


def _named(name: tuple[str, str]) -> dict[str, str]:
    return {"name": name[0], "name_en": name[1]}


def _lon_lat(point: Xy) -> list[float]:
    lat, lon = to_lat_lon(point)
    return [round(lon, _DIGITS), round(lat, _DIGITS)]


def _polygon(ring: list[Xy], properties: dict[str, Any]) -> Feature:
    coordinates = [[_lon_lat(p) for p in [*ring, ring[0]]]]
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": coordinates}}


def _frame(roads: Roads) -> list[Xy]:
    east = max(abs(x) for x, _ in roads.nodes) + 3000
    north = max(abs(y) for _, y in roads.nodes) + 3000
    return [(-east, -north), (east, -north), (east, north), (-east, north)]


def _river(roads: Roads) -> list[Xy]:
    widths = [RIVER_HALF_M * (1 + 0.25 * math.sin(x / 700)) for x, _ in roads.river]
    north = [(x, y + w) for (x, y), w in zip(roads.river, widths, strict=True)]
    south = [(x, y - w) for (x, y), w in zip(roads.river, widths, strict=True)]
    return [*north, *reversed(south)]


def _park_cells(chance: random.Random) -> list[tuple[int, int]]:
    cells = [(c, r) for r in range(ROWS - 1) for c in range(COLUMNS - 1) if r != RIVER_ROW]
    return sorted([*chance.sample(cells, _PARKS), (14, 4), (15, 4), (14, 15), (15, 15)])


def _cell(roads: Roads, cell: tuple[int, int], inset: float) -> list[Xy]:
    """Return the corners of a block, drawn in towards its middle."""
    column, row = cell
    corners = [
        roads.nodes[r * COLUMNS + c]
        for c, r in ((column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1))
    ]
    middle = (sum(x for x, _ in corners) / 4, sum(y for _, y in corners) / 4)
    return [(x + (middle[0] - x) * inset, y + (middle[1] - y) * inset) for x, y in corners]


def _buildings(roads: Roads, parks: set[tuple[int, int]], chance: random.Random) -> list[Feature]:
    found = []
    for row in range(ROWS - 1):
        for column in range(COLUMNS - 1):
            if row != RIVER_ROW and (column, row) not in parks:
                found += _block(_cell(roads, (column, row), 0.2), chance)
    return found


def _block(corners: list[Xy], chance: random.Random) -> list[Feature]:
    """Return a few houses along the sides of a block."""
    found = []
    for u, v in ((0.12, 0.15), (0.5, 0.12), (0.86, 0.2), (0.15, 0.82), (0.55, 0.86), (0.85, 0.8)):
        if chance.random() < _BUILDING_SHARE:
            x, y = _inside(corners, u, v)
            wide, deep = chance.uniform(16, 46), chance.uniform(9, 20)
            found.append(
                _polygon([(x - wide, y - deep), (x + wide, y - deep), (x + wide, y + deep), (x - wide, y + deep)], {})
            )
    return found


def _inside(corners: list[Xy], u: float, v: float) -> Xy:
    a, b, c, d = corners
    low = (a[0] + (b[0] - a[0]) * u, a[1] + (b[1] - a[1]) * u)
    high = (d[0] + (c[0] - d[0]) * u, d[1] + (c[1] - d[1]) * u)
    return low[0] + (high[0] - low[0]) * v, low[1] + (high[1] - low[1]) * v


def _road(roads: Roads, edge: Edge, names: Names) -> Feature:
    line = [_lon_lat(roads.nodes[edge.a]), _lon_lat(roads.nodes[edge.b])]
    properties = {"class": edge.kind, "bridge": edge.is_bridge, **_named(names.street(edge.name))}
    return {"type": "Feature", "properties": properties, "geometry": {"type": "LineString", "coordinates": line}}


def _labels(names: Names) -> list[Feature]:
    spots = [(0.0, 700.0), (-2600.0, 2300.0), (500.0, -2300.0), (4000.0, 1700.0), (-4000.0, -1500.0), (3900.0, -2400.0)]
    return [
        {
            "type": "Feature",
            "properties": {"class": "district", **_named(name)},
            "geometry": {"type": "Point", "coordinates": _lon_lat(spot)},
        }
        for name, spot in zip(names.districts, spots, strict=True)
    ]
