"""Reads a file of OpenStreetMap into a road net: ways that cars may drive on, cut into pieces at junctions."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from server.dispatch.travel.geometry import leg_m
from server.dispatch.travel.roads import RoadNet, label_parts, unusable
from server.dispatch.travel.rules import RoadRules
from shared.errors import DomainError

_M_S_PER_KM_H: Final = 1 / 3.6
_KM_PER_MILE: Final = 1.609_344
_HASH_CHARS: Final = 12
_CLOSED: Final = frozenset({"no", "private", "agricultural", "forestry"})
# The most particular tag that is present decides.
_ACCESS_TAGS: Final = ("motorcar", "motor_vehicle", "vehicle", "access")
_SPEED: Final = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(km/h|kmh|kph|mph)?\s*(?:;.*)?$")
_AGAINST: Final = frozenset({"-1", "reverse"})
_ONEWAY: Final = frozenset({"yes", "true", "1"})
_ALWAYS_ONEWAY: Final = frozenset({"motorway", "motorway_link"})
_ROUND: Final = frozenset({"roundabout", "circular"})


@dataclasses.dataclass(frozen=True)
class Way:
    """A road as OpenStreetMap has it: node ids in order, driving speed, and the directions that are allowed."""

    refs: tuple[int, ...]
    speed_m_s: float
    is_forward: bool
    is_backward: bool


@dataclasses.dataclass(frozen=True)
class _Piece:
    """Part of a way between two junctions."""

    refs: tuple[int, ...]
    way: Way


def read_roads(path: Path, rules: RoadRules, data_date: str = "") -> RoadNet:
    """Return the drivable net of a ``.osm.pbf`` (or ``.osm``) file, largest strongly connected component only.

    ``data_date`` (ISO day) stands in for a date that the file does not tell. Raises DomainError ``roads_unusable``
    for a file that is missing, broken, or holds no roads, and ``osmium_missing`` without the extra ``roads``.
    """
    try:
        import osmium  # noqa: PLC0415 - an optional library, needed for this one command only
    except ImportError as error:
        raise DomainError("osmium_missing") from error
    if not path.is_file():
        raise unusable(path, "no such file")
    _check_day(data_date)
    try:
        ways, told_date = _read_ways(osmium, path, rules)
        places = _read_nodes(osmium, path, {ref for way in ways for ref in way.refs})
    # pyosmium raises RuntimeError for whatever the file reader meets; the text says what.
    except (RuntimeError, osmium.InvalidLocationError, OSError, ValueError) as error:
        raise unusable(path, str(error)) from error
    pieces = _cut(ways, places)
    if not pieces:
        raise unusable(path, "no roads")
    return _connected(_net(path, pieces, places, rules, told_date or data_date))


def _check_day(text: str) -> None:
    try:
        dt.date.fromisoformat(text or "2026-01-01")
    except ValueError as error:
        raise DomainError("setting_invalid", name="--date", value=text) from error


def _read_ways(osmium: Any, path: Path, rules: RoadRules) -> tuple[list[Way], str]:
    found, newest = [], dt.datetime.fromtimestamp(0, dt.UTC)
    for item in osmium.FileProcessor(str(path), osmium.osm.WAY):
        way = read_way({tag.k: tag.v for tag in item.tags}, (node.ref for node in item.nodes), rules)
        if way is not None:
            found.append(way)
            newest = max(newest, item.timestamp)
    with osmium.io.Reader(str(path)) as reader:
        stamp = reader.header().get("osmosis_replication_timestamp")
    return found, stamp[:10] or (newest.date().isoformat() if newest.timestamp() else "")


def _read_nodes(osmium: Any, path: Path, wanted: set[int]) -> dict[int, tuple[float, float]]:
    # The library's own filter by id keeps a bit for every number up to the largest: hundreds of megabytes.
    nodes = osmium.FileProcessor(str(path), osmium.osm.NODE)
    return {node.id: (node.lat, node.lon) for node in nodes if node.id in wanted and node.location.valid()}


def read_way(tags: dict[str, str], refs: Iterator[int], rules: RoadRules) -> Way | None:
    """Return the road that a way's tags describe; None when it is no road for cars."""
    kind = tags.get("highway", "")
    if kind not in rules.class_km_h or tags.get("area") == "yes" or _is_closed(tags):
        return None
    is_forward, is_backward = _directions(tags, kind)
    # A node named twice in a row is one point.
    nodes = tuple(ref for ref, _ in itertools.groupby(refs))
    speed = _speed_km_h(tags, kind, rules) * _M_S_PER_KM_H
    return Way(nodes, speed, is_forward, is_backward) if len(nodes) > 1 else None


def _is_closed(tags: dict[str, str]) -> bool:
    return next((tags[name] in _CLOSED for name in _ACCESS_TAGS if name in tags), False)


def _directions(tags: dict[str, str], kind: str) -> tuple[bool, bool]:
    oneway = tags.get("oneway", "")
    if oneway in _AGAINST:
        return False, True
    implied = kind in _ALWAYS_ONEWAY or tags.get("junction") in _ROUND
    return True, not (oneway in _ONEWAY or (implied and oneway != "no"))


def _speed_km_h(tags: dict[str, str], kind: str, rules: RoadRules) -> float:
    """Return the speed driven: a share of the signed limit, else the mean of the road's class."""
    sign = _SPEED.match(tags.get("maxspeed", ""))
    if sign is None:
        return rules.class_km_h[kind]
    signed = float(sign[1]) * (_KM_PER_MILE if sign[2] == "mph" else 1.0)
    return rules.signed_share * min(max(signed, rules.least_km_h), rules.most_km_h)


def _cut(ways: list[Way], places: dict[int, tuple[float, float]]) -> list[_Piece]:
    """Cut ways where they meet, and at nodes that an extract's border has cut off."""
    uses: dict[int, int] = {}
    for way in ways:
        for ref in way.refs:
            uses[ref] = uses.get(ref, 0) + 1
    pieces: list[_Piece] = []
    for way in ways:
        for is_known, part in itertools.groupby(way.refs, key=places.__contains__):
            refs = tuple(part)
            if is_known and len(refs) > 1:
                pieces.extend(_Piece(cut, way) for cut in _between_junctions(refs, uses))
    return pieces


def _between_junctions(refs: tuple[int, ...], uses: dict[int, int]) -> Iterator[tuple[int, ...]]:
    begin = 0
    for index in range(1, len(refs)):
        if uses[refs[index]] > 1 or index == len(refs) - 1:
            yield refs[begin : index + 1]
            begin = index


def _net(
    path: Path, pieces: list[_Piece], places: dict[int, tuple[float, float]], rules: RoadRules, data_date: str
) -> RoadNet:
    number: dict[int, int] = {}
    for piece in pieces:
        number.setdefault(piece.refs[0], len(number))
        number.setdefault(piece.refs[-1], len(number))
    nodes = np.array([places[ref] for ref in number], dtype=np.float64)
    shape = np.array([places[ref] for piece in pieces for ref in piece.refs], dtype=np.float64)
    starts = np.cumsum([0, *(len(piece.refs) for piece in pieces)]).astype(np.int32)
    length_m = _lengths_m(shape, starts)
    drive_s = length_m / np.array([piece.way.speed_m_s for piece in pieces]) + rules.junction_s
    return RoadNet(
        node_lat=nodes[:, 0].copy(),
        node_lon=nodes[:, 1].copy(),
        piece_a=np.array([number[piece.refs[0]] for piece in pieces], dtype=np.int32),
        piece_b=np.array([number[piece.refs[-1]] for piece in pieces], dtype=np.int32),
        forward_s=np.where([piece.way.is_forward for piece in pieces], drive_s, np.inf),
        backward_s=np.where([piece.way.is_backward for piece in pieces], drive_s, np.inf),
        length_m=length_m,
        shape_from=starts,
        shape_lat=shape[:, 0].copy(),
        shape_lon=shape[:, 1].copy(),
        source=path.name,
        source_hash=hashlib.sha256(path.read_bytes()).hexdigest()[:_HASH_CHARS],
        data_date=data_date,
        rules_edition=rules.edition,
    )


def _lengths_m(shape: Any, starts: Any) -> Any:
    legs = leg_m(shape[:-1, 0], shape[:-1, 1], shape[1:, 0], shape[1:, 1])
    legs[starts[1:-1] - 1] = 0.0  # from one piece's end to the next one's begin
    return np.add.reduceat(np.append(legs, 0.0), starts[:-1])


def _connected(net: RoadNet) -> RoadNet:
    """Keep the largest part in which every junction reaches every other; what hangs off it cannot be driven back."""
    label = label_parts(net)
    is_kept = label == np.bincount(label).argmax()
    kept = np.flatnonzero(is_kept[net.piece_a] & is_kept[net.piece_b])
    renumbered = (np.cumsum(is_kept) - 1).astype(np.int32)
    sizes = np.diff(net.shape_from)
    points = np.repeat(np.isin(np.arange(len(sizes)), kept), sizes)
    return dataclasses.replace(
        net,
        node_lat=net.node_lat[is_kept],
        node_lon=net.node_lon[is_kept],
        piece_a=renumbered[net.piece_a[kept]],
        piece_b=renumbered[net.piece_b[kept]],
        forward_s=net.forward_s[kept],
        backward_s=net.backward_s[kept],
        length_m=net.length_m[kept],
        shape_from=np.cumsum([0, *sizes[kept]]).astype(np.int32),
        shape_lat=net.shape_lat[points],
        shape_lon=net.shape_lon[points],
    )
