"""Walking a route: the one place where arrival, start and lateness are computed for every engine.

``routing.verify`` must not use it: it checks plans with a walk of its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from routing.grid import Grid
from routing.problem import Tier

# No start at all; far below every legal time, so that it cannot be mistaken for one.
NO_START_S = -(1 << 60)


@dataclass(slots=True)
class Walk:
    """One walked route. Index p of the ``before`` lists is the state before stop p; p = len is after the last.

    ``cost[p]`` is driving seconds plus weighted lateness from that state to the end, the way home included;
    ``broken`` is the first stop that cannot be kept, or None.
    """

    arrival_s: list[int] = field(default_factory=list)
    start_s: list[int] = field(default_factory=list)
    node_before: list[int] = field(default_factory=list)
    ready_before: list[int] = field(default_factory=list)
    cost: list[float] = field(default_factory=list)
    drive_s: int = 0
    lateness_cost: float = 0.0
    broken: int | None = None


def visit(grid: Grid, tech: int, job: int, node: int, ready_s: int) -> tuple[int, int]:
    """Return arrival and start of a job reached from ``node``, leaving at ``ready_s``; start NO_START_S if it cannot.

    A committed stop is a fact on the ground and an emergency starts on arrival: neither is ever infeasible here.
    """
    spec, tier = grid.jobs[job], grid.tier[job]
    arrival = max(ready_s + grid.travel[node][job], spec.release_s)
    if tier == Tier.EMERGENCY:
        return arrival, arrival
    start = _opening(grid, job, max(arrival, spec.earliest_s))
    if tier < 0:
        return arrival, start if start != NO_START_S else max(arrival, spec.earliest_s)
    if start == NO_START_S or start > grid.valid_until[tech, grid.skill_class[job]]:
        return arrival, NO_START_S
    busy_until = start if tier == Tier.URGENT_LEAK else start + spec.service_s
    if busy_until > grid.technicians[tech].shift_end_s:
        return arrival, NO_START_S
    return arrival, start


def home_s(grid: Grid, tech: int, node: int) -> int:
    """Return driving seconds from a node to the technician's end place (0 when he has none)."""
    return grid.travel[node][grid.end_node[tech]]


def walk(grid: Grid, tech: int, route: Sequence[int], leaves_for: int) -> Walk:
    """Walk a whole route; stops after a broken one are still timed as if it had started on arrival."""
    result = Walk()
    node, ready = _origin(grid, tech, leaves_for)
    legs: list[float] = []
    for position, job in enumerate(route):
        back = _resume(grid, tech, node, ready) if position == leaves_for > 0 else (node, ready, 0)
        node, ready = back[0], back[1]
        result.node_before.append(node)
        result.ready_before.append(ready)
        arrival, start = visit(grid, tech, job, node, ready)
        if start == NO_START_S:
            result.broken = position if result.broken is None else result.broken
            start = arrival
        result.arrival_s.append(arrival)
        result.start_s.append(start)
        late = lateness_cost(grid, job, start)
        result.lateness_cost += late
        result.drive_s += grid.travel[node][job] + back[2]
        legs.append(grid.travel[node][job] + late)
        node, ready = job, start + grid.jobs[job].service_s
    _finish(grid, tech, route, leaves_for, result, (node, ready), legs)
    return result


def tail_cost(grid: Grid, tech: int, node: int, ready_s: int, jobs: Sequence[int]) -> float:
    """Return driving plus weighted lateness of serving ``jobs`` from here and going home; infinite if it cannot."""
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
    return cost + home


def lateness_cost(grid: Grid, job: int, start_s: int) -> float:
    """Return the weighted seconds by which a start lies behind the soft due time."""
    spec = grid.jobs[job]
    return 0.0 if spec.due_s is None or start_s <= spec.due_s else (start_s - spec.due_s) * spec.lateness_weight


def _opening(grid: Grid, job: int, start_s: int) -> int:
    windows = grid.windows[job]
    if not windows:
        return start_s
    for opens, closes in windows:
        if start_s <= closes:
            return max(start_s, opens)
    return NO_START_S


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
) -> None:
    node, ready = here
    back = 0
    if leaves_for and leaves_for == len(route):
        node, ready, back = _resume(grid, tech, node, ready)
    home = home_s(grid, tech, node) if route else 0
    result.node_before.append(node)
    result.ready_before.append(ready)
    result.drive_s += home + back
    if route and result.broken is None and _misses_shift_end(grid, tech, route[-1], ready + home):
        result.broken = len(route) - 1
    result.cost = [float(home)]
    for leg in reversed(legs):
        result.cost.append(result.cost[-1] + leg)
    result.cost.reverse()
