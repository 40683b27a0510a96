"""Driving times of an OSRM server, kept for every place asked for before, behind a circuit breaker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from routing.problem import Place
from routing.travel import SAME_BUILDING_M, GivenMatrix, distances_m
from server.core import clock
from server.dispatch.travel.breaker import Breaker
from server.dispatch.travel.geometry import Floats, Index
from server.dispatch.travel.known import Known
from server.dispatch.travel.osrm import OsrmTables
from server.dispatch.travel.packing import pack, unpack
from server.dispatch.travel.rules import OsrmRules
from shared.errors import DomainError

# Places are one when they agree to 1e-4 degrees, some 11 m: a parked van asks nothing new.
_PER_DEGREE: Final = 10_000
_LON_ROOM: Final = 10_000_000


class RemoteTimes:
    """Tables of an OSRM server between known places; what is known needs no network."""

    def __init__(self, tables: OsrmTables, rules: OsrmRules, start_up_s: float) -> None:
        """``start_up_s`` is added to every trip: the server tells driving alone."""
        self._tables, self._rules, self._start_up_s = tables, rules, start_up_s
        self.breaker = Breaker(rules.opens_after, rules.stays_open_s, clock.mono_s)
        self._known = Known(self._ask, rules.most_places, rules.most_places)

    @property
    def quality(self) -> str:
        """Provenance: provider and the date of the server's data where it tells one."""
        return f"osrm {self._tables.data_version or 'undated'}"

    def count_new(self, places: Sequence[Place]) -> int:
        """Return how many of the places the server would have to be asked about."""
        return len(self._known.missing(_points(places)))

    def given(self, places: Sequence[Place]) -> GivenMatrix:
        """Return the whole matrix between the places, asking the server about new ones.

        Raises DomainError ``travel_failed``, ``place_off_road``, ``place_unreachable``: never a part of a matrix.
        """
        unique = list(dict.fromkeys(places))
        points = _points(unique)
        packed = self._known.between(points, points)
        lost = np.argwhere(~np.isfinite(packed))
        if len(lost):
            a, b = unique[lost[0][0]], unique[lost[0][1]]
            raise DomainError("place_unreachable", lat=a.lat, lon=a.lon, to_lat=b.lat, to_lon=b.lon)
        drive_s, metres = unpack(packed)
        seconds = np.ceil(drive_s + self._start_up_s)
        same = distances_m(unique, unique) <= SAME_BUILDING_M
        seconds[same], metres[same] = 0.0, 0.0
        return GivenMatrix(unique, seconds, np.rint(metres), quality=self.quality)

    def _ask(self, sources: Index, targets: Index) -> Floats:
        if not len(sources) or not len(targets):
            return np.zeros((len(sources), len(targets)))
        if not self.breaker.try_enter():
            raise DomainError("travel_failed", provider="osrm", reason="circuit_open", may_pass=False)
        try:
            legs = self._tables.find_legs(_places(sources), _places(targets))
        except DomainError as failed:
            # A place off the road is no fault of the server.
            if failed.code == "travel_failed":
                self.breaker.fail()
            else:
                self.breaker.succeed()
            raise
        self.breaker.succeed()
        return pack(*legs)


def _points(places: Sequence[Place]) -> Index:
    return np.array([_point(place) for place in places], dtype=np.int64)


def _point(place: Place) -> int:
    lat, lon = round((place.lat + 90) * _PER_DEGREE), round((place.lon + 180) * _PER_DEGREE)
    return lat * _LON_ROOM + lon


def _places(points: Index) -> list[Place]:
    lats, lons = np.divmod(points, _LON_ROOM)
    return [
        Place(lat=lat / _PER_DEGREE - 90, lon=lon / _PER_DEGREE - 180)
        for lat, lon in zip(lats.tolist(), lons.tolist(), strict=True)
    ]
