"""Figures of played days: shares and percentiles pooled over seeds, counts as means per day."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tests.benchmarks.leak_day.day import Day
from tests.benchmarks.leak_day.world import EMERGENCY, HOUR_S, ROUTINE, SHIFT_END_S, URGENT

Figures = dict[str, float]
NEVER_S = 48 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one day came to; waits in seconds from report to arrival; who nobody came to waits till `NEVER_S`."""

    policy: str
    seed: int
    emergency_waits_s: list[float]
    urgent_waits_s: list[float]
    routine_late_s: list[float]
    undone: int
    moved: int
    replans: int
    interruptions: int
    diversions: int
    km: float
    km_home: float
    overtime_s: float
    cpu_s: float


def outcome_of(day: Day, policy: str, cpu_s: float) -> Outcome:
    """Return the outcome of a day that has been played."""
    world = day.world
    arrival = [NEVER_S if math.isnan(a) else a for a in day.arrival_s]
    jobs = range(world.orders)
    return Outcome(
        policy=policy,
        seed=world.seed,
        emergency_waits_s=[arrival[j] - float(world.known_s[j]) for j in jobs if day.priority[j] == EMERGENCY],
        urgent_waits_s=[arrival[j] - float(world.known_s[j]) for j in jobs if day.priority[j] == URGENT],
        routine_late_s=[max(0.0, arrival[j] - float(world.due_s[j])) for j in jobs if day.priority[j] == ROUTINE],
        undone=sum(1 for done in day.done_s if math.isnan(done)),
        moved=day.moved,
        replans=day.replans,
        interruptions=day.interruptions,
        diversions=day.diversions,
        km=sum(crew.km for crew in day.crews),
        km_home=sum(crew.km_home for crew in day.crews),
        overtime_s=sum(max(0.0, crew.home_s - SHIFT_END_S) for crew in day.crews),
        cpu_s=cpu_s,
    )


def figures(outcomes: Sequence[Outcome]) -> Figures:
    """Return the figures of one or several days of one policy."""
    first = [wait / 60 for one in outcomes for wait in one.emergency_waits_s]
    second = [wait for one in outcomes for wait in one.urgent_waits_s]
    late = [wait for one in outcomes for wait in one.routine_late_s]
    p50, p95 = _percentiles(first)
    return {
        "p1_p50_min": p50,
        "p1_p95_min": p95,
        "p1_max_min": max(first, default=0.0),
        "p1_within_60_share": _share(first, 60),
        "p2_p95_min": _percentiles([wait / 60 for wait in second])[1],
        "p2_in_time_share": _share(second, 4 * HOUR_S),
        "windows_kept_share": _share(late, 0),
        "late_mean_min": float(np.mean([wait / 60 for wait in late if wait < NEVER_S / 2] or [0.0])),
        "undone": _mean([one.undone for one in outcomes]),
        "moved_per_replan": sum(one.moved for one in outcomes) / max(1, sum(one.replans for one in outcomes)),
        "interruptions_per_day": _mean([one.interruptions for one in outcomes]),
        "diversions_per_day": _mean([one.diversions for one in outcomes]),
        "km": _mean([one.km for one in outcomes]),
        "km_home": _mean([one.km_home for one in outcomes]),
        "overtime_h": _mean([one.overtime_s / HOUR_S for one in outcomes]),
        "emergencies": _mean([len(one.emergency_waits_s) for one in outcomes]),
        "replans": _mean([one.replans for one in outcomes]),
        "cpu_s": _mean([one.cpu_s for one in outcomes]),
    }


def _percentiles(waits: Sequence[float]) -> tuple[float, float]:
    if not waits:
        return 0.0, 0.0
    low, high = np.percentile(np.asarray(waits), [50, 95], method="linear")
    return float(low), float(high)


def _share(waits: Sequence[float], limit: float) -> float:
    return sum(1 for wait in waits if wait <= limit) / max(1, len(waits))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / max(1, len(values))
