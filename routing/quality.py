"""How good a plan is: its cost against a bound that no plan of the same day can beat, and against a longer search.

The bound is an assignment: each stop has one stop before and one behind it, at the least that this leg, with its
lateness, can cost anybody. Rests, depots, full shifts and closed circles of stops only make plans dearer than that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from routing.bridge import Ground, lay_out
from routing.grid import build_grid
from routing.optimiser import optimise, waiting_jobs
from routing.plan import Plan
from routing.problem import Problem, Value
from routing.search.arrays import Arrays
from routing.state import State, state_of
from routing.stop import Stop
from routing.travel import StraightLine, TravelTimes

Floats = npt.NDArray[np.float64]

# Beyond so many nodes an assignment takes seconds; then each stop is bounded by its own cheapest way in.
_LARGEST_ASSIGNMENT = 2_500
# Stands for "never" in the assignment, which cannot count with infinity.
_NEVER = 1e12


class PlanQuality(Value, frozen=True, kw_only=True):
    """A plan's exact cost, a bound below every plan with the same first stops, and the share that might be saved.

    ``bound_reason`` is ``assignment``, ``nearest_entry`` (very large days: a weaker bound) or ``nothing_to_plan``;
    ``reference`` is the cost after a longer search from this plan, when one was asked for.
    """

    cost: float
    bound: float
    gap: float
    bound_reason: str
    reference: float | None = None


def plan_quality(
    problem: Problem,
    plan: Plan,
    travel: TravelTimes | None = None,
    *,
    reference: Stop | None = None,
    seed: int = 0,
) -> PlanQuality:
    """Judge a plan: what goes first is taken as it stands, everything behind it is bounded.

    With ``reference`` a search of that length tells in addition what a longer run would have found. Raise DomainError
    ``problem_invalid``.
    """
    grid = build_grid(problem, travel or StraightLine(problem.profile))
    state = state_of(grid, plan, keep_first=True)
    cost = state.objective().total
    bound, reason = _bound(state)
    bound = min(bound, cost)
    better = None if reference is None else optimise(state, reference.limits(), seed)[0].objective().total
    gap = (cost - bound) / cost if cost > 0 else 0.0
    return PlanQuality(cost=cost, bound=bound, gap=gap, bound_reason=reason, reference=better)


def _bound(state: State) -> tuple[float, str]:
    waiting = waiting_jobs(state)
    ground = lay_out(state, range(len(state.routes)), waiting)
    fixed = _fixed_cost(state, ground)
    if not ground.jobs or not ground.techs:
        return fixed, "nothing_to_plan"
    if ground.arrays.jobs + ground.arrays.routes > _LARGEST_ASSIGNMENT:
        return fixed + _nearest_entries(ground.arrays), "nearest_entry"
    table = _table(ground.arrays)
    rows, columns = linear_sum_assignment(table)
    return fixed + float(table[rows, columns].sum()), "assignment"


def _fixed_cost(state: State, ground: Ground) -> float:
    """Return what is not in the arrays: heads without their way home, whole routes left out, jobs left out."""
    bare = state.copy()
    for tech in ground.techs:
        bare.set_route(tech, bare.routes[tech][: bare.head(tech)])
    open_jobs = set(ground.jobs)
    total = sum(state.grid.jobs[job].unserved_penalty for job in bare.unplanned() if job not in open_jobs)
    total += bare.route_cost(range(len(bare.routes)))
    for route in ground.anchors:
        # The assignment pays the way home, whether stops follow the head or not.
        node = bare.walked(ground.techs[route]).node_before[-1]
        total -= state.grid.travel[node][state.grid.end_node[ground.techs[route]]]
    return total


@dataclass(frozen=True)
class _Clock:
    """The earliest and latest start of each job by itself."""

    earliest: Floats
    latest: Floats


def _clock(arrays: Arrays) -> _Clock:
    jobs = arrays.jobs
    may = arrays.allowed[arrays.row]
    reach = arrays.ready_s[:, None] + arrays.travel_s[arrays.start_node][:, :jobs]
    reach = np.where(may, reach, _NEVER).min(axis=0)
    opens = arrays.window_open[arrays.window_from[:-1]]
    closes = arrays.window_close[arrays.window_from[1:] - 1]
    ends = np.minimum(arrays.latest_start[arrays.row], arrays.latest_end[:, None] - arrays.service_s)
    return _Clock(np.maximum(reach, opens), np.minimum(closes, np.where(may, ends, -_NEVER).max(axis=0)))


def _late_cost(arrays: Arrays, start: Floats) -> Floats:
    first = np.maximum(start - arrays.due_s, 0.0) * arrays.late_price
    second = np.maximum(start - arrays.due2_s, 0.0) * arrays.late2_price
    return np.asarray(first + second, dtype=np.float64)


def _entry(arrays: Arrays, clock: _Clock, cost: Floats, arrival: Floats) -> Floats:
    """Return the least cost of entering each job by some legs [legs, jobs], never where it would be too late."""
    start = np.maximum(arrival, clock.earliest)
    pair = arrays.pair_cost[arrays.row]
    cheapest = np.where(arrays.allowed[arrays.row], pair, np.inf).min(axis=0)
    total = cost + _late_cost(arrays, start) + np.where(np.isfinite(cheapest), cheapest, 0.0)
    return np.where(start > clock.latest, _NEVER, total)


def _from_jobs(arrays: Arrays, clock: _Clock) -> Floats:
    jobs = arrays.jobs
    arrival = (clock.earliest + arrays.service_s)[:, None] + arrays.travel_s[:jobs, :jobs]
    table = _entry(arrays, clock, arrays.travel_cost[:jobs, :jobs], arrival)
    may = arrays.allowed[arrays.row].astype(np.float32)
    return np.where(may.T @ may > 0, table, _NEVER)


def _from_starts(arrays: Arrays, clock: _Clock) -> Floats:
    legs = arrays.travel_s[arrays.start_node][:, : arrays.jobs]
    table = _entry(
        arrays, clock, arrays.travel_cost[arrays.start_node][:, : arrays.jobs], arrays.ready_s[:, None] + legs
    )
    return np.where(arrays.allowed[arrays.row], table, _NEVER)


def _table(arrays: Arrays) -> Floats:
    """Return the assignment's costs: rows are what stands before (jobs, starts), columns what follows (jobs, ends)."""
    jobs, routes = arrays.jobs, arrays.routes
    clock = _clock(arrays)
    table = np.full((jobs + routes, jobs + routes), _NEVER)
    table[:jobs, :jobs] = _from_jobs(arrays, clock)
    table[jobs:, :jobs] = _from_starts(arrays, clock)
    home = arrays.travel_cost[:jobs][:, arrays.end_node]
    table[:jobs, jobs:] = np.where(arrays.allowed[arrays.row].T, home, _NEVER)
    table[np.arange(jobs, jobs + routes), np.arange(jobs, jobs + routes)] = 0.0
    table[np.arange(jobs), np.arange(jobs)] = np.where(np.isfinite(arrays.unserved_cost), arrays.unserved_cost, _NEVER)
    return table


def _nearest_entries(arrays: Arrays) -> float:
    clock = _clock(arrays)
    table = np.concatenate([_from_jobs(arrays, clock), _from_starts(arrays, clock)])
    table[np.arange(arrays.jobs), np.arange(arrays.jobs)] = _NEVER
    return float(np.minimum(table.min(axis=0), arrays.unserved_cost).sum())
