"""Times between places whose legs on the road are known: what the planner asks, row by row."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from routing.problem import Place
from routing.travel import SAME_BUILDING_M, Ints, distances_m
from server.dispatch.travel.geometry import Floats, Index
from server.dispatch.travel.packing import unpack
from server.dispatch.travel.rules import RoadRules
from shared.errors import DomainError

_KM_H_PER_M_S: Final = 3.6


class RoadTimes:
    """Travel times between places of one road graph, all of them found already: nothing is searched, nothing waits."""

    def __init__(
        self, index: Mapping[Place, int], legs: Floats, rows: Index, off_m: Floats, rules: RoadRules, quality: str
    ) -> None:
        """``rows[index[place]]`` is a place's row in the packed ``legs``, ``off_m`` how far it lies from its road."""
        self.quality = quality
        self._index, self._legs, self._rows, self._off_m = index, legs, rows, off_m
        self._access_m_s = rules.access_km_h / _KM_H_PER_M_S
        self._start_up_s, self._scale = rules.start_up_s, 1.0

    def paced(self, start_up_s: float, scale: float, label: str) -> RoadTimes:
        """Return these times with what trips have taught: start-up seconds, driven over computed time, provenance."""
        other = self.noted(label)
        other._start_up_s, other._scale = start_up_s, scale  # noqa: SLF001 - its own kind
        return other

    def noted(self, note: str) -> RoadTimes:
        """Return these times with a remark in their provenance."""
        other = copy.copy(self)
        other.quality = f"{self.quality} {note}"
        return other

    def matrix(self, sources: Sequence[Place], targets: Sequence[Place], when_s: int) -> tuple[Ints, Ints]:
        """Return seconds and metres of shape (sources, targets).

        Raises DomainError ``place_unknown`` for a place that these times are not about, and ``place_unreachable``.
        """
        del when_s
        at = self._numbers(sources)
        to = at if targets is sources else self._numbers(targets)
        packed = self._legs[self._rows[at][:, None], self._rows[to]]
        _check_reached(packed, sources, targets)
        drive_s, metres = unpack(packed)
        off_m = self._off_m[at][:, None] + self._off_m[to]
        seconds = np.ceil(drive_s * self._scale + off_m / self._access_m_s + self._start_up_s)
        metres = np.rint(metres + off_m)
        same = distances_m(sources, targets) <= SAME_BUILDING_M
        seconds[same], metres[same] = 0, 0
        return seconds.astype(np.int32), metres.astype(np.int32)

    def _numbers(self, places: Sequence[Place]) -> Index:
        index = self._index
        try:
            return np.array([index[place] for place in places], dtype=np.int64)
        except KeyError as unknown:
            place = unknown.args[0]
            raise DomainError("place_unknown", lat=place.lat, lon=place.lon) from unknown


def _check_reached(packed: Floats, sources: Sequence[Place], targets: Sequence[Place]) -> None:
    if np.isfinite(packed).all():
        return
    row, column = np.argwhere(~np.isfinite(packed))[0]
    a, b = sources[row], targets[column]
    raise DomainError("place_unreachable", lat=a.lat, lon=a.lon, to_lat=b.lat, to_lon=b.lon)
