"""Reads the addresses and the named streets of an OpenStreetMap file (ODbL; credit is shown with the map)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from server.addresses.index import Address
from shared.errors import DomainError

_NUMBER, _STREET, _PLACE, _TOWN = "addr:housenumber", "addr:street", "addr:place", "addr:city"
_HOUSE: Final = "osm"
_ROAD: Final = "street"


def read_addresses(path: Path) -> Iterator[Address]:
    """Yield every numbered house and, once, every named street at its middle.

    Raises DomainError `osmium_missing` without the extra, `map_unusable` for a file that cannot be read.
    """
    try:
        import osmium  # noqa: PLC0415 - an optional library, needed for this one command only
    except ImportError as fault:
        raise DomainError("osmium_missing") from fault
    if not path.is_file():
        raise DomainError("map_unusable", file=path.name, reason="no such file")
    try:
        yield from _read(osmium, path)
    except (RuntimeError, OSError) as fault:  # pyosmium raises RuntimeError for whatever its reader meets
        raise DomainError("map_unusable", file=path.name, reason=str(fault)) from fault


def _read(osmium: Any, path: Path) -> Iterator[Address]:
    streets: dict[str, list[tuple[float, float]]] = {}
    keys = osmium.filter.KeyFilter(_NUMBER, "highway")
    for item in osmium.FileProcessor(str(path)).with_locations().with_filter(keys):
        tags = {tag.k: tag.v for tag in item.tags}
        place = _middle(item)
        if place is None:
            continue
        if _NUMBER in tags and (street := tags.get(_STREET) or tags.get(_PLACE)):
            yield from _houses(street, tags, place)
        elif "highway" in tags and tags.get("name"):
            streets.setdefault(tags["name"], []).append(place)
    for name, places in streets.items():
        lat, lon = places[len(places) // 2]
        yield Address(street=name, number="", label=name, lat=lat, lon=lon, kind=_ROAD)


def _houses(street: str, tags: dict[str, str], place: tuple[float, float]) -> Iterator[Address]:
    town = tags.get(_TOWN, "")
    for number in tags[_NUMBER].replace(",", ";").split(";"):
        label = f"{street} {number.strip()}" + (f", {town}" if town else "")
        yield Address(street=street, number=number.strip(), label=label, lat=place[0], lon=place[1], kind=_HOUSE)


def _middle(item: Any) -> tuple[float, float] | None:
    """Return a node's place, or the middle of the corners of a way; relations are left out."""
    if item.is_node():
        return item.location.lat, item.location.lon
    if not item.is_way():
        return None
    corners = [(node.lat, node.lon) for node in item.nodes if node.location.valid()]
    if not corners:
        return None
    count = len(corners)
    return sum(lat for lat, _ in corners) / count, sum(lon for _, lon in corners) / count
