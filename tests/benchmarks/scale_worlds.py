"""Mornings of any size by the laws of the leak-day (routing.md, section 5): routine work known at 08:00.

The square grows with the number of technicians, so that a technician has the same ground as on 20 × 20 km with 40.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from routing.problem import Job, Place, Problem, Profile, Skill, Technician

HOUR = 3600
# Leak-day: Euclid × 1.3 at 30 km/h, shifts of ten hours, 24 of 40 technicians qualified for gas.
PROFILE = Profile(detour=1.3, speed_m_s=30 / 3.6, start_up_s=0)
GAS = "gas"

Floats = npt.NDArray[np.float64]

_SHIFT_S = 10 * HOUR
_WINDOW_S = 2 * HOUR
_CENTRES_PER_KM2 = 5 / 400
_MARGIN_KM = 3.0
_KM_PER_DEGREE = 111.2
_LAT, _LON = 38.04, 114.51


def square_km(technicians: int) -> float:
    """Return the side of the square: 20 km for 40 technicians, 45 for 200, 100 for 1,000."""
    return 20.0 * math.sqrt(technicians / 40)


def morning(seed: int, jobs: int, technicians: int) -> Problem:
    """Return the routine work of one day, soft ends of windows at 1 per second, 60,000 for a job left undone."""
    rng = np.random.default_rng(seed)
    side = square_km(technicians)
    centres = rng.uniform(_MARGIN_KM, side - _MARGIN_KM, (max(5, round(side * side * _CENTRES_PER_KM2)), 2))
    homes = _places(rng, centres, side, technicians)
    where = _places(rng, centres, side, jobs)
    service_s = rng.choice([25, 35, 55], jobs, p=[0.5, 0.35, 0.15]) * 60
    opens_s = rng.choice([0, 2, 4, 6, 8], jobs, p=[0.22, 0.22, 0.22, 0.22, 0.12]) * HOUR
    needs_gas = rng.random(jobs) < 0.3
    qualified = rng.permutation(technicians) < round(technicians * 0.6)
    return Problem(
        now_s=0,
        technicians=tuple(_technician(number, homes[number], bool(qualified[number])) for number in range(technicians)),
        jobs=tuple(
            _job(number, where[number], int(service_s[number]), int(opens_s[number]), needs_gas=bool(needs_gas[number]))
            for number in range(jobs)
        ),
        profile=PROFILE,
    )


def _places(rng: np.random.Generator, centres: Floats, side: float, count: int) -> Floats:
    is_uniform = rng.random(count) < 0.6
    anywhere = rng.uniform(0, side, (count, 2))
    near = centres[rng.integers(0, len(centres), count)] + rng.normal(0, 1.5, (count, 2))
    return np.where(is_uniform[:, None], anywhere, np.clip(near, 0, side))


def _place(xy: Floats) -> Place:
    east = float(xy[0]) / (_KM_PER_DEGREE * math.cos(math.radians(_LAT)))
    return Place(lat=_LAT + float(xy[1]) / _KM_PER_DEGREE, lon=_LON + east)


def _technician(number: int, home: Floats, is_qualified: bool) -> Technician:  # noqa: FBT001 - a column of the world
    return Technician(
        id=f"T{number:04d}",
        place=_place(home),
        end_place=_place(home),
        available_s=0,
        shift_start_s=0,
        shift_end_s=_SHIFT_S,
        skills=(Skill(name=GAS),) if is_qualified else (),
    )


def _job(number: int, where: Floats, service_s: int, opens_s: int, *, needs_gas: bool) -> Job:
    return Job(
        id=f"J{number:05d}",
        place=_place(where),
        service_s=service_s,
        priority=4,
        skills=(GAS,) if needs_gas else (),
        earliest_s=opens_s,
        due_s=opens_s + _WINDOW_S,
    )
