"""The town's roads: a bent grid whose rows follow a river, crossed only on a few bridges; driving on it."""

from __future__ import annotations

import dataclasses
import heapq
import itertools
import math
import random
from typing import Final

Xy = tuple[float, float]
LatLon = tuple[float, float]

CENTER: Final[LatLon] = (37.8600, 113.5800)
COLUMNS: Final = 34
ROWS: Final = 22
SPACING_M: Final = 330.0
RIVER_ROW: Final = 10  # the river flows between this row and the next one
RIVER_HALF_M: Final = 75.0
BANK_M: Final = 150.0
BRIDGE_COLUMNS: Final = (5, 13, 20, 28)
ARTERIAL_EVERY: Final = 5
SPEED_M_S: Final = {"arterial": 13.5, "street": 7.5}
NODE_DELAY_S: Final = 4.0
START_UP_S: Final = 60
_GAP_SHARE: Final = 0.13
_METRES_PER_DEGREE: Final = 111_195.0


@dataclasses.dataclass(frozen=True)
class Edge:
    """A piece of street between two nodes; `name` is its index in the list of street names."""

    a: int
    b: int
    length_m: float
    kind: str
    name: int
    is_bridge: bool


@dataclasses.dataclass(frozen=True)
class Roads:
    """All nodes in metres from the centre (east, north), the pieces of street, and who is joined to whom."""

    nodes: tuple[Xy, ...]
    edges: tuple[Edge, ...]
    joined: tuple[tuple[tuple[int, int], ...], ...]  # node → (neighbour, edge)
    river: tuple[Xy, ...]


def to_lat_lon(point: Xy) -> LatLon:
    """Return WGS-84 degrees of a point in metres."""
    east = _METRES_PER_DEGREE * math.cos(math.radians(CENTER[0]))
    return round(CENTER[0] + point[1] / _METRES_PER_DEGREE, 6), round(CENTER[1] + point[0] / east, 6)


def to_xy(place: LatLon) -> Xy:
    """Return metres from the centre of WGS-84 degrees."""
    east = _METRES_PER_DEGREE * math.cos(math.radians(CENTER[0]))
    return (place[1] - CENTER[1]) * east, (place[0] - CENTER[0]) * _METRES_PER_DEGREE


def river_north_m(east_m: float) -> float:
    """Return where the middle of the river lies, in metres north of the centre."""
    return 420 * math.sin(east_m / 2300) + 160 * math.sin(east_m / 910 + 1.2)


def build_roads(chance: random.Random) -> Roads:
    """Return the road graph; connected, whatever the seed."""
    nodes = tuple(_place(column, row, chance) for row in range(ROWS) for column in range(COLUMNS))
    pieces = [_edge(nodes, a, b) for a, b in _pairs()]
    kept = _with_gaps(len(nodes), [p for p in pieces if _is_allowed(p)], chance)
    joined: list[list[tuple[int, int]]] = [[] for _ in nodes]
    for index, piece in enumerate(kept):
        joined[piece.a].append((piece.b, index))
        joined[piece.b].append((piece.a, index))
    half = COLUMNS * SPACING_M / 2 + 600
    river = tuple((x, river_north_m(x)) for x in range(-int(half), int(half) + 1, 120))
    return Roads(nodes, tuple(kept), tuple(tuple(j) for j in joined), river)


def _place(column: int, row: int, chance: random.Random) -> Xy:
    east = (column - (COLUMNS - 1) / 2) * SPACING_M
    east += 60 * math.sin(row / 2.7 + column / 6.0) + chance.uniform(-38, 38)
    steps = row - RIVER_ROW if row <= RIVER_ROW else row - RIVER_ROW - 1
    away = BANK_M if row > RIVER_ROW else -BANK_M
    # Near the river rows follow its bends, far away they straighten.
    fade = math.exp(-abs(steps) / 4.5)
    north = river_north_m(east) * fade + away + steps * SPACING_M * 0.92
    jitter = 10 if steps == 0 else 40
    return east, north + chance.uniform(-jitter, jitter) + 45 * math.sin(column / 3.1) * (1 - fade)


def _pairs() -> list[tuple[int, int]]:
    found = []
    for row in range(ROWS):
        for column in range(COLUMNS):
            node = row * COLUMNS + column
            if column + 1 < COLUMNS:
                found.append((node, node + 1))
            if row + 1 < ROWS:
                found.append((node, node + COLUMNS))
    return found


def _edge(nodes: tuple[Xy, ...], a: int, b: int) -> Edge:
    row, column = divmod(a, COLUMNS)
    is_along = b == a + 1
    line, other = (row, column) if is_along else (column, row)
    crosses = not is_along and row == RIVER_ROW
    is_main = (line + (2 if is_along else 0)) % ARTERIAL_EVERY == 0 or (crosses and column in BRIDGE_COLUMNS)
    is_main = is_main or (not is_along and column in BRIDGE_COLUMNS)
    del other
    name = row if is_along else ROWS + column
    return Edge(a, b, math.dist(nodes[a], nodes[b]), "arterial" if is_main else "street", name, crosses)


def _is_allowed(piece: Edge) -> bool:
    return not piece.is_bridge or piece.a % COLUMNS in BRIDGE_COLUMNS


def _with_gaps(count: int, pieces: list[Edge], chance: random.Random) -> list[Edge]:
    """Leave some streets out, never one without which the town falls apart: arterials and a spanning tree stay."""
    parent = list(range(count))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    kept = []
    order = sorted(pieces, key=lambda p: (p.kind != "arterial", chance.random()))
    for piece in order:
        a, b = root(piece.a), root(piece.b)
        if a != b or piece.kind == "arterial" or chance.random() > _GAP_SHARE:
            parent[a] = b
            kept.append(piece)
    return sorted(kept, key=lambda p: (p.a, p.b))


class Driving:
    """Shortest drives in seconds between places, and their points for a map."""

    def __init__(self, roads: Roads) -> None:
        """Index the nodes by squares of the town, so that the nearest one is found at once."""
        self._roads = roads
        self._squares: dict[tuple[int, int], list[int]] = {}
        for index, (x, y) in enumerate(roads.nodes):
            self._squares.setdefault((int(x // 400), int(y // 400)), []).append(index)
        self._known: dict[tuple[int, int], tuple[float, tuple[int, ...]]] = {}

    def find_nearest(self, point: Xy) -> int:
        """Return the node nearest to a point."""
        column, row = int(point[0] // 400), int(point[1] // 400)
        for reach in range(1, 40):
            around = [
                node
                for x in range(column - reach, column + reach + 1)
                for y in range(row - reach, row + reach + 1)
                for node in self._squares.get((x, y), ())
            ]
            if around:
                return min(around, key=lambda n: math.dist(self._roads.nodes[n], point))
        return 0

    def shortest(self, a: int, b: int) -> tuple[float, tuple[int, ...]]:
        """Return seconds and nodes of the quickest way."""
        if (a, b) not in self._known:
            self._known[a, b] = self._search(a, b)
        return self._known[a, b]

    def _search(self, a: int, b: int) -> tuple[float, tuple[int, ...]]:
        nodes, goal = self._roads.nodes, self._roads.nodes[b]
        fastest = SPEED_M_S["arterial"]
        best, came = {a: 0.0}, {a: a}
        queue = [(math.dist(nodes[a], goal) / fastest, a)]
        while queue:
            _, node = heapq.heappop(queue)
            if node == b:
                break
            for neighbour, index in self._roads.joined[node]:
                piece = self._roads.edges[index]
                seconds = best[node] + piece.length_m / SPEED_M_S[piece.kind] + NODE_DELAY_S
                if seconds < best.get(neighbour, math.inf):
                    best[neighbour], came[neighbour] = seconds, node
                    heapq.heappush(queue, (seconds + math.dist(nodes[neighbour], goal) / fastest, neighbour))
        way = [b]
        while way[-1] != a:
            way.append(came[way[-1]])
        return best[b], tuple(reversed(way))

    def drive(self, start: LatLon, end: LatLon) -> tuple[int, tuple[tuple[int, float, float], ...]]:
        """Return the seconds of a drive door to door, and (second, lat, lon) at every corner."""
        a, b = to_xy(start), to_xy(end)
        first, last = self.find_nearest(a), self.find_nearest(b)
        total_s, way = self.shortest(first, last)
        points = [a, *(self._roads.nodes[n] for n in way), b]
        lengths = [math.dist(p, q) for p, q in itertools.pairwise(points)]
        # Corners are passed in proportion to the way driven: good enough for a dot on a map.
        seconds = START_UP_S + total_s + (lengths[0] + lengths[-1]) / SPEED_M_S["street"]
        passed, found = 0.0, []
        for point, length in zip(points, [0.0, *lengths], strict=True):
            passed += length
            share = passed / max(1.0, sum(lengths))
            found.append((round(START_UP_S + (seconds - START_UP_S) * share), *to_lat_lon(point)))
        return round(seconds), tuple(found)
