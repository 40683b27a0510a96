"""The dated settings of travel times: shared/catalog/travel-*.toml as frozen values."""

from __future__ import annotations

import datetime as dt
import functools
import tomllib
from typing import Final

import msgspec

from server.core import texts

_FILE: Final = "travel-2026.toml"
_ROADS: Final = "roads-2026.toml"
_KM_H: Final = 3.6


class CalibrationRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds of what a trip can be and what may be learnt from trips."""

    least_trips: int
    days: int
    refresh_every_s: int
    least_start_up_s: float
    most_start_up_s: float
    least_km_h: float
    most_km_h: float
    least_scale: float
    most_scale: float
    shortest_trip_m: float
    longest_trip_m: float
    longest_trip_s: int
    fastest_km_h: float
    position_fresh_s: int
    same_stop_s: int

    def pace_bounds(self, detour: float | None) -> tuple[float, float]:
        """Return least and most pace: seconds per straight metre at a detour factor, or (None) a scale of seconds."""
        if detour is None:
            return self.least_scale, self.most_scale
        return detour * _KM_H / self.most_km_h, detour * _KM_H / self.least_km_h


class OsrmRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How an OSRM server is asked: sizes, waits, retries, and when it is left alone."""

    table_limit: int
    connect_s: float
    read_s: float
    whole_s: float
    retries: int
    pause_s: float
    opens_after: int
    stays_open_s: float
    snap_limit_m: float
    most_places: int


class InstantRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an answer inside a transaction may still find out, and how long it may wait for it."""

    most_new_places: int
    wait_s: float
    prepare_s: float


class TravelRules(msgspec.Struct, frozen=True):
    """One edition; the figures of the straight line beside these are read by ``server.dispatch.rules``."""

    hour_bands: tuple[tuple[int, int], ...]
    calibration: CalibrationRules
    osrm: OsrmRules
    instant: InstantRules


@functools.cache
def travel_rules() -> TravelRules:
    """Return the rules in force. Raises msgspec.ValidationError for a broken file, at start."""
    return msgspec.convert(tomllib.loads(texts.read_data(_FILE).decode()), TravelRules)


class RoadRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One edition of how roads become driving times (shared/catalog/roads-*.toml)."""

    id: str
    edition: str
    effective_from: dt.date
    source: str
    signed_share: float
    least_km_h: float
    most_km_h: float
    junction_s: float
    start_up_s: float
    snap_limit_m: float
    access_km_h: float
    sample_m: float
    class_km_h: dict[str, float]


@functools.cache
def road_rules() -> RoadRules:
    """Return the rules in force. Raises msgspec.ValidationError for a broken file, at start."""
    return msgspec.convert(tomllib.loads(texts.read_data(_ROADS).decode()), RoadRules)
