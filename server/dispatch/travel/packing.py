"""Time and way of a leg in one number, so that both are added up, compared and kept together.

Milliseconds × 2²⁴ + decimetres: both are whole and stay below 2⁵³, so sums are exact up to 149 hours and 1,677 km, and
of two ways of equal time the shorter one counts.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from server.dispatch.travel.geometry import Floats

_MS: Final = float(1 << 24)


def pack(seconds: Floats, metres: Floats) -> Floats:
    """Return packed legs; inf where there is no way."""
    known = np.isfinite(seconds)
    zero = np.zeros(seconds.shape)
    whole_ms = np.rint(np.multiply(seconds, 1000.0, where=known, out=zero.copy()))
    whole_dm = np.rint(np.multiply(metres, 10.0, where=known & np.isfinite(metres), out=zero))
    return np.where(known, whole_ms * _MS + whole_dm, np.inf)


def unpack(packed: Floats) -> tuple[Floats, Floats]:
    """Return seconds and metres of packed legs, all of which must be finite."""
    whole_ms = np.floor(packed / _MS)
    return whole_ms / 1000.0, (packed - whole_ms * _MS) / 10.0
