"""The laws of the replay, those of the published baseline: who calls, how long a job lasts, how fast a crew drives."""

from __future__ import annotations

import csv
import datetime as dt
import math
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SPEED_M_S: Final = 22 / 3.6
DETOUR: Final = 1.35
HAND_OVER_S: Final = 120.0
MEDIAN_JOB_S: Final = 45 * 60
SIGMA: Final = 0.45
MEAN_JOB_S: Final = MEDIAN_JOB_S * math.exp(SIGMA**2 / 2)
METRES_PER_DEGREE: Final = 111_195
PACE: Final = DETOUR / SPEED_M_S
_COS_LAT: Final = math.cos(math.radians(40.7))
_PLACE_SEED: Final = 1
_JOB_SEED: Final = 7
_SECONDS_A_DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls in time order: ``at_s[n]`` (epoch seconds), ``hour[n]`` of the day, ``place_m[n, 2]`` north and east."""

    at_s: Floats
    hour: list[int]
    place_m: Floats

    def __len__(self) -> int:
        return len(self.at_s)

    @property
    def days(self) -> float:
        """Days from the first call to the last."""
        return float(self.at_s[-1] - self.at_s[0]) / _SECONDS_A_DAY

    def first(self, count: int) -> Calls:
        """Return the first calls alone."""
        return Calls(self.at_s[:count], self.hour[:count], self.place_m[:count])


def read_calls(path: Path) -> Calls:
    """Return the calls inside the city's box, in time order. Raises OSError, ValueError for a file that is none."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = [
            (dt.datetime.fromisoformat(row["incident_datetime"][:19]), float(row["lat"]), float(row["lon"]))
            for row in csv.DictReader(file)
        ]
    kept = sorted((t.timestamp(), lat, lon, t.hour) for t, lat, lon in rows if _is_inside(lat, lon))
    places = np.array([(lat * METRES_PER_DEGREE, lon * METRES_PER_DEGREE * _COS_LAT) for _, lat, lon, _ in kept])
    return Calls(np.array([row[0] for row in kept]), [row[3] for row in kept], places)


def _is_inside(lat: float, lon: float) -> bool:
    return 40.45 < lat < 40.95 and -74.3 < lon < -73.65


def start_places_m(calls: Calls, crews: int) -> Floats:
    """Return where the crews stand at the beginning, shape (crews, 2): places of calls drawn from seed 1."""
    chance = random.Random(_PLACE_SEED)
    return calls.place_m[[chance.randrange(len(calls)) for _ in range(crews)]].copy()


def draw_jobs_s(count: int) -> list[float]:
    """Return the true job lengths in the order of the calls, from seed 7: no rule may look at them before the end."""
    chance = random.Random(_JOB_SEED)
    return [chance.lognormvariate(math.log(MEDIAN_JOB_S), SIGMA) for _ in range(count)]


def travel_s(sources_m: Floats, targets_m: Floats) -> Floats:
    """Return seconds of shape (sources, targets), hand-over included."""
    gap = sources_m[:, None, :] - targets_m[None, :, :]
    seconds: Floats = HAND_OVER_S + PACE * np.hypot(gap[..., 0], gap[..., 1])
    return seconds
