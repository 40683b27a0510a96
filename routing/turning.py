"""Crews under way to one emergency who had better drive to another: found by the rule that shares emergencies out.

Whoever is under way has only promised: as long as nobody stands at the door, all that wait and all that somebody is
driving to are weighed together (`routing.emergency_queue`). A crew that drives keeps its own unless another way saves
more than ``redirect_s``. Nothing is moved here: the crew is asked, and keeps driving until it has accepted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from routing.grid import Grid, build_grid
from routing.plan import Plan
from routing.problem import Problem, Tier, Value
from routing.queue import after_committed, latest_arrival_s
from routing.state import State, state_of
from routing.travel import StraightLine, TravelTimes
from routing.waiting import QueueRules, Waiting


class Turn(Value, frozen=True, kw_only=True):
    """Who should turn from which emergency to which other, when he would be there, and who would take the first."""

    technician_id: str
    from_job_id: str
    to_job_id: str
    arrival_s: int
    successor_id: str


def find_turns(
    problem: Problem,
    plan: Plan | None,
    under_way: Mapping[str, str],
    *,
    rules: QueueRules,
    redirect_s: int,
    least_left_s: int = 0,
    travel: TravelTimes | None = None,
) -> list[Turn]:
    """Return the turns that make the waiting of all together shorter, lexicographically, by more than ``redirect_s``.

    ``under_way``: technician → the emergency he drives to, his only committed stop. Only an emergency that nobody
    holds is turned to, and only when somebody else can take the one that is left. Who arrives within
    ``least_left_s`` is left alone. Raise DomainError ``problem_invalid``.
    """
    grid = build_grid(problem, travel or StraightLine(problem.profile))
    state = state_of(grid, plan, keep_first=True)
    held = _held(grid, under_way, least_left_s)
    techs = [tech for tech in range(len(state.routes)) if not state.leaves_for[tech]]
    lines = [_line(state, tech, held) for tech in techs]
    jobs = sorted({job for line in lines for job in line} | _left_out(state))
    if not held or len(jobs) == len(held):
        return []
    from routing.emergency_queue import arrange_lines  # noqa: PLC0415 - who names the rule loads no compiler

    number = {job: index for index, job in enumerate(jobs)}
    waiting = _waiting(state, techs, jobs, held, redirect_s)
    found = arrange_lines(waiting, rules, [[number[job] for job in line] for line in lines])
    return _turns(grid, techs, [[jobs[index] for index in line] for line in found], held)


def _held(grid: Grid, under_way: Mapping[str, str], least_left_s: int) -> dict[int, int]:
    """Return technician → job of those whose one committed stop is the emergency they drive to, and still far."""
    named = {grid.technician_index.get(who, -1): grid.job_index.get(what, -1) for who, what in under_way.items()}
    sound = {tech: job for tech, job in named.items() if tech >= 0 and job >= 0 and grid.committed[tech] == [job]}
    return {tech: job for tech, job in sound.items() if grid.travel[grid.start_node[tech]][job] > least_left_s}


def _line(state: State, tech: int, held: Mapping[int, int]) -> list[int]:
    waits = [job for job in state.routes[tech] if state.grid.tier[job] == Tier.EMERGENCY]
    return [held[tech], *waits] if tech in held else waits


def _left_out(state: State) -> set[int]:
    return {job for job in state.unplanned() if state.grid.tier[job] == Tier.EMERGENCY}


def _waiting(state: State, techs: Sequence[int], jobs: Sequence[int], held: Mapping[int, int], extra_s: int) -> Waiting:
    grid, now_s = state.grid, state.grid.problem.now_s
    starts = [
        (grid.start_node[tech], grid.ready[tech]) if tech in held else after_committed(state, tech) for tech in techs
    ]
    drive = np.asarray(grid.legs.block([node for node, _ in starts], jobs), dtype=np.float64)
    for row, tech in enumerate(techs):
        if tech in held:
            drive[row] += [0.0 if job == held[tech] else float(extra_s) for job in jobs]
    return Waiting(
        travel_s=drive,
        between_s=np.asarray(grid.legs.block(jobs, jobs), dtype=np.float64),
        ready_s=np.array([[float(ready_s - now_s)] for _, ready_s in starts]),
        service_s=np.array([[float(grid.jobs[job].service_s)] for job in jobs]),
        waited_s=np.array([float(now_s - grid.jobs[job].release_s) for job in jobs]),
        latest_s=np.array([[latest_arrival_s(grid, tech, job) - now_s for job in jobs] for tech in techs]),
    )


def _turns(grid: Grid, techs: Sequence[int], lines: Sequence[Sequence[int]], held: Mapping[int, int]) -> list[Turn]:
    holder = {job: tech for tech, line in zip(techs, lines, strict=True) for job in line}
    taken = set(held.values())
    found = []
    for tech, line in zip(techs, lines, strict=True):
        own = held.get(tech)
        if own is None or not line or line[0] in taken or holder.get(own, tech) == tech:
            continue
        drive_s = grid.travel[grid.start_node[tech]][line[0]]
        found.append(
            Turn(
                technician_id=grid.technicians[tech].id,
                from_job_id=grid.jobs[own].id,
                to_job_id=grid.jobs[line[0]].id,
                arrival_s=max(grid.ready[tech] + drive_s, grid.jobs[line[0]].release_s),
                successor_id=grid.technicians[holder[own]].id,
            )
        )
    return found
