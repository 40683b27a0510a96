"""Puts places on the road: the nearest sampled point of a road, how far off it lies, and how it joins the junctions."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from routing.problem import Place
from server.dispatch.travel.geometry import RADIUS_M, Floats, Index, leg_m
from server.dispatch.travel.roads import RoadNet

_MOST_REMEMBERED = 20_000


@dataclasses.dataclass(frozen=True)
class Joins:
    """How points on pieces of road join the two ends: seconds and metres, each of shape (points, 2) for ends a, b.

    ``out`` leads from the point to the end, ``into`` from the end to the point; inf where that is not allowed.
    """

    node: Index
    out_s: Floats
    into_s: Floats
    metres: Floats


class Snapper:
    """Finds the road point of a place. Points stand every ``sample_m`` metres on every piece of the net."""

    def __init__(self, net: RoadNet, sample_m: float) -> None:
        """Sample the net and build the search tree; some 50 ms for a city."""
        self._net = net
        self._middle = float(net.node_lat.mean()), float(net.node_lon.mean())
        lat, lon, self.piece, self.along_m = _sampled(net, sample_m)
        self._snapped: dict[Place, tuple[int, float]] = {}
        self._tree = cKDTree(self._flat(lat, lon))

    def snap(self, places: Sequence[Place]) -> tuple[Index, Floats]:
        """Return for each place the number of its road point and the metres that lie between."""
        if len(self._snapped) > _MOST_REMEMBERED:
            self._snapped = {}
        # Another thread may begin a new dictionary meanwhile: this call stays with its own.
        snapped = self._snapped
        new = [place for place in dict.fromkeys(places) if place not in snapped]
        if new:
            degrees = np.array([(place.lat, place.lon) for place in new], dtype=np.float64)
            off_m, point = self._tree.query(self._flat(degrees[:, 0], degrees[:, 1]))
            snapped.update(zip(new, zip(point.tolist(), off_m.tolist(), strict=True), strict=True))
        found = [snapped[place] for place in places]
        return np.array([one[0] for one in found], dtype=np.int64), np.array([one[1] for one in found])

    def joins(self, points: Index) -> Joins:
        """Return how road points join the ends of their pieces."""
        piece = self.piece[points]
        length = self._net.length_m[piece]
        share = np.divide(self.along_m[points], length, out=np.zeros(len(points)), where=length > 0)
        # Rounded, so that a point at an end is exactly there.
        share = np.round(share, 6)
        shares = np.column_stack([share, 1.0 - share])
        return Joins(
            node=np.column_stack([self._net.piece_a[piece], self._net.piece_b[piece]]).astype(np.int64),
            out_s=_part(np.column_stack([self._net.backward_s[piece], self._net.forward_s[piece]]), shares),
            into_s=_part(np.column_stack([self._net.forward_s[piece], self._net.backward_s[piece]]), shares),
            metres=shares * length[:, None],
        )

    def direct(self, sources: Index, targets: Index) -> tuple[Floats, Floats]:
        """Return seconds and metres, shape (sources, targets), of staying on one piece of road; inf where none does."""
        ahead_m = self.along_m[targets][None, :] - self.along_m[sources][:, None]
        is_same = self.piece[sources][:, None] == self.piece[targets][None, :]
        seconds, metres = np.full(ahead_m.shape, np.inf), np.abs(ahead_m)
        row, column = np.nonzero(is_same)
        piece = self.piece[sources][row]
        drive_s = np.where(ahead_m[row, column] > 0, self._net.forward_s[piece], self._net.backward_s[piece])
        length = np.maximum(self._net.length_m[piece], 1.0)
        # Where one stands already no direction matters.
        moves = metres[row, column] > 0
        share = metres[row, column] / length
        seconds[row, column] = np.where(moves, np.multiply(drive_s, share, where=moves, out=np.zeros(len(row))), 0.0)
        return seconds, metres

    def _flat(self, lat: Floats, lon: Floats) -> Floats:
        """Return metres north and east of the middle; exact enough for a search among neighbours."""
        north = np.radians(lat - self._middle[0]) * RADIUS_M
        east = np.radians(lon - self._middle[1]) * np.cos(np.radians(lat)) * RADIUS_M
        return np.column_stack([north, east])


def _part(seconds: Floats, shares: Floats) -> Floats:
    # Who stands at an end of the piece is there already, whatever the direction.
    return np.where(shares > 0, np.multiply(seconds, shares, where=shares > 0, out=np.zeros(shares.shape)), 0.0)


def _sampled(net: RoadNet, sample_m: float) -> tuple[Floats, Floats, Index, Floats]:
    """Return latitude, longitude, piece, and metres along the piece of points at most ``sample_m`` apart."""
    piece_of, along, leg, is_leg = _walk(net)
    begin = np.flatnonzero(is_leg)
    count = np.maximum(1, np.ceil(leg[begin] / sample_m)).astype(np.int64)
    which = np.repeat(begin, count)
    step = (np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)) / np.repeat(count, count)
    last = np.flatnonzero(~is_leg)
    lat = net.shape_lat[which] + step * (net.shape_lat[which + 1] - net.shape_lat[which])
    lon = net.shape_lon[which] + step * (net.shape_lon[which + 1] - net.shape_lon[which])
    return (
        np.append(lat, net.shape_lat[last]),
        np.append(lon, net.shape_lon[last]),
        np.append(piece_of[which], piece_of[last]),
        np.append(along[which] + step * leg[which], along[last]),
    )


def _walk(net: RoadNet) -> tuple[Index, Floats, Floats, Any]:
    """Return for each shape point: its piece, metres since the piece's begin, the leg that follows, is there one."""
    starts = net.shape_from.astype(np.int64)
    piece_of = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    lat, lon = net.shape_lat, net.shape_lon
    leg = np.append(leg_m(lat[:-1], lon[:-1], lat[1:], lon[1:]), 0.0)
    is_leg = np.ones(len(lat), dtype=bool)
    is_leg[starts[1:] - 1] = False
    leg[~is_leg] = 0.0
    before = np.concatenate([[0.0], np.cumsum(leg)[:-1]])
    return piece_of, before - before[starts[:-1]][piece_of], leg, is_leg
