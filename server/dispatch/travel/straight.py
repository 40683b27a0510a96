"""Straight lines at the pace that the technicians' own trips have shown, hour by hour."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Sequence
from typing import Final

import numpy as np

from routing.problem import Place, Profile
from routing.travel import SAME_BUILDING_M, UNREACHABLE_S, Ints, StraightLine, distances_m
from server.dispatch.travel.calibration import Band, Calibration

STRAIGHT: Final = "straight"


class CalibratedLine:
    """Start-up time plus straight distance at the pace of the hour; the catalog's profile where trips are too few."""

    def __init__(self, profile: Profile, calibration: Calibration | None, time_zone: str, note: str = "") -> None:
        """``note`` is appended to the provenance, such as ``(osrm failed: timeout)``."""
        label = calibration.label if calibration else ""
        self.quality = " ".join(part for part in (STRAIGHT, label, note) if part)
        self._profile, self._calibration, self._zone = profile, calibration, time_zone

    def matrix(self, sources: Sequence[Place], targets: Sequence[Place], when_s: int) -> tuple[Ints, Ints]:
        """Return seconds (rounded up) and road metres of shape (sources, targets) for leaving at ``when_s``."""
        band = self._calibration.find_band(local_hour(when_s, self._zone)) if self._calibration else None
        if band is None:
            return StraightLine(self._profile).matrix(sources, targets, when_s)
        return _along(band, self._profile.detour, sources, targets)


def local_hour(when_s: int, time_zone: str) -> int:
    """Return the local hour (0 to 23) of a moment in Unix seconds."""
    return dt.datetime.fromtimestamp(when_s, zoneinfo.ZoneInfo(time_zone)).hour


def _along(band: Band, detour: float, sources: Sequence[Place], targets: Sequence[Place]) -> tuple[Ints, Ints]:
    straight_m = distances_m(sources, targets)
    seconds = np.minimum(np.ceil(band.start_up_s + band.pace * straight_m), UNREACHABLE_S)
    metres = np.rint(straight_m * detour)
    same = straight_m <= SAME_BUILDING_M
    seconds[same], metres[same] = 0, 0
    return seconds.astype(np.int32), metres.astype(np.int32)
