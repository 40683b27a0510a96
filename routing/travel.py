"""Travel times between places: the protocol every provider fulfils, and the straight-line provider."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from routing.problem import Place, Profile
from shared.errors import DomainError

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

# A provider writes this many seconds where no road leads; nothing is planned over such a leg.
UNREACHABLE_S = 2_000_000_000
# Two places nearer than this are one building: no driving and no start-up (a second flat on the same stairs).
SAME_BUILDING_M = 15.0

_SEMI_MAJOR_M = 6_378_137.0
_ECCENTRICITY_SQUARED = 0.006_694_379_990_14
_MEAN_RADIUS_M = 6_371_008.8
# Up to this span the local ellipsoid stays within 0.01 % of the geodesic; beyond it the sphere is the better answer.
_LOCAL_SPAN_RAD = np.radians(1.0)


class TravelTimes(Protocol):
    """Driving between places at a time of day."""

    @property
    def quality(self) -> str:
        """Provenance of the figures, such as ``straight``; every plan repeats it."""

    def matrix(self, sources: Sequence[Place], targets: Sequence[Place], when_s: int) -> tuple[Ints, Ints]:
        """Return seconds and metres, both int32 of shape (sources, targets), for leaving at ``when_s``."""


class StraightLine:
    """Straight lines stretched by a detour factor, at one speed, plus a start-up time for each trip."""

    quality = "straight"

    def __init__(self, profile: Profile) -> None:
        """Keep the profile; it is data of the caller."""
        self._profile = profile

    def matrix(self, sources: Sequence[Place], targets: Sequence[Place], when_s: int) -> tuple[Ints, Ints]:
        """Return seconds (rounded up) and road metres of shape (sources, targets); ``when_s`` plays no part."""
        del when_s
        straight_m = distances_m(sources, targets)
        road_m = straight_m * self._profile.detour
        seconds = np.ceil(road_m / self._profile.speed_m_s) + self._profile.start_up_s
        same = straight_m <= SAME_BUILDING_M
        seconds[same] = 0.0
        road_m[same] = 0.0
        return np.minimum(seconds, UNREACHABLE_S).astype(np.int32), np.rint(road_m).astype(np.int32)


class GivenMatrix:
    """A matrix that the caller already holds: measured, fetched elsewhere, or part of a benchmark."""

    def __init__(
        self,
        places: Sequence[Place],
        seconds: npt.NDArray[np.generic],
        metres: npt.NDArray[np.generic] | None = None,
        *,
        quality: str,
    ) -> None:
        """Keep seconds (rounded up) and metres (zeros when not given) of shape (places, places).

        Raises DomainError ``problem_invalid`` for a wrong shape, a negative or missing figure, a leg above
        ``UNREACHABLE_S``, or one place named twice with different rows.
        """
        self.quality = quality
        self._seconds = _whole(seconds, len(places), "travel_s")
        self._metres = np.zeros_like(self._seconds) if metres is None else _whole(metres, len(places), "travel_m")
        self._index: dict[Place, int] = {}
        for row, place in enumerate(places):
            first = self._index.setdefault(place, row)
            if first != row and not np.array_equal(self._seconds[first], self._seconds[row]):
                raise DomainError("problem_invalid", field="travel_s", id=str(row), reason="place_named_twice")

    def matrix(self, sources: Sequence[Place], targets: Sequence[Place], when_s: int) -> tuple[Ints, Ints]:
        """Return the rows and columns asked for; raise DomainError ``place_unknown`` for a place it was not given."""
        del when_s
        rows = self._numbers(sources)
        columns = rows if targets is sources else self._numbers(targets)
        return self._seconds[rows[:, None], columns], self._metres[rows[:, None], columns]

    def _numbers(self, places: Sequence[Place]) -> npt.NDArray[np.intp]:
        try:
            return np.fromiter((self._index[place] for place in places), dtype=np.intp, count=len(places))
        except KeyError as unknown:
            place = unknown.args[0]
            raise DomainError("place_unknown", lat=place.lat, lon=place.lon) from unknown


def _whole(figures: npt.NDArray[np.generic], count: int, field: str) -> Ints:
    values = np.asarray(figures)
    if values.shape != (count, count) or values.dtype.kind not in "iuf":
        raise DomainError("problem_invalid", field=field, id="", reason=f"shape_is_not {count}×{count}")
    # NaN fails this comparison too.
    wrong = np.argwhere(~((values >= 0) & (values <= UNREACHABLE_S)))
    if len(wrong):
        raise DomainError("problem_invalid", field=field, id="{},{}".format(*wrong[0]), reason="out_of_range")
    return np.ceil(values).astype(np.int32) if values.dtype.kind == "f" else values.astype(np.int32)


def distances_m(sources: Sequence[Place], targets: Sequence[Place]) -> Floats:
    """Return straight-line metres of shape (sources, targets) on the WGS-84 ellipsoid."""
    lat_a, lon_a = (axis[:, None] for axis in _radians(sources))
    lat_b, lon_b = (axis[None, :] for axis in _radians(targets))
    d_lat = lat_b - lat_a
    d_lon = lon_b - lon_a
    metres = _local_ellipsoid_m(lat_a, lat_b, d_lat, d_lon)
    if max(_span(lat_a, lat_b), _span(lon_a, lon_b)) > _LOCAL_SPAN_RAD:
        far = (np.abs(d_lat) > _LOCAL_SPAN_RAD) | (np.abs(d_lon) > _LOCAL_SPAN_RAD)
        metres = np.where(far, _haversine_m(lat_a, lat_b, d_lat, d_lon), metres)
    return metres


def parse_profiles(text: str) -> Mapping[str, Profile]:
    """Read named profiles from TOML text; raise DomainError ``problem_invalid`` naming what is wrong."""
    try:
        tables = tomllib.loads(text)
        fields = Profile.__struct_fields__
        return {
            name: msgspec.convert({key: table[key] for key in fields if key in table}, Profile)
            for name, table in tables.items()
        }
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, TypeError) as error:
        raise DomainError("problem_invalid", field="profile", id="", reason=str(error)) from error


def _radians(places: Sequence[Place]) -> tuple[Floats, Floats]:
    degrees = np.array([(place.lat, place.lon) for place in places], dtype=np.float64).reshape(-1, 2)
    return np.radians(degrees[:, 0]), np.radians(degrees[:, 1])


def _span(one: Floats, other: Floats) -> float:
    both = np.concatenate([one.ravel(), other.ravel()])
    return float(np.ptp(both)) if both.size else 0.0


def _local_ellipsoid_m(lat_a: Floats, lat_b: Floats, d_lat: Floats, d_lon: Floats) -> Floats:
    # Half-angle identities: sines and cosines per place, none per pair, which is what a matrix spends its time on.
    cos_double = np.cos(lat_a) * np.cos(lat_b) - np.sin(lat_a) * np.sin(lat_b)
    bend = 1.0 - _ECCENTRICITY_SQUARED * (1.0 - cos_double) / 2
    north = d_lat * ((1.0 - _ECCENTRICITY_SQUARED) / bend)
    east_squared = d_lon * d_lon * ((1.0 + cos_double) / 2)
    metres: Floats = _SEMI_MAJOR_M * np.sqrt((north * north + east_squared) / bend)
    return metres


def _haversine_m(lat_a: Floats, lat_b: Floats, d_lat: Floats, d_lon: Floats) -> Floats:
    chord = np.sin(d_lat / 2) ** 2 + np.cos(lat_a) * np.cos(lat_b) * np.sin(d_lon / 2) ** 2
    metres: Floats = 2 * _MEAN_RADIUS_M * np.arcsin(np.sqrt(np.clip(chord, 0.0, 1.0)))
    return metres
