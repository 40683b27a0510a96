"""Joins reports of gas near each other in space and time: two facts that nobody joined have killed (beyond 6)."""

from __future__ import annotations

import datetime as dt
import math
from typing import Final, Self

import msgspec

from shared import data_file

_METRES_PER_DEGREE: Final = 111_195.0


class Ring(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How near in metres and seconds two reports must lie; `raises` makes emergencies of both."""

    radius_m: int
    within_s: int
    raises: bool


class Joining(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rings of one dated edition."""

    id: str
    edition: str
    effective_from: dt.date
    ring: tuple[Ring, ...]

    @classmethod
    def from_toml(cls, data: bytes) -> Self:
        """Return the rings of a file. Raises DomainError `triage_rules_invalid`."""
        return data_file.read(data, cls, "triage_rules_invalid")

    @property
    def longest_s(self) -> int:
        """Return how far back any ring looks."""
        return max((ring.within_s for ring in self.ring), default=0)

    @property
    def widest_deg(self) -> float:
        """Return the degrees of latitude that the widest ring reaches."""
        return max((ring.radius_m for ring in self.ring), default=0) / _METRES_PER_DEGREE


def find_ring(rules: Joining, distance_m: float, apart_s: float) -> Ring | None:
    """Return the ring in which two reports lie, one that raises before one that is only shown; None for neither."""
    inside = [ring for ring in rules.ring if distance_m <= ring.radius_m and apart_s <= ring.within_s]
    return min(inside, key=lambda ring: not ring.raises, default=None)


def distance_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the metres between two places (WGS-84 latitude, longitude), exact enough within a town."""
    north = (a[0] - b[0]) * _METRES_PER_DEGREE
    east = (a[1] - b[1]) * _METRES_PER_DEGREE * math.cos(math.radians((a[0] + b[0]) / 2))
    return math.hypot(north, east)
