"""One knot of coupled jobs into a working plan: who meets where and when, by best insertion over candidate times."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from routing.grid import NOBODY
from routing.insertion import best_by_technician, find_best_position, unserved_reason
from routing.knots import cut, list_mates, walked_stands
from routing.persons import second_id
from routing.schedule import NO_START_S, insertion_cost, visit
from routing.state import State

# How many technicians and meeting times are weighed.
_TECHNICIANS = 8
_TIMES = 16
_FAR_S = 1 << 60

Spot = tuple[float, int, int]


def place_knot(trial: State, knot: Sequence[int], leads: Mapping[int, int]) -> dict[str, str] | None:
    """Place the jobs of a knot one meeting after another; None when all stand, else who failed and why.

    ``leads`` gives the technician of jobs that must share one. The state's grid must own its windows: they are set.
    """
    for job in knot:
        if job in trial.planned():
            continue
        mates = [mate for mate in list_mates(trial.grid, job) if mate in knot and mate not in trial.planned()] or [job]
        if not _waits_are_served(trial, mates):
            return {trial.grid.jobs[mate].id: "predecessor_unserved" for mate in mates}
        low_s = max(_earliest(trial, mate) for mate in mates)
        place = _place_one if len(mates) == 1 else _place_meeting
        if not place(trial, mates, leads, low_s):
            return {trial.grid.jobs[mate].id: _why(trial, mate, mates) for mate in mates}
    return None


def _waits_are_served(trial: State, mates: Sequence[int]) -> bool:
    served = {trial.grid.jobs[job].id for job in trial.planned()}
    return all(wait.job_id in served for mate in mates for wait in trial.grid.jobs[mate].after)


def _earliest(trial: State, job: int) -> int:
    """Return the second before which a job may not start: what it waits for, and whoever is there already."""
    grid, stands = trial.grid, walked_stands(trial)
    low = max(grid.jobs[job].earliest_s, grid.jobs[job].release_s)
    for wait in grid.jobs[job].after:
        for half in (wait.job_id, second_id(wait.job_id)):
            before = grid.job_index.get(half, NOBODY)
            if before in stands:
                low = max(low, stands[before][1] + grid.jobs[before].service_s + wait.lag_s)
    facts = [mate for mate in list_mates(grid, job) if grid.tier[mate] < 0 and mate in stands]
    return max([low, *(stands[mate][1] for mate in facts)])


def _place_one(trial: State, mates: Sequence[int], leads: Mapping[int, int], low_s: int) -> bool:
    grid, job = trial.grid, mates[0]
    grid.windows[job] = cut(grid.windows[job], low_s, _FAR_S, grid.jobs[job])
    spot = find_best_position(trial, job, [leads[job]] if job in leads else None)
    if spot is None:
        return False
    trial.insert(spot.tech, spot.position, job)
    return True


def _place_meeting(trial: State, mates: Sequence[int], leads: Mapping[int, int], low_s: int) -> bool:
    """Insert jobs that start together at the second, and with the technicians, that cost least."""
    grid = trial.grid
    own = {mate: grid.windows[mate] for mate in mates}
    crews = {mate: _crew(trial, mate, leads) for mate in mates}
    best: tuple[float, list[Spot], int] = (math.inf, [], 0)
    for when_s in _times(trial, mates, crews, low_s):
        for mate in mates:
            grid.windows[mate] = cut(own[mate], when_s, when_s, grid.jobs[mate])
        cost, spots = _assigned([_spots(trial, mate, crews[mate], when_s) for mate in mates])
        best = min(best, (cost, spots, when_s), key=lambda one: one[0])
    if best[0] == math.inf:
        return False
    for mate, (_, tech, position) in zip(mates, best[1], strict=True):
        grid.windows[mate] = cut(own[mate], best[2], best[2], grid.jobs[mate])
        trial.insert(tech, position, mate)
    return True


def _crew(trial: State, job: int, leads: Mapping[int, int]) -> list[int]:
    if job in leads:
        return [leads[job]]
    cost = {tech: spot.delta for tech, spot in best_by_technician(trial, job).items()}
    return sorted(cost, key=lambda tech: (cost[tech], tech))[:_TECHNICIANS]


def _times(trial: State, mates: Sequence[int], crews: Mapping[int, Sequence[int]], low_s: int) -> list[int]:
    """Return meeting times worth trying: when somebody could first be there from some place of his route."""
    found: set[int] = set()
    for mate in mates:
        for tech in crews[mate]:
            walked, head = trial.walked(tech), trial.head(tech)
            for node, ready in zip(walked.node_before[head:], walked.ready_before[head:], strict=True):
                start = visit(trial.grid, tech, mate, node, max(ready, low_s - trial.grid.travel[node][mate]))[1]
                found.add(start)
    times = sorted(when for when in found if when != NO_START_S and when >= low_s)
    step = max(1, -(-len(times) // _TIMES))
    return times[::step]


def _spots(trial: State, job: int, crew: Iterable[int], when_s: int) -> list[Spot]:
    """Return cost, technician and position of a job that starts at one second, for each who can be there."""
    found: list[Spot] = []
    for tech in crew:
        walked, head, route = trial.walked(tech), trial.head(tech), trial.routes[tech]
        reach = [
            position
            for position in range(head, len(route) + 1)
            if walked.ready_before[position] + trial.grid.travel[walked.node_before[position]][job] <= when_s
        ]
        for position in reach[-2:]:
            grows = insertion_cost(trial.grid, tech, route, trial.leaves_for[tech], position, job, walked)
            if grows < math.inf:
                found.append((grows + trial.grid.pair_price(tech, job), tech, position))
    return sorted(found)


def _assigned(tables: Sequence[Sequence[Spot]]) -> tuple[float, list[Spot]]:
    """Return the cheapest choice of one spot from each table with nobody in two of them, and its cost."""
    best: tuple[float, list[Spot]] = (math.inf, [])

    def extend(number: int, cost: float, taken: list[Spot]) -> None:
        nonlocal best
        if cost >= best[0]:
            return
        if number == len(tables):
            best = (cost, list(taken))
            return
        for grows, tech, position in tables[number]:
            if all(tech != other for _, other, _ in taken):
                extend(number + 1, cost + grows, [*taken, (grows, tech, position)])

    extend(0, 0.0, [])
    return best


def _why(trial: State, job: int, mates: Sequence[int]) -> str:
    able = [tech for tech in range(len(trial.routes)) if trial.grid.allowed(tech, job)]
    if not able:
        return unserved_reason(trial, job)
    if len(mates) == 1:
        return "no_room"
    if trial.grid.jobs[job].crew_size > 1 and len(able) < len(mates):
        return "partner_missing"
    return "group_broken" if trial.grid.jobs[job].sync is not None else "partner_missing"
