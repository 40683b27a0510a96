"""Walking a route: the one place where the times and the cost of whole routes are computed for every engine.

``routing.verify`` must not use it: it checks plans with a walk of its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from routing.errands import Errands, Fetch, list_errands
from routing.grid import Grid
from routing.problem import Tier
from routing.visits import NO_START_S, home_s, lateness_cost, overtime_cost, overtime_s, visit

__all__ = ["NO_START_S", "Walk", "home_s", "insertion_cost", "lateness_cost", "tail_cost", "visit", "walk"]


@dataclass(slots=True)
class Walk:
    """One walked route. Index p of the ``before`` lists is the state before stop p; p = len is after the last.

    They show him as the last stop has ended: a rest or a depot in the leg to stop p comes after that. ``cost[p]`` is
    driving seconds plus weighted lateness from that state to the end, the way home and overtime included; ``broken``
    is the first stop that cannot be kept, or None. ``breaks`` are (position, start, end), ``depot`` is what is
    fetched with (arrival, start, end).
    """

    arrival_s: list[int] = field(default_factory=list)
    start_s: list[int] = field(default_factory=list)
    node_before: list[int] = field(default_factory=list)
    ready_before: list[int] = field(default_factory=list)
    cost: list[float] = field(default_factory=list)
    drive_s: int = 0
    lateness_cost: float = 0.0
    overtime_s: int = 0
    overtime_cost: float = 0.0
    breaks: list[tuple[int, int, int]] = field(default_factory=list)
    depot: tuple[Fetch, tuple[int, int, int]] | None = None
    broken: int | None = None

    @property
    def total(self) -> float:
        """Driving seconds, weighted lateness and overtime of the whole route."""
        return self.drive_s + self.lateness_cost + self.overtime_cost


def walk(grid: Grid, tech: int, route: Sequence[int], leaves_for: int) -> Walk:
    """Walk a whole route; stops after a broken one are still timed as if it had started on arrival.

    Where a depot must be visited, it stands at the place that costs least.
    """
    if not has_errands(grid, tech, route):
        return _walk(grid, tech, route, leaves_for, None)
    walks = [_walk(grid, tech, route, leaves_for, errands) for errands in list_errands(grid, tech, route)]
    if not walks:
        return _without_supplies(grid, tech, route, leaves_for)
    return min(walks, key=lambda one: (one.broken is not None, one.total))


def has_errands(grid: Grid, tech: int, route: Sequence[int]) -> bool:
    """Tell whether a route may hold more than its stops: a rest, or a visit to a depot."""
    return bool(grid.rests[tech]) or (grid.any_needs and any(grid.has_needs[job] for job in route))


def tail_cost(grid: Grid, tech: int, node: int, ready_s: int, jobs: Sequence[int]) -> float:
    """Return driving, weighted lateness and overtime of serving ``jobs`` from here and going home, without errands.

    Infinite if it cannot be done.
    """
    cost = 0.0
    last = None
    for job in jobs:
        _, start = visit(grid, tech, job, node, ready_s)
        if start == NO_START_S:
            return math.inf
        cost += grid.travel[node][job] + lateness_cost(grid, job, start)
        node, ready_s, last = job, start + grid.jobs[job].service_s, job
    home = home_s(grid, tech, node)
    if last is not None and _misses_shift_end(grid, tech, last, ready_s + home):
        return math.inf
    return cost + home + overtime_cost(grid, tech, ready_s + home)


def insertion_cost(
    grid: Grid, tech: int, route: Sequence[int], leaves_for: int, position: int, job: int, walked: Walk
) -> float:
    """Return by how much driving, lateness and overtime grow with a job before stop ``position``; infinite if not.

    ``walked`` is the walk of the route as it stands; ``position`` lies behind the stops he leaves a job for.
    """
    longer = [*route[:position], job, *route[position:]]
    if not has_errands(grid, tech, longer):
        after = tail_cost(grid, tech, walked.node_before[position], walked.ready_before[position], longer[position:])
        return after - walked.cost[position]
    trial = walk(grid, tech, longer, leaves_for)
    if trial.broken is not None and (walked.broken is None or trial.broken >= position):
        return math.inf
    return trial.total - walked.total


def _walk(grid: Grid, tech: int, route: Sequence[int], leaves_for: int, errands: Errands | None) -> Walk:
    result = Walk()
    node, ready = _origin(grid, tech, leaves_for)
    legs: list[float] = []
    for position, job in enumerate(route):
        back = _resume(grid, tech, node, ready) if position == leaves_for > 0 else (node, ready, 0)
        node, ready, detour = back[0], back[1], 0
        result.node_before.append(node)
        result.ready_before.append(ready)
        if errands is not None:
            node, ready, detour = errands.before(position, job, node, ready)
            if errands.is_broken and result.broken is None:
                result.broken = position
        arrival, start = visit(grid, tech, job, node, ready)
        if start == NO_START_S:
            result.broken = position if result.broken is None else result.broken
            start = arrival
        result.arrival_s.append(arrival)
        result.start_s.append(start)
        late = lateness_cost(grid, job, start)
        result.lateness_cost += late
        result.drive_s += grid.travel[node][job] + detour + back[2]
        legs.append(grid.travel[node][job] + detour + late)
        node, ready = job, start + grid.jobs[job].service_s
    _finish(grid, tech, route, leaves_for, result, (node, ready), legs, errands)
    return result


def _without_supplies(grid: Grid, tech: int, route: Sequence[int], leaves_for: int) -> Walk:
    # No depot helps: the route breaks at the last stop that needs anything, a fact on the ground aside.
    result = _walk(grid, tech, route, leaves_for, Errands(grid, tech, owed=[]))
    needy = [place for place, job in enumerate(route) if grid.has_needs[job] and grid.tier[job] >= 0]
    result.broken = needy[-1] if result.broken is None else result.broken
    return result


def _misses_shift_end(grid: Grid, tech: int, last: int, back_s: int) -> bool:
    # Only ordinary work must be back in time: a leak at the end of a shift is worked to its end.
    return grid.tier[last] == Tier.ORDINARY and back_s > grid.technicians[tech].shift_end_s


def _origin(grid: Grid, tech: int, leaves_for: int) -> tuple[int, int]:
    leave = grid.technicians[tech].leave
    if leaves_for and leave is not None:
        return grid.leave_node[tech], max(leave.from_s, grid.problem.now_s)
    return grid.start_node[tech], grid.ready[tech]


def _resume(grid: Grid, tech: int, node: int, ready_s: int) -> tuple[int, int, int]:
    # Back to the job that was left, for the time that was still to do; third value: seconds driven.
    left_s = max(0, grid.ready[tech] - _origin(grid, tech, 1)[1])
    if not left_s:
        # He was only on his way: what he left is his first committed stop, and he goes straight there.
        return node, ready_s, 0
    drive = grid.travel[node][grid.start_node[tech]]
    return grid.start_node[tech], ready_s + drive + left_s, drive


def _finish(
    grid: Grid,
    tech: int,
    route: Sequence[int],
    leaves_for: int,
    result: Walk,
    here: tuple[int, int],
    legs: list[float],
    errands: Errands | None,
) -> None:
    node, ready = here
    back = 0
    if leaves_for and leaves_for == len(route):
        node, ready, back = _resume(grid, tech, node, ready)
    result.node_before.append(node)
    result.ready_before.append(ready)
    if errands is not None and route:
        ready = errands.before_home(len(route), node, ready)
        result.breaks = errands.breaks
        if errands.fetch is not None and errands.visited is not None:
            result.depot = (errands.fetch, errands.visited)
    home = home_s(grid, tech, node) if route else 0
    result.drive_s += home + back
    if route and result.broken is None and _misses_shift_end(grid, tech, route[-1], ready + home):
        result.broken = len(route) - 1
    if route:
        result.overtime_s, result.overtime_cost = (
            overtime_s(grid, tech, ready + home),
            overtime_cost(grid, tech, ready + home),
        )
    result.cost = [home + result.overtime_cost]
    for leg in reversed(legs):
        result.cost.append(result.cost[-1] + leg)
    result.cost.reverse()
