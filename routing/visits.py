"""One stop of one technician: when he arrives and starts, and what that costs. Every engine times stops here."""

from __future__ import annotations

from routing.grid import Grid
from routing.problem import Tier

# No start at all; far below every legal time, so that it cannot be mistaken for one.
NO_START_S = -(1 << 60)

_HOUR_S = 3600


def visit(grid: Grid, tech: int, job: int, node: int, ready_s: int) -> tuple[int, int]:
    """Return arrival and start of a job reached from ``node``, leaving at ``ready_s``; start NO_START_S if it cannot.

    A committed stop is a fact on the ground; an emergency starts on arrival and is barred by a coming absence alone.
    """
    spec, tier = grid.jobs[job], grid.tier[job]
    arrival = max(ready_s + grid.travel[node][job], spec.release_s)
    if tier == Tier.EMERGENCY:
        return arrival, arrival if ends_before_absence(grid, tech, job, arrival) else NO_START_S
    start = opening(grid.windows[job], max(arrival, spec.earliest_s))
    if tier < 0:
        return arrival, start if start != NO_START_S else max(arrival, spec.earliest_s)
    if start == NO_START_S or start > grid.valid_until[tech, grid.skill_class[job]]:
        return arrival, NO_START_S
    if tier == Tier.URGENT_LEAK and not ends_before_absence(grid, tech, job, start):
        return arrival, NO_START_S
    busy_until = start if tier == Tier.URGENT_LEAK else start + spec.service_s
    if busy_until > grid.technicians[tech].shift_end_s:
        return arrival, NO_START_S
    return arrival, start


def ends_before_absence(grid: Grid, tech: int, job: int, start_s: int) -> bool:
    """Tell whether a technician can end a job begun then before he is away; who is leaving is promised to no leak."""
    away_s = grid.technicians[tech].away_from_s
    return away_s is None or start_s + grid.jobs[job].service_s <= away_s


def opening(windows: tuple[tuple[int, int], ...], when_s: int) -> int:
    """Return the first second from ``when_s`` on that lies in a window (sorted; none: any), else NO_START_S."""
    if not windows:
        return when_s
    for opens, closes in windows:
        if when_s <= closes:
            return max(when_s, opens)
    return NO_START_S


def home_s(grid: Grid, tech: int, node: int) -> int:
    """Return driving seconds from a node to the technician's end place (0 when he has none)."""
    return grid.travel[node][grid.end_node[tech]]


def lateness_cost(grid: Grid, job: int, start_s: int) -> float:
    """Return what starting then costs: the weighted seconds behind the due time, and those behind the SLA's breach."""
    spec = grid.jobs[job]
    cost = 0.0
    if spec.due_s is not None and start_s > spec.due_s:
        cost = (start_s - spec.due_s) * spec.lateness_weight
    if spec.breach_s is not None and start_s > spec.breach_s:
        cost += (start_s - spec.breach_s) * spec.breach_weight
    return cost


def overtime_s(grid: Grid, tech: int, home_at_s: int) -> int:
    """Return by how much coming home then lies behind the normal end of the shift."""
    begins = grid.technicians[tech].overtime_from_s
    return 0 if begins is None else max(0, home_at_s - begins)


def overtime_cost(grid: Grid, tech: int, home_at_s: int) -> float:
    """Return the price of coming home then, in driving seconds."""
    begins = grid.technicians[tech].overtime_from_s
    if begins is None or home_at_s <= begins:
        return 0.0
    return (home_at_s - begins) * grid.technicians[tech].overtime_price_per_h / _HOUR_S
