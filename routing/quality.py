"""How good a plan is: its cost against a bound that no plan of the same day can beat, and against a longer search.

The bound is an assignment: each stop has one stop before and one behind it, at the least that this leg, with its
lateness, can cost anybody. Rests, depots, full shifts and closed circles of stops only make plans dearer than that.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from routing.bridge import arrays_of, lay_out, list_open
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
# Jobs whose legs from all starts, and from all other jobs, are looked at together.
_STARTS_AT_ONCE, _JOBS_AT_ONCE = 500, 256
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
    largest: int = _LARGEST_ASSIGNMENT,
) -> PlanQuality:
    """Judge a plan: what goes first is taken as it stands, everything behind it is bounded.

    With ``reference`` a search of that length tells in addition what a longer run would have found. Beyond ``largest``
    jobs and technicians the bound is the weaker one, which takes far less time. Raise DomainError ``problem_invalid``.
    """
    grid = build_grid(problem, travel or StraightLine(problem.profile))
    state = state_of(grid, plan, keep_first=True)
    cost = state.objective().total
    bound, reason = _bound(state, largest)
    bound = min(bound, cost)
    better = None if reference is None else optimise(state, reference.limits(), seed)[0].objective().total
    gap = (cost - bound) / cost if cost > 0 else 0.0
    return PlanQuality(cost=cost, bound=bound, gap=gap, bound_reason=reason, reference=better)


def _bound(state: State, largest: int) -> tuple[float, str]:
    waiting, techs = waiting_jobs(state), range(len(state.routes))
    crew, jobs = list_open(state, techs, waiting)
    fixed = _fixed_cost(state, crew, jobs)
    if not jobs or not crew:
        return fixed, "nothing_to_plan"
    if len(jobs) + len(crew) > largest:
        return fixed + _nearest_entries(state, crew, jobs), "nearest_entry"
    table = _table(lay_out(state, techs, waiting).arrays)
    rows, columns = linear_sum_assignment(table)
    return fixed + float(table[rows, columns].sum()), "assignment"


def _fixed_cost(state: State, crew: Sequence[int], jobs: Sequence[int]) -> float:
    """Return what is not in the arrays: heads without their way home, whole routes left out, jobs left out."""
    bare = state.copy()
    for tech in crew:
        bare.set_route(tech, bare.routes[tech][: bare.head(tech)])
    open_jobs = set(jobs)
    total = sum(state.grid.jobs[job].unserved_penalty for job in bare.unplanned() if job not in open_jobs)
    total += bare.route_cost(range(len(bare.routes)))
    for tech in (tech for tech in crew if bare.head(tech)):
        # The assignment pays the way home, whether stops follow the head or not.
        node = bare.walked(tech).node_before[-1]
        total -= state.grid.travel[node][state.grid.end_node[tech]]
    return total


@dataclass(frozen=True)
class _Doors:
    """Of each job by itself: earliest and latest start, time on site, lateness, least price of who comes, of nobody."""

    earliest: Floats
    latest: Floats
    service_s: Floats
    due_s: Floats
    late_price: Floats
    due2_s: Floats
    late2_price: Floats
    pair_price: Floats
    unserved: Floats

    def part(self, chosen: slice) -> _Doors:
        """Return some of the jobs."""
        return _Doors(**{field.name: getattr(self, field.name)[chosen] for field in dataclasses.fields(self)})


def _joined(parts: Sequence[_Doors]) -> _Doors:
    names = [field.name for field in dataclasses.fields(_Doors)]
    return _Doors(**{name: np.concatenate([getattr(one, name) for one in parts]) for name in names})


def _doors(arrays: Arrays) -> _Doors:
    jobs = arrays.jobs
    may = arrays.allowed[arrays.row]
    reach = arrays.ready_s[:, None] + arrays.travel_s[arrays.start_node][:, :jobs]
    reach = np.where(may, reach, _NEVER).min(axis=0)
    opens = arrays.window_open[arrays.window_from[:-1]]
    closes = arrays.window_close[arrays.window_from[1:] - 1]
    ends = np.minimum(arrays.latest_start[arrays.row], arrays.latest_end[:, None] - arrays.service_s)
    cheapest = np.where(may, arrays.pair_cost[arrays.row], np.inf).min(axis=0)
    return _Doors(
        earliest=np.maximum(reach, opens),
        latest=np.minimum(closes, np.where(may, ends, -_NEVER).max(axis=0)),
        service_s=arrays.service_s,
        due_s=arrays.due_s,
        late_price=arrays.late_price,
        due2_s=arrays.due2_s,
        late2_price=arrays.late2_price,
        pair_price=np.where(np.isfinite(cheapest), cheapest, 0.0),
        unserved=arrays.unserved_cost,
    )


def _entry(doors: _Doors, cost: Floats, arrival: Floats) -> Floats:
    """Return the least cost of entering each job by some legs [legs, jobs], never where it would be too late."""
    start = np.maximum(arrival, doors.earliest)
    late = np.maximum(start - doors.due_s, 0.0) * doors.late_price
    late += np.maximum(start - doors.due2_s, 0.0) * doors.late2_price
    return np.where(start > doors.latest, _NEVER, cost + late + doors.pair_price)


def _from_jobs(arrays: Arrays, doors: _Doors) -> Floats:
    jobs = arrays.jobs
    arrival = (doors.earliest + doors.service_s)[:, None] + arrays.travel_s[:jobs, :jobs]
    table = _entry(doors, arrays.travel_cost[:jobs, :jobs], arrival)
    may = arrays.allowed[arrays.row].astype(np.float32)
    return np.where(may.T @ may > 0, table, _NEVER)


def _from_starts(arrays: Arrays, doors: _Doors) -> Floats:
    legs = arrays.travel_s[arrays.start_node][:, : arrays.jobs]
    cost = arrays.travel_cost[arrays.start_node][:, : arrays.jobs]
    return np.where(arrays.allowed[arrays.row], _entry(doors, cost, arrays.ready_s[:, None] + legs), _NEVER)


def _table(arrays: Arrays) -> Floats:
    """Return the assignment's costs: rows are what stands before (jobs, starts), columns what follows (jobs, ends)."""
    jobs, routes = arrays.jobs, arrays.routes
    doors = _doors(arrays)
    table = np.full((jobs + routes, jobs + routes), _NEVER)
    table[:jobs, :jobs] = _from_jobs(arrays, doors)
    table[jobs:, :jobs] = _from_starts(arrays, doors)
    home = arrays.travel_cost[:jobs][:, arrays.end_node]
    table[:jobs, jobs:] = np.where(arrays.allowed[arrays.row].T, home, _NEVER)
    table[np.arange(jobs, jobs + routes), np.arange(jobs, jobs + routes)] = 0.0
    table[np.arange(jobs), np.arange(jobs)] = np.where(np.isfinite(arrays.unserved_cost), arrays.unserved_cost, _NEVER)
    return table


def _nearest_entries(state: State, crew: Sequence[int], jobs: Sequence[int]) -> float:
    """Return the sum of each job's own cheapest way in, some jobs at a time: no table holds all legs.

    Who may serve both ends of a leg is not asked for: that only lowers the bound.
    """
    parts, from_starts = [], []
    for chosen in _slices(len(jobs), _STARTS_AT_ONCE):
        arrays = arrays_of(state, crew, jobs[chosen])
        parts.append(_doors(arrays))
        from_starts.append(_from_starts(arrays, parts[-1]).min(axis=0))
    doors, least = _joined(parts), np.minimum(np.concatenate(from_starts), _joined(parts).unserved)
    leaves = (doors.earliest + doors.service_s)[:, None]
    for chosen in _slices(len(jobs), _JOBS_AT_ONCE):
        legs = state.grid.legs.block(jobs, jobs[chosen]).astype(np.float64)
        table = _entry(doors.part(chosen), legs, leaves + legs)
        own = np.arange(legs.shape[1])
        table[chosen.start + own, own] = _NEVER
        least[chosen] = np.minimum(least[chosen], table.min(axis=0))
    return float(least.sum())


def _slices(count: int, at_once: int) -> list[slice]:
    return [slice(first, min(count, first + at_once)) for first in range(0, count, at_once)]
