"""Reads the map's layers out of an OpenStreetMap file: roads, water, parks, buildings, names of places.

Five layers with the same names and properties as the generated town's, so that one style draws both.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from shared.errors import DomainError

LAYERS: Final = ("road", "water", "park", "building", "label")
_ROADS: Final = {
    "motorway": "motorway", "motorway_link": "motorway", "trunk": "trunk", "trunk_link": "trunk",
    "primary": "primary", "primary_link": "primary", "secondary": "secondary", "secondary_link": "secondary",
    "tertiary": "tertiary", "tertiary_link": "tertiary", "unclassified": "small", "residential": "small",
    "living_street": "small", "service": "service", "pedestrian": "path",
}  # fmt: skip
_PARKS: Final = {
    ("leisure", "park"), ("leisure", "garden"), ("landuse", "grass"), ("landuse", "forest"), ("natural", "wood"),
    ("landuse", "cemetery"), ("leisure", "golf_course"), ("landuse", "recreation_ground"),
}  # fmt: skip
_PLACES: Final = frozenset({"city", "town", "suburb", "neighbourhood", "quarter", "village", "hamlet"})
_DIGITS: Final = 6

Feature = dict[str, Any]


def read_features(path: Path) -> Iterator[tuple[str, Feature]]:
    """Yield (layer, GeoJSON feature). Raises DomainError `map_unusable` for a file that cannot be read."""
    try:
        import osmium  # noqa: PLC0415 - an optional library, needed for this one command only
    except ImportError as fault:
        raise DomainError("osmium_missing") from fault
    if not path.is_file():
        raise DomainError("map_unusable", file=path.name, reason="no such file")
    try:
        with tempfile.TemporaryDirectory() as folder:
            ordered = Path(folder) / "ordered.osm.pbf"
            _put_in_order(osmium, path, ordered)
            yield from _read(osmium, ordered)
    except (RuntimeError, OSError) as fault:  # pyosmium raises RuntimeError for whatever its reader meets
        raise DomainError("map_unusable", file=path.name, reason=str(fault)) from fault


def _put_in_order(osmium: Any, path: Path, out: Path) -> None:
    """Write the file with ids ascending, as the making of areas needs it; extracts of some tools are unsorted."""
    reader, writer = osmium.MergeInputReader(), osmium.SimpleWriter(str(out))
    reader.add_file(str(path))
    reader.apply(writer, simplify=True)
    writer.close()


def _read(osmium: Any, path: Path) -> Iterator[tuple[str, Feature]]:
    keys = osmium.filter.KeyFilter("highway", "waterway", "natural", "landuse", "leisure", "building", "place")
    for item in osmium.FileProcessor(str(path)).with_areas(keys).with_filter(keys):
        tags = {tag.k: tag.v for tag in item.tags}
        if item.is_area():
            layer = _area_layer(tags)
            shape = _polygon(item) if layer else None
        elif item.is_way():
            layer = _line_layer(tags)
            shape = _line(item) if layer else None
        elif item.is_node() and tags.get("place") in _PLACES and tags.get("name"):
            layer, shape = "label", {"type": "Point", "coordinates": _point(item.location)}
        else:
            continue
        if layer and shape:
            yield layer, {"type": "Feature", "properties": _properties(layer, tags), "geometry": shape}


def _line_layer(tags: Mapping[str, str]) -> str:
    if tags.get("highway") in _ROADS and tags.get("area") != "yes":
        return "road"
    return "water" if tags.get("waterway") in {"river", "stream", "canal"} else ""


def _area_layer(tags: Mapping[str, str]) -> str:
    if tags.get("natural") == "water" or tags.get("waterway") == "riverbank" or tags.get("landuse") == "reservoir":
        return "water"
    if any((key, tags.get(key)) in _PARKS for key in ("leisure", "landuse", "natural")):
        return "park"
    return "building" if "building" in tags else ""


def _properties(layer: str, tags: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if layer in {"road", "label", "water"} and tags.get("name"):
        found = {"name": tags.get("name:zh") or tags["name"], "name_en": tags.get("name:en") or tags["name"]}
    if layer == "road":
        found |= {"class": _ROADS[tags["highway"]], "bridge": tags.get("bridge", "no") != "no"}
    if layer == "label":
        found["class"] = tags["place"]
    return found


def _point(location: Any) -> list[float]:
    return [round(location.lon, _DIGITS), round(location.lat, _DIGITS)]


def _line(way: Any) -> Feature | None:
    corners = [_point(node.location) for node in way.nodes if node.location.valid()]
    return {"type": "LineString", "coordinates": corners} if len(corners) > 1 else None


def _polygon(area: Any) -> Feature | None:
    rings = [[_ring(outer), *(_ring(inner) for inner in area.inner_rings(outer))] for outer in area.outer_rings()]
    kept = [polygon for polygon in rings if len(polygon[0]) > 3]  # noqa: PLR2004 - a closed ring has four corners
    return {"type": "MultiPolygon", "coordinates": kept} if kept else None


def _ring(nodes: Any) -> list[list[float]]:
    return [_point(node.location) for node in nodes if node.location.valid()]


def write_layers(path: Path, folder: Path) -> dict[str, int]:
    """Write one GeoJSON file a layer into ``folder``, feature by feature; return how many features each has."""
    counts = dict.fromkeys(LAYERS, 0)
    files = {layer: (folder / f"{layer}.geojson").open("wb") for layer in LAYERS}
    try:
        for file in files.values():
            file.write(b'{"type":"FeatureCollection","features":[\n')
        for layer, feature in read_features(path):
            files[layer].write((b",\n" if counts[layer] else b"") + msgspec.json.encode(feature))
            counts[layer] += 1
        for file in files.values():
            file.write(b"\n]}\n")
    finally:
        for file in files.values():
            file.close()
    return counts
