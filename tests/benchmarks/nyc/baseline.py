"""The published baseline, restated: one rule at the moment of the call, never looked at again."""

from __future__ import annotations

from typing import Final

import numpy as np

from tests.benchmarks.nyc.laws import HAND_OVER_S, MEAN_JOB_S, PACE, Calls, Floats, draw_jobs_s, start_places_m

RULES: Final = ("nearest", "estimated", "known")
_LEAST_LEFT_S: Final = 600.0


def replay_baseline(calls: Calls, crews: int, rule: str) -> Floats:
    """Return the seconds from call to arrival of every call under one of ``RULES``.

    ``nearest``: the nearest idle crew, else the first to be free. ``estimated``: the earliest arrival when a busy crew
    is believed to be free after the mean job length, in ten minutes at the earliest; ``known``: with true ends.
    """
    place, jobs = start_places_m(calls, crews), draw_jobs_s(len(calls))
    free, believed = np.zeros(crews), np.zeros(crews)
    waits = np.empty(len(calls))
    for number, now in enumerate(calls.at_s):
        gap = place - calls.place_m[number]
        travel = HAND_OVER_S + PACE * np.hypot(gap[:, 0], gap[:, 1])
        crew = _choose(rule, now, free, believed, travel)
        arrival = max(free[crew], now) + travel[crew]
        waits[number] = arrival - now
        free[crew], believed[crew], place[crew] = arrival + jobs[number], arrival + MEAN_JOB_S, calls.place_m[number]
    return waits


def _choose(rule: str, now: float, free: Floats, believed: Floats, travel: Floats) -> int:
    idle = free <= now
    if rule == "nearest":
        return int(np.argmin(np.where(idle, travel, np.inf))) if idle.any() else int(np.argmin(free))
    if rule == "known":
        return int(np.argmin(np.maximum(free, now) + travel))
    return int(np.argmin(np.where(idle, now, np.maximum(believed, now + _LEAST_LEFT_S)) + travel))
