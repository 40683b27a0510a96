"""Who plays in a run, and what happens: the generated town's day, or a day of imported orders."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

Point = tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Drive:
    """A drive on the run's roads: seconds, and points with the second at which each is passed."""

    seconds: int
    points: tuple[tuple[int, float, float], ...]


@dataclasses.dataclass(frozen=True)
class Crew:
    """A technician who plays: his row for the server, shifts in Unix ms, and the instrument he reads with."""

    id: str
    name: str
    row: dict[str, Any]
    shifts: tuple[tuple[int, int], ...]
    start: Point
    instrument_serial: str
    instrument_valid_until: str


@dataclasses.dataclass(frozen=True)
class Truth:
    """What the technician finds, known to nobody before: how long, how it ends, whether somebody signs."""

    duration_s: int
    outcome: str
    has_access: bool = True
    signs: bool = True
    waive_reason: str = ""
    relation: str = "self"
    opinion: str = ""


@dataclasses.dataclass(frozen=True)
class Call:
    """One report at its time (Unix ms): the body for the intake, and the truth behind it."""

    at_ms: int
    ref: str
    report: dict[str, Any]
    truth: Truth


@dataclasses.dataclass(frozen=True)
class Play:
    """A whole run: company, people, customers, calls, roads; all from one seed."""

    name: dict[str, str]
    center: Point
    start_ms: int
    end_ms: int
    time_zone: str
    crews: tuple[Crew, ...]
    customers: tuple[dict[str, Any], ...]
    calls: tuple[Call, ...]
    drive: Callable[[Point, Point], Drive]
    basemap: dict[str, Any]
    overrides: dict[str, str]
