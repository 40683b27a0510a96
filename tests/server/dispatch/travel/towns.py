"""Small towns written as OpenStreetMap files, and an independent search over their ways."""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from routing.problem import Place

STEP_DEG = 0.002  # some 220 m north
LAT, LON = 37.86, 113.58

Ways = Sequence[tuple[Sequence[int], Mapping[str, str]]]


def node_place(node: int) -> Place:
    """Return where a node stands: its number is row × 100 + column of a grid."""
    row, column = divmod(node, 100)
    return Place(lat=round(LAT + row * STEP_DEG, 7), lon=round(LON + column * STEP_DEG, 7))


def write_town(path: Path, ways: Ways, stamp: str = "2026-11-01T00:00:00Z") -> Path:
    """Write nodes and ways as an OSM XML file; return its path."""
    nodes = sorted({node for refs, _ in ways for node in refs})
    lines = ["<?xml version='1.0' encoding='UTF-8'?>", "<osm version='0.6'>"]
    for node in nodes:
        place = node_place(node)
        lines.append(f"<node id='{node + 1}' version='1' lat='{place.lat}' lon='{place.lon}' timestamp='{stamp}'/>")
    for number, (refs, tags) in enumerate(ways, 1):
        inside = "".join(f"<nd ref='{ref + 1}'/>" for ref in refs)
        inside += "".join(f"<tag k='{key}' v='{value}'/>" for key, value in tags.items())
        lines.append(f"<way id='{number}' version='1' timestamp='{stamp}'>{inside}</way>")
    path.write_text("\n".join([*lines, "</osm>"]), encoding="utf-8")
    return path


def grid_ways(rows: int, columns: int, **tags: str) -> list[tuple[Sequence[int], Mapping[str, str]]]:
    """Return a grid of streets; every second row is one-way eastward, and the last row one-way westward."""
    across = [[row * 100 + column for column in range(columns)] for row in range(rows)]
    ways: list[tuple[Sequence[int], Mapping[str, str]]] = []
    for row, refs in enumerate(across):
        oneway = {"oneway": "yes"} if row % 2 else {}
        ways.append((refs, {"highway": "residential", **oneway, **tags}))
    ways[-1] = (across[-1], {"highway": "primary", "oneway": "-1", **tags})
    ways += [([row * 100 + column for row in range(rows)], {"highway": "tertiary"}) for column in range(columns)]
    return ways


def shortest_s(edges: Mapping[int, Mapping[int, float]], start: int) -> dict[int, float]:
    """Return seconds from one node to every other: plain Dijkstra over a dictionary."""
    best = {start: 0.0}
    queue = [(0.0, start)]
    while queue:
        spent, node = heapq.heappop(queue)
        if spent > best[node]:
            continue
        for after, cost in edges.get(node, {}).items():
            if spent + cost < best.get(after, math.inf):
                best[after] = spent + cost
                heapq.heappush(queue, (spent + cost, after))
    return best
