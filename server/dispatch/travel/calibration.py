"""Learns start-up time and pace from the technicians' own trips: a line that one trip in four may contradict."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
import numpy as np

from routing.problem import Place
from server.dispatch.travel.geometry import Floats, leg_m
from server.dispatch.travel.rules import CalibrationRules, travel_rules

_KM_H: Final = 3.6
# Theil–Sen looks at all pairs; so many trips are enough for a first line.
_FIRST_LINE_OF: Final = 400
_ROUNDS: Final = 60
_SETTLED: Final = 1e-6
# Where Tukey's bisquare gives a trip no weight, in spreads, and the median deviation of normal errors. Breaks lie on
# one side only: a limit tighter than the usual 4.685 lessened their pull on the start-up time from 4.2 to 3.2 %.
_BISQUARE: Final = 3.0
_NORMAL_MAD: Final = 0.6745
_LEAST_SPREAD: Final = 0.01


@dataclasses.dataclass(frozen=True)
class Drive:
    """One trip as it was driven: from departure to arrival (Unix seconds), and the local hour of its start."""

    start: Place | None
    end: Place | None
    departed_s: float
    arrived_s: float
    hour: int


class Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line for some hours of the day: ``start_up_s`` + ``pace`` × length; ``error`` is the median relative one."""

    from_hour: int
    until_hour: int
    start_up_s: float
    pace: float
    trips: int
    error: float


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What trips have taught until a day: the whole day's line, lines of some hours, and trips that taught nothing."""

    made_on: str
    whole: Band | None = None
    bands: tuple[Band, ...] = ()
    ignored: dict[str, int] = {}

    def find_band(self, hour: int) -> Band | None:
        """Return the line for a local hour: its band's, else the whole day's, else None."""
        return next((band for band in self.bands if band.from_hour <= hour < band.until_hour), self.whole)

    @property
    def label(self) -> str:
        """Day, trips and error in short, such as ``2026-11-21 n=812 ±11%``; empty when nothing was learnt."""
        if self.whole is None:
            return ""
        return f"{self.made_on} n={self.whole.trips} ±{round(100 * self.whole.error)}%"


def sift(drives: Iterable[Drive], rules: CalibrationRules) -> tuple[list[Drive], dict[str, int]]:
    """Return the trips that can be believed, and how many were ignored for which reason."""
    kept, ignored = [], Counter[str]()
    for drive in drives:
        fault = find_fault(drive, rules)
        if fault:
            ignored[fault] += 1
        else:
            kept.append(drive)
    return kept, dict(ignored)


def find_fault(drive: Drive, rules: CalibrationRules) -> str:
    """Return why a trip cannot be believed, or nothing."""
    if drive.start is None or drive.end is None:
        return "no_place"
    lasted_s = drive.arrived_s - drive.departed_s
    metres = straight_m(drive)
    if not math.isfinite(lasted_s) or not math.isfinite(metres):
        return "not_a_number"
    if lasted_s <= 0:
        return "reversed"
    if metres < rules.shortest_trip_m:
        return "too_near"
    if metres > rules.longest_trip_m or lasted_s > rules.longest_trip_s:
        return "too_long"
    return "too_fast" if metres / lasted_s * _KM_H > rules.fastest_km_h else ""


def straight_m(drive: Drive) -> float:
    """Return the straight metres of a trip that has both places."""
    if drive.start is None or drive.end is None:
        return 0.0
    ends = (np.array([value]) for value in (drive.start.lat, drive.start.lon, drive.end.lat, drive.end.lon))
    return float(leg_m(*ends)[0])


def calibrate(
    lengths: Sequence[float],
    drives: Sequence[Drive],
    *,
    pace_bounds: tuple[float, float],
    rules: CalibrationRules,
    made_on: str,
    ignored: dict[str, int],
) -> Calibration:
    """Fit sifted trips, whole day and hour by hour; ``lengths`` are straight metres, or the road graph's seconds."""
    x = np.array(lengths, dtype=np.float64)
    y = np.array([drive.arrived_s - drive.departed_s for drive in drives], dtype=np.float64)
    hours = np.array([drive.hour for drive in drives], dtype=np.int64)

    def fitted(from_hour: int, until_hour: int) -> Band | None:
        chosen = (hours >= from_hour) & (hours < until_hour)
        if chosen.sum() < max(3, rules.least_trips):
            return None
        start_up_s, pace = fit_line(x[chosen], y[chosen], pace_bounds, rules)
        error = float(np.median(np.abs(start_up_s + pace * x[chosen] - y[chosen]) / y[chosen]))
        return Band(from_hour, until_hour, round(start_up_s, 1), pace, int(chosen.sum()), round(error, 4))

    bands = tuple(band for span in travel_rules().hour_bands if (band := fitted(*span)) is not None)
    return Calibration(made_on=made_on, whole=fitted(0, 24), bands=bands, ignored=ignored)


def fit_line(x: Floats, y: Floats, pace_bounds: tuple[float, float], rules: CalibrationRules) -> tuple[float, float]:
    """Return start-up seconds and pace of y ≈ start-up + pace × x, within bounds.

    Theil–Sen finds the first line, Tukey's bisquare over relative errors settles it: up to a quarter of the trips may
    be anything (a break on the way, a button pressed late).
    """
    start_up_s, pace = _first_line(x, y)
    for _ in range(_ROUNDS):
        expected = np.maximum(start_up_s + pace * x, 1.0)
        weight = _weights(y / expected - 1.0) / expected**2
        before, (start_up_s, pace) = (start_up_s, pace), _weighted_line(x, y, weight)
        if abs(pace - before[1]) <= _SETTLED * abs(pace) and abs(start_up_s - before[0]) <= _SETTLED * y.max():
            break
    return _bounded(x, y, start_up_s, pace, pace_bounds, rules)


def _first_line(x: Floats, y: Floats) -> tuple[float, float]:
    # Evenly through the trips in order of length, so that short and long ones are there.
    order = np.argsort(x, kind="stable")
    chosen = order[np.unique(np.linspace(0, len(x) - 1, min(len(x), _FIRST_LINE_OF)).astype(np.int64))]
    run, rise = np.subtract.outer(x[chosen], x[chosen]), np.subtract.outer(y[chosen], y[chosen])
    if not (run > 0).any():
        return 0.0, float(np.median(y) / max(float(x[0]), 1.0))
    pace = float(np.median(rise[run > 0] / run[run > 0]))
    return float(np.median(y - pace * x)), pace


def _weights(relative: Floats) -> Floats:
    spread = max(float(np.median(np.abs(relative))) / _NORMAL_MAD, _LEAST_SPREAD)
    u = np.clip(relative / (_BISQUARE * spread), -1.0, 1.0)
    weights: Floats = (1.0 - u**2) ** 2
    return weights


def _weighted_line(x: Floats, y: Floats, weight: Floats) -> tuple[float, float]:
    total = max(float(weight.sum()), 1e-300)
    middle_x, middle_y = float((weight * x).sum() / total), float((weight * y).sum() / total)
    spread = float((weight * (x - middle_x) ** 2).sum())
    if spread <= 0:
        return 0.0, middle_y / max(middle_x, 1.0)
    pace = float((weight * (x - middle_x) * (y - middle_y)).sum()) / spread
    return middle_y - pace * middle_x, pace


def _bounded(
    x: Floats, y: Floats, start_up_s: float, pace: float, pace_bounds: tuple[float, float], rules: CalibrationRules
) -> tuple[float, float]:
    """Clip to sane limits; when the start-up time had to be clipped the pace is found again with it fixed."""
    clipped = min(max(start_up_s, rules.least_start_up_s), rules.most_start_up_s)
    if clipped != start_up_s:
        pace = float(np.median((y - clipped) / np.maximum(x, 1.0)))
    bounded = min(max(pace, pace_bounds[0]), pace_bounds[1])
    if bounded != pace:
        clipped = float(np.clip(np.median(y - bounded * x), rules.least_start_up_s, rules.most_start_up_s))
    return clipped, bounded
