"""Driving on the road net: shortest times between snapped places, kept for every place that was asked for before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from routing.problem import Place
from routing.travel import Ints
from server.dispatch.travel.geometry import Floats, Index, Whole
from server.dispatch.travel.known import Known
from server.dispatch.travel.packing import pack, unpack
from server.dispatch.travel.roads import RoadNet
from server.dispatch.travel.roadtimes import RoadTimes
from server.dispatch.travel.rules import RoadRules
from server.dispatch.travel.snapping import Snapper
from shared.errors import DomainError

_MOST_PLACES: Final = 3000
# Some 0.2 s of searching: so long may somebody who cannot wait find the search taken.
_AT_ONCE: Final = 32


class RoadGraph:
    """Travel times on a road net. One new place costs two searches; a place known before costs nothing.

    Places that lie off the road, and legs without a way, raise DomainError; nothing is answered for them.
    """

    def __init__(self, net: RoadNet, rules: RoadRules) -> None:
        """Keep the net; driving takes as long as its roads say, with the rules' start-up time for every trip."""
        self.net = net
        self.quality = f"roadgraph {net.data_date or 'undated'} {net.source_hash[:6]}"
        self._rules = rules
        self._snapper = Snapper(net, rules.sample_m)
        self._known = Known(_Legs(net, self._snapper).find, _MOST_PLACES, _AT_ONCE)

    def learn(self, places: Sequence[Place], wait_s: float | None) -> bool:
        """Search for what is new among the places; False when another search is not over in time.

        Raises DomainError ``place_off_road``.
        """
        points, _ = self._on_road(places)
        return self._known.learn(points, wait_s)

    def list_drives_s(self, starts: Sequence[Place], ends: Sequence[Place]) -> list[float | None]:
        """Return pure driving seconds of single trips, uncalibrated; None for one that leaves the road.

        Searches with arrays of its own, so nobody waits for it; nothing is remembered.
        """
        legs = _Legs(self.net, self._snapper)
        begins, begin_off_m = self._snapper.snap(starts)
        stops, stop_off_m = self._snapper.snap(ends)
        is_near = np.maximum(begin_off_m, stop_off_m) <= self._rules.snap_limit_m
        drives: list[float | None] = [None] * len(begins)
        for trip in np.flatnonzero(is_near):
            packed = legs.find(begins[trip : trip + 1], stops[trip : trip + 1])
            if np.isfinite(packed).all():
                drives[trip] = float(unpack(packed)[0][0, 0])
        return drives

    def off_road(self, places: Sequence[Place]) -> list[tuple[int, float]]:
        """Return the positions in ``places`` that lie farther from any road than the limit, with the metres."""
        _, off_m = self._snapper.snap(places)
        return [(int(i), float(off_m[i])) for i in np.flatnonzero(off_m > self._rules.snap_limit_m)]

    def count_new(self, places: Sequence[Place]) -> int:
        """Return how many of the places would need searches of their own."""
        points, _ = self._snapper.snap(places)
        return len(self._known.missing(points))

    def matrix(self, sources: Sequence[Place], targets: Sequence[Place], when_s: int) -> tuple[Ints, Ints]:
        """Return seconds and metres of shape (sources, targets).

        Raises DomainError ``place_off_road`` or ``place_unreachable``, which name the place.
        """
        return self.times([*sources, *targets]).matrix(sources, targets, when_s)

    def times(self, places: Sequence[Place]) -> RoadTimes:
        """Return the times between these places, searching for those that are new. Raises ``place_off_road``."""
        points, off_m = self._on_road(places)
        legs, rows = self._known.look_up(points)
        return RoadTimes(
            dict(zip(places, range(len(places)), strict=True)), legs, rows, off_m, self._rules, self.quality
        )

    def _on_road(self, places: Sequence[Place]) -> tuple[Index, Floats]:
        points, off_m = self._snapper.snap(places)
        far = np.flatnonzero(off_m > self._rules.snap_limit_m)
        if len(far):
            place = places[int(far[0])]
            raise DomainError("place_off_road", lat=place.lat, lon=place.lon, metres=round(float(off_m[far[0]])))
        return points, off_m


class _Search:
    """Dijkstra from a point on a piece of road, over a graph that keeps one spare junction for that point."""

    def __init__(self, net: RoadNet, *, is_reversed: bool = False) -> None:
        tails, heads, seconds, metres = net.links()
        if is_reversed:
            tails, heads = heads, tails
        tails, heads, packed = _fastest(tails, heads, pack(seconds, metres))
        self._start = net.junctions
        counts = np.bincount(tails, minlength=net.junctions)
        indptr = np.concatenate([[0], np.cumsum(counts), [len(packed) + 2]]).astype(np.int32)
        indices = np.append(heads, [self._start, self._start]).astype(np.int32)
        data = np.append(packed, [np.inf, np.inf])
        self._graph = csr_matrix((data, indices, indptr), shape=(net.junctions + 1, net.junctions + 1))

    def run(self, ends: Index, costs: Floats) -> Floats:
        """Return the packed cost to every junction from a point joined to two junctions at given packed costs."""
        data, indices = self._graph.data, self._graph.indices
        if ends[0] == ends[1]:
            data[-2:], indices[-2:] = [costs.min(), np.inf], [ends[0], self._start]
        else:
            data[-2:] = costs
            indices[-2:] = np.where(np.isfinite(costs), ends, self._start)
        row: Floats = dijkstra(self._graph, directed=True, indices=self._start)
        return row[:-1]


def _fastest(tails: Whole, heads: Whole, packed: Floats) -> tuple[Whole, Whole, Floats]:
    """Order edges by their ends and keep the fastest of parallel ones."""
    order = np.lexsort((packed, heads, tails))
    tails, heads, packed = tails[order], heads[order], packed[order]
    is_first = np.append([True], (np.diff(tails) != 0) | (np.diff(heads) != 0))[: len(tails)]
    return tails[is_first], heads[is_first], packed[is_first]


class _Legs:
    """Searches between road points, from whichever side has fewer of them."""

    def __init__(self, net: RoadNet, snapper: Snapper) -> None:
        self._snapper = snapper
        self._ahead, self._back = _Search(net), _Search(net, is_reversed=True)

    def find(self, sources: Index, targets: Index) -> Floats:
        """Return packed legs of shape (sources, targets); one caller at a time."""
        if len(targets) < len(sources):
            return self._search(targets, sources, is_reversed=True).T
        return self._search(sources, targets, is_reversed=False)

    def _search(self, begins: Index, ends: Index, *, is_reversed: bool) -> Floats:
        begin, end = self._snapper.joins(begins), self._snapper.joins(ends)
        search = self._back if is_reversed else self._ahead
        leave = pack(begin.into_s if is_reversed else begin.out_s, begin.metres)
        enter = pack(end.out_s if is_reversed else end.into_s, end.metres)
        found = np.empty((len(begins), len(ends)))
        for index in range(len(begins)):
            row = search.run(begin.node[index], leave[index])
            found[index] = np.min(row[end.node] + enter, axis=1)
        return np.minimum(found, self._along(begins, ends, is_reversed=is_reversed))

    def _along(self, begins: Index, ends: Index, *, is_reversed: bool) -> Floats:
        """Return the packed cost of staying on one piece of road; inf for points of different pieces."""
        if is_reversed:
            return pack(*self._snapper.direct(ends, begins)).T
        return pack(*self._snapper.direct(begins, ends))
