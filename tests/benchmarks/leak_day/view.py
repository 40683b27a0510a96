"""What a planner sees of the day, as the arrays of the search."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.search.arrays import Arrays, build
from tests.benchmarks.leak_day.crew import Crew, Doing
from tests.benchmarks.leak_day.day import Day, seconds
from tests.benchmarks.leak_day.objective import Prices
from tests.benchmarks.leak_day.world import (
    EMERGENCY,
    HOUR_S,
    LAST_DEPARTURE_S,
    SECONDS_PER_KM,
    SHIFT_END_S,
    URGENT,
    World,
)

Floats = NDArray[np.float64]
SOON_S = 2 * HOUR_S
MUST = 1e7
SHORTEST_S = 1500.0
LAST_START_S = float(LAST_DEPARTURE_S + 600)


@dataclass(slots=True)
class View:
    """Open orders by local number, tails in them, and where and when each technician can go on."""

    jobs: list[int]
    local: dict[int, int]
    routes: list[list[int]]
    ready_s: Floats
    starts: Floats
    divertible: list[int]

    def tails(self, routes: list[list[int]]) -> list[list[int]]:
        """Return routes of local numbers as tails of orders."""
        return [[self.jobs[j] for j in route] for route in routes]


def look(day: Day, *, divertible: list[int] | None = None, end_s: Callable[[Crew], float] | None = None) -> View:
    """Return the planner's view; technicians in ``divertible`` may be turned away from the order they drive to."""
    free = divertible or []
    jobs = day.open_jobs() + [day.crews[r].heads_for for r in free]
    local = {job: i for i, job in enumerate(jobs)}
    ready, starts, routes = [], [], []
    for crew in day.crews:
        when, place = (
            (day.now_s, crew.position(day.now_s))
            if crew.index in free
            else _ready(day, crew, end_s or day.planned_end_s)
        )
        ready.append(when)
        starts.append(place)
        head = [crew.heads_for] if crew.index in free else []
        routes.append([local[job] for job in head + crew.tail])
    return View(jobs, local, routes, np.asarray(ready), np.asarray(starts), free)


def _ready(day: Day, crew: Crew, end_s: Callable[[Crew], float]) -> tuple[float, tuple[float, float]]:
    if crew.doing == Doing.ON_SITE:
        return end_s(crew), crew.place
    if crew.heads_for >= 0:
        job = crew.heads_for
        begins = max(day.planned_arrival_s(crew), day.opens_s[job])
        return begins + day.planned_left[job], day.spots[job]
    return day.now_s, crew.position(day.now_s)


def arrays_of(day: Day, view: View, prices: Prices) -> Arrays:
    """Return the arrays of a view under a price list."""
    world, now = day.world, day.now_s
    jobs = np.asarray(view.jobs, dtype=np.int64)
    n, m = len(jobs), len(day.crews)
    travel = _travel(world, jobs, view.starts)
    priority = world.priority[jobs]
    is_emergency, is_urgent = priority == EMERGENCY, priority == URGENT
    is_routine = ~(is_emergency | is_urgent)
    late = np.select([is_emergency, is_urgent], [prices.emergency_late, prices.urgent_late], prices.routine_late)
    broken = is_routine & ((world.due_s[jobs] < now) | ~np.isnan([day.arrival_s[j] for j in view.jobs]))
    late[broken] = prices.broken_late
    importance = _importance(day, view, is_routine, prices)
    late *= importance
    cushion = np.select([is_emergency, is_urgent], [0.0, prices.urgent_cushion_s], prices.cushion_s)
    wait = np.select([is_emergency, is_urgent], [prices.emergency_wait, prices.urgent_wait], 0.0)
    return build(
        travel_s=travel,
        travel_cost=_charged(day, view, travel, prices.divert),
        service_s=np.asarray([day.planned_left[j] for j in view.jobs]) * prices.service_factor,
        start_node=np.arange(n, n + m, dtype=np.int32),
        end_node=np.arange(n + m, n + 2 * m, dtype=np.int32),
        windows=[[(float(a), LAST_START_S)] for a in world.opens_s[jobs]],
        job={
            "due_s": world.due_s[jobs] - cushion,
            "late_price": np.where(broken | (cushion <= 0), 0.0, prices.cushion_late * importance),
            "due2_s": world.due_s[jobs],
            "late2_price": late,
            "wait_from_s": world.known_s[jobs],
            "wait_price": wait,
            "unserved_cost": np.where(is_routine, prices.undone * np.sqrt(importance), MUST),
        },
        route={
            "service_factor": np.where(world.qualified, prices.qualified_factor, 1.0),
            "ready_s": view.ready_s,
            "overtime_from": float(SHIFT_END_S),
            "overtime_price": prices.overtime,
        },
        tables={"allowed": _allowed(day, jobs), "pair_cost": _pair_cost(day, view, prices)},
    )


def _importance(day: Day, view: View, is_routine: NDArray[np.bool_], prices: Prices) -> Floats:
    """Return what lateness of each order counts: 1, and less for a long gas job when the short come first."""
    left = np.asarray([day.planned_left[j] for j in view.jobs])
    counts = is_routine & day.world.needs_gas[view.jobs]
    return np.where(counts, np.minimum(1.0, SHORTEST_S / left) ** prices.short_first, 1.0)


def _allowed(day: Day, jobs: NDArray[np.int64]) -> NDArray[np.bool_]:
    allowed = day.world.qualified[:, None] | ~day.world.needs_gas[jobs][None, :]
    for j, job in enumerate(jobs):
        if day.bound[job] >= 0:
            allowed[:, j] = np.arange(len(allowed)) == day.bound[job]
    return allowed


def planned_starts(day: Day, view: View) -> Floats:
    """Return the planned start of every open order by the present tails; infinite for those in none."""
    starts = np.full(len(view.jobs), np.inf)
    for r, route in enumerate(view.routes):
        when, place = float(view.ready_s[r]), (float(view.starts[r, 0]), float(view.starts[r, 1]))
        for j in route:
            job = view.jobs[j]
            when = max(when + seconds(place, day.spots[job]), day.opens_s[job])
            starts[j] = when
            when, place = when + day.planned_left[job], day.spots[job]
    return starts


def _travel(world: World, jobs: NDArray[np.int64], starts: Floats) -> Floats:
    """Return the matrix of open orders, present places and homes; only the present places are measured anew."""
    n, m = len(jobs), len(starts)
    fixed = np.concatenate([jobs, np.arange(world.orders, world.orders + m)])
    at = np.concatenate([np.arange(n), np.arange(n + m, n + 2 * m)])
    nodes = np.concatenate([world.places[jobs].reshape(-1, 2), starts, world.homes])
    travel = np.empty((n + 2 * m, n + 2 * m))
    travel[np.ix_(at, at)] = world.travel_s[np.ix_(fixed, fixed)]
    out = np.hypot(starts[:, None, 0] - nodes[None, :, 0], starts[:, None, 1] - nodes[None, :, 1]) * SECONDS_PER_KM
    travel[n : n + m, :] = out
    travel[:, n : n + m] = out.T
    return travel


def _charged(day: Day, view: View, travel: Floats, divert: float) -> Floats:
    """Return driving prices: turning a technician away from the order he drives to costs ``divert``."""
    if not view.divertible:
        return travel
    cost, n = travel.copy(), len(view.jobs)
    for r in view.divertible:
        cost[n + r, :] += divert
        cost[n + r, view.local[day.crews[r].heads_for]] -= divert
    return cost


def _pair_cost(day: Day, view: View, prices: Prices) -> Floats:
    cost = np.zeros((len(day.crews), len(view.jobs)))
    soon = planned_starts(day, view) < day.now_s + SOON_S
    for r, route in enumerate(view.routes):
        if route:
            price = np.where(soon[route], prices.move_soon, prices.move_later)
            cost[:, route] += price
            cost[r, route] -= price
    if prices.reserve:
        plain = ~day.world.needs_gas[view.jobs]
        cost[np.ix_(day.world.qualified, plain)] += prices.reserve
    return cost
