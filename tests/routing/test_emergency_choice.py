"""The first plan of every emergency equals brute force over all technicians, under every rule of the whole model."""

from __future__ import annotations

import math
import random

import pytest
from msgspec.structs import replace

from routing.problem import Job, Place, Problem, Technician
from routing.travel import StraightLine
from routing.urgent import insert_urgent
from tests.routing.full_worlds import full_problem
from tests.routing.worlds import HOUR


def drive_s(problem: Problem, source: Place, target: Place) -> int:
    """Return the seconds between two places."""
    return int(StraightLine(problem.profile).matrix([source], [target], problem.now_s)[0][0, 0])


def may_go(technician: Technician, job: Job, when_s: float) -> bool:
    """Tell whether a technician arriving then may work: lock, bar, skills with level, instruments, shift."""
    has_skills = all(
        any(
            skill.name == name
            and skill.level >= job.skill_levels.get(name, 1)
            and when_s <= (skill.valid_until_s or 1e18)
            for skill in technician.skills
        )
        for name in job.skills
    )
    has_tools = all(
        any(tool.kind == kind and when_s <= (tool.valid_until_s or 1e18) for tool in technician.instruments)
        for kind in job.instruments
    )
    is_his = job.locked_to in (None, technician.id) and technician.id not in job.barred
    away_s = math.inf if technician.away_from_s is None else technician.away_from_s
    is_there = when_s <= technician.shift_end_s and when_s + job.service_s <= away_s
    return has_skills and has_tools and is_his and is_there


def has_parts(problem: Problem, technician: Technician, job: Job, before: tuple[str, ...]) -> bool:
    """Tell whether the van has the parts left behind some stops."""
    jobs = {one.id: one for one in problem.jobs}
    used = {kind: sum(jobs[name].parts.get(kind, 0) for name in before) for kind in job.parts}
    return all(max(0, technician.stock.get(kind, 0) - used[kind]) >= count for kind, count in job.parts.items())


def arrivals(problem: Problem, technician: Technician, job: Job) -> list[float]:
    """Return when a technician could be there: behind what he is committed to, or leaving his job at once."""
    jobs = {one.id: one for one in problem.jobs}
    place = technician.place
    free_s = max(technician.available_s, technician.shift_start_s, problem.now_s)
    for name in technician.committed:
        stop = jobs[name]
        start = max(free_s + drive_s(problem, place, stop.place), stop.release_s, stop.earliest_s)
        openings = [max(start, opens) for opens, closes in sorted(stop.windows) if start <= closes]
        place, free_s = stop.place, (openings[0] if openings else start) + stop.service_s
    found: list[float] = []
    if has_parts(problem, technician, job, technician.committed):
        found.append(max(free_s + drive_s(problem, place, job.place), job.release_s))
    if technician.leave is not None and has_parts(problem, technician, job, ()):
        from_s = max(technician.leave.from_s, problem.now_s)
        found.append(max(from_s + drive_s(problem, technician.leave.place, job.place), job.release_s))
    return [when for when in found if may_go(technician, job, when)]


def leaving(seed: int, problem: Problem) -> Problem:
    """Return the problem in which some technicians are about to leave for a while, or for the day."""
    chance = random.Random(f"leaving {seed}")
    crew = tuple(
        replace(one, away_from_s=problem.now_s + chance.randrange(0, 3 * HOUR)) if chance.random() < 0.4 else one
        for one in problem.technicians
    )
    return replace(problem, technicians=crew)


@pytest.mark.parametrize("seed", range(150))
def test_first_plan_of_an_emergency_equals_brute_force_when_every_rule_may_bind(seed: int) -> None:
    """Arrives exactly as early as the best of all technicians, or is answered by nobody when nobody may go."""
    known = full_problem(seed, crew=3 + seed % 5, count=10, emergencies=1)
    problem = leaving(seed, replace(known, service_quantile=0.5)) if seed % 2 else replace(known, service_quantile=0.5)
    emergency = problem.jobs[0]
    best = min((at for one in problem.technicians for at in arrivals(problem, one, emergency)), default=math.inf)
    certificate = insert_urgent(problem, None, emergency.id).certificate
    assert (certificate.arrival_s or math.inf) == best
