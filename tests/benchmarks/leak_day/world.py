"""The day of a seed: homes, orders, hidden durations and travel noise, drawn in the order of the definition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

HOUR_S = 3600
TECHNICIANS = 40
ROUTINE_ORDERS = 400
SHIFT_END_S = 10 * HOUR_S
LAST_DEPARTURE_S = 11 * HOUR_S
SECONDS_PER_KM = 1.3 * 3600 / 30
KM_PER_SECOND = 1.3 / SECONDS_PER_KM
FORECAST_PLACES = 400
SCENARIOS = {"A": (24, 0), "B": (10, 0), "C": (16, 25)}
EMERGENCY, URGENT, ROUTINE = 1, 2, 3


@dataclass(frozen=True, slots=True)
class World:
    """One day; times in seconds after 08:00, places in km; ``actual_s`` and ``noise`` are hidden from planners.

    Nodes of ``travel_s`` and rows of ``noise``: the orders, then the homes.
    """

    seed: int
    scenario: str
    homes: Floats
    qualified: Flags
    priority: NDArray[np.int64]
    known_s: Floats
    opens_s: Floats
    due_s: Floats
    planned_s: Floats
    actual_s: Floats
    needs_gas: Flags
    places: Floats
    noise: Floats
    travel_s: Floats
    forecast: Floats

    @property
    def orders(self) -> int:
        """Return how many orders the day has."""
        return len(self.priority)


def make_world(seed: int, scenario: str) -> World:
    """Return the day of ``seed``; raise KeyError for a scenario other than A, B or C."""
    qualified, storm = SCENARIOS[scenario]
    rng = np.random.default_rng(seed)
    centres = rng.uniform(3, 17, (5, 2))
    homes = _places(rng, centres, TECHNICIANS)
    routine = _routine(rng, centres)
    leaks = _leaks(rng, centres, storm)
    columns = [np.concatenate([a, b]) for a, b in zip(routine, leaks, strict=True)]
    priority, known_s, opens_s, due_s, planned_s, actual_s, gas, places = columns
    nodes = np.concatenate([places, homes])
    noise = np.random.default_rng(seed + 10_000).normal(0, 0.15, (len(nodes), TECHNICIANS))
    return World(
        seed=seed,
        scenario=scenario,
        homes=homes,
        qualified=np.arange(TECHNICIANS) < qualified,
        priority=priority.astype(np.int64),
        known_s=np.floor(known_s),
        opens_s=np.floor(opens_s),
        due_s=np.floor(due_s),
        planned_s=planned_s,
        actual_s=actual_s,
        needs_gas=gas.astype(np.bool_),
        places=places,
        noise=np.exp(noise - 0.011).round(6),
        travel_s=np.asarray(np.sqrt(((nodes[:, None] - nodes[None]) ** 2).sum(-1)) * SECONDS_PER_KM),
        forecast=_places(np.random.default_rng(seed + 20_000), centres, FORECAST_PLACES),
    )


def _places(rng: np.random.Generator, centres: Floats, count: int) -> Floats:
    uniform = rng.random(count) < 0.6
    anywhere = rng.uniform(0, 20, (count, 2))
    near = centres[rng.integers(0, 5, count)] + rng.normal(0, 1.5, (count, 2))
    return np.where(uniform[:, None], anywhere, np.clip(near, 0, 20))


def _routine(rng: np.random.Generator, centres: Floats) -> list[Floats]:
    count = ROUTINE_ORDERS
    places = _places(rng, centres, count)
    planned = rng.choice([25, 35, 55], count, p=[0.5, 0.35, 0.15]) * 60.0
    opens = rng.choice([0, 2, 4, 6, 8], count, p=[0.22, 0.22, 0.22, 0.22, 0.12]) * float(HOUR_S)
    gas = rng.random(count) < 0.3
    actual = np.maximum(300, planned * np.exp(rng.normal(0, 0.3, count) - 0.045))
    known, priority = np.zeros(count), np.full(count, float(ROUTINE))
    return [priority, known, opens, opens + 2 * HOUR_S, planned, actual, gas.astype(float), places]


def _leaks(rng: np.random.Generator, centres: Floats, storm: int) -> list[Floats]:
    emergencies, urgent = rng.poisson(25), rng.poisson(20)
    times = rng.uniform(0, 9 * HOUR_S, emergencies)
    if storm:
        times = np.concatenate([times, rng.uniform(4 * HOUR_S, 6 * HOUR_S, rng.poisson(storm))])
    times = np.sort(times)
    first = _leak_columns(rng, centres, times, (EMERGENCY, 1, 2700))
    later = np.sort(rng.uniform(0, 8 * HOUR_S, urgent))
    second = _leak_columns(rng, centres, later, (URGENT, 4, 2400))
    return [np.concatenate(pair) for pair in zip(first, second, strict=True)]


def _leak_columns(rng: np.random.Generator, centres: Floats, times: Floats, kind: tuple[int, int, int]) -> list[Floats]:
    priority, target_h, mean_s = kind
    count = len(times)
    places = _places(rng, centres, count)
    actual = mean_s * np.exp(rng.normal(0, 0.4, count) - 0.08)
    ones = np.ones(count)
    return [priority * ones, times, times, times + target_h * HOUR_S, mean_s * ones, actual, ones, places]
