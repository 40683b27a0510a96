"""Packs the base map of one working area for phones: `python -m server.basemap.packing BASEMAP_DIR AREA_JSON OUT`.

A process of its own, started by the worker: a city's layers take seconds and memory that no leak should wait for.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from server.basemap import clipping
from server.basemap.clipping import Box, Point
from shared import day_map
from shared.day_map import Area, DayMap, Label, Road

_AREAS: Final = ("land", "water", "park", "building")
_POINT_NUMBERS, _LINE_NUMBERS = 2, 4  # a road of one point and an outline of two are too small to be seen
_METRE: Final = 1 / 111_195  # of latitude, in degrees
_MAJOR: Final = frozenset({"motorway", "trunk", "primary", "secondary", "main"})
_MIDDLE: Final = _MAJOR | {"tertiary", "unclassified", "collector", "street"}
# From the whole picture to the coarsest: what is drawn, which roads (None: all), how many metres a line may lie off.
_LEVELS: Final[tuple[tuple[tuple[str, ...], frozenset[str] | None, float], ...]] = (
    (_AREAS, None, 2.0),
    (("land", "water", "park"), None, 4.0),
    (("land", "water", "park"), None, 12.0),
    (("land", "water", "park"), _MIDDLE, 12.0),
    (("land", "water"), _MAJOR, 25.0),
    (("land", "water"), _MAJOR, 80.0),
    ((), frozenset(), 200.0),
)


class _Cut(msgspec.Struct, frozen=True):
    """What lies in the area, cut at its edge, in full detail."""

    rings: dict[str, list[list[Point]]]
    roads: list[tuple[Road, list[Point]]]
    labels: tuple[Label, ...]


def pack(layers: dict[str, Any], area: Area) -> bytes:
    """Return the gzipped pack of an area out of GeoJSON layers: as much as fits into the largest size."""
    cut, content = _cut(layers, area), b""
    for areas, kinds, tolerance_m in _LEVELS:
        made = _draw(cut, area, areas, kinds, tolerance_m * _METRE)
        content = gzip.compress(msgspec.json.encode(made), mtime=0)
        if len(content) <= day_map.LARGEST_BYTES:
            break
    return content


def read_layers(folder: Path) -> dict[str, Any]:
    """Read the layers that a pack is made of; those that are absent are left out."""
    names = (*_AREAS, "road", "label")
    paths = [folder / f"{name}.geojson" for name in names]
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths if path.is_file()}


def _cut(layers: dict[str, Any], area: Area) -> _Cut:
    box = (area.west, area.south, area.east, area.north)
    return _Cut(
        rings={name: list(_rings(layers[name], box)) for name in _AREAS if name in layers},
        roads=list(_roads(layers.get("road"), box)),
        labels=tuple(_labels(layers.get("label"), area)),
    )


def _draw(cut: _Cut, area: Area, names: tuple[str, ...], kinds: frozenset[str] | None, tolerance: float) -> DayMap:
    areas = {
        name: tuple(day_map.encode_points(clipping.simplify(ring, tolerance), area) for ring in cut.rings[name])
        for name in names
        if name in cut.rings
    }
    roads = (
        msgspec.structs.replace(road, points=day_map.encode_points(clipping.simplify(line, tolerance), area))
        for road, line in cut.roads
        if kinds is None or road.kind in kinds
    )
    return DayMap(
        area=area,
        areas={name: tuple(ring for ring in rings if len(ring) > _LINE_NUMBERS) for name, rings in areas.items()},
        roads=tuple(road for road in roads if len(road.points) > _POINT_NUMBERS),
        labels=cut.labels,
    )


def _features(layer: Any) -> Iterator[tuple[dict[str, Any], str, Any]]:
    """Yield properties, kind of geometry and coordinates, several of one kind as single ones."""
    for feature in (layer or {}).get("features", ()):
        geometry, told = feature.get("geometry") or {}, feature.get("properties") or {}
        kind, coordinates = geometry.get("type", ""), geometry.get("coordinates", ())
        if kind.startswith("Multi"):
            yield from ((told, kind.removeprefix("Multi"), part) for part in coordinates)
        else:
            yield told, kind, coordinates


def _rings(layer: Any, box: Box) -> Iterator[list[Point]]:
    for _, kind, coordinates in _features(layer):
        if kind == "Polygon" and coordinates:
            outline = [(float(p[0]), float(p[1])) for p in coordinates[0]]
            ring = clipping.clip_ring(outline, box) if _meets(outline, box) else []
            if ring:
                yield ring


def _roads(layer: Any, box: Box) -> Iterator[tuple[Road, list[Point]]]:
    for told, kind, coordinates in _features(layer):
        line = [(float(p[0]), float(p[1])) for p in coordinates] if kind == "LineString" else []
        if _meets(line, box):
            name, name_en = str(told.get("name") or ""), str(told.get("name_en") or "")
            road = Road(kind=str(told.get("class") or told.get("highway") or ""), name=name, name_en=name_en, points=())
            yield from ((road, part) for part in clipping.clip_line(line, box))


def _labels(layer: Any, area: Area) -> Iterator[Label]:
    for told, kind, coordinates in _features(layer):
        if kind == "Point" and area.covers((coordinates[1], coordinates[0])):
            x, y = day_map.encode_points([(coordinates[0], coordinates[1])], area)
            yield Label(name=str(told.get("name") or ""), name_en=str(told.get("name_en") or ""), x=x, y=y)


def _meets(points: list[Point], box: Box) -> bool:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return bool(xs) and min(xs) <= box[2] and max(xs) >= box[0] and min(ys) <= box[3] and max(ys) >= box[1]


def main() -> None:
    """Make one pack; the file is there whole or not at all."""
    folder, area, target = Path(sys.argv[1]), msgspec.json.decode(sys.argv[2], type=Area), Path(sys.argv[3])
    draft = target.with_suffix(".new")
    draft.write_bytes(pack(read_layers(folder), area))
    draft.replace(target)


if __name__ == "__main__":
    main()
