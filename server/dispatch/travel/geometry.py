"""Lengths between neighbouring points, element by element."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int32]
Index = npt.NDArray[np.int64]

RADIUS_M: Final = 6_371_008.8


def leg_m(lat_a: Floats, lon_a: Floats, lat_b: Floats, lon_b: Floats) -> Floats:
    """Return metres between points in degrees, element by element; meant for legs within a city."""
    north = np.radians(lat_b - lat_a)
    east = np.radians(lon_b - lon_a) * np.cos(np.radians((lat_a + lat_b) / 2))
    metres: Floats = RADIUS_M * np.hypot(north, east)
    return metres
