"""Figures of the planner's speed: ``python -m tests.benchmarks.routing_speed`` (CPU seconds, one thread).

The naive baseline runs in the same process on the same problem: plain Python, one geodesic per leg, every technician
and every position. Figures are printed for the closing note; nothing is asserted (decision 20).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from statistics import median

from geopy.distance import geodesic
from msgspec.structs import replace

from routing.plan import Plan
from routing.planner import plan_routes
from routing.problem import Job, Place, Problem
from routing.stop import MaxIterations
from routing.urgent import insert_job, insert_urgent, rank_candidates
from tests.routing.worlds import a_job, a_leak, east, random_problem

_REPEATS = 9


def cpu_ms(work: Callable[[], object], repeats: int = _REPEATS) -> float:
    """Return the median CPU milliseconds of a call."""
    taken: list[float] = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        taken.append((time.process_time() - start) * 1000)
    return median(taken)


def naive_drive_s(problem: Problem, source: Place, target: Place) -> float:
    """Return driving seconds by one geodesic of geopy."""
    metres: float = geodesic((source.lat, source.lon), (target.lat, target.lon)).m
    return metres * problem.profile.detour / problem.profile.speed_m_s + problem.profile.start_up_s


def naive_arrival(problem: Problem, leak: Job) -> float:
    """Return the earliest arrival by walking every technician's stops under way, leg by leg."""
    jobs = {job.id: job for job in problem.jobs}
    arrivals = []
    for technician in problem.technicians:
        ready_s, place = float(max(technician.available_s, technician.shift_start_s)), technician.place
        for job_id in technician.committed:
            ready_s += naive_drive_s(problem, place, jobs[job_id].place) + jobs[job_id].service_s
            place = jobs[job_id].place
        arrivals.append(ready_s + naive_drive_s(problem, place, leak.place))
    return min(arrivals)


def naive_cheapest_detour(problem: Problem, plan: Plan, job: Job) -> float:
    """Return the cheapest detour over every position of every route, leg by leg, without looking at time."""
    places = {one.id: one.place for one in problem.jobs}
    starts = {technician.id: technician.place for technician in problem.technicians}
    detours = []
    for route in plan.routes:
        chain = [starts[route.technician_id], *(places[stop.job_id] for stop in route.stops)]
        for before, after in zip(chain, chain[1:], strict=False):  # noqa: RUF007 - naive on purpose
            legs = ((before, job.place, 1), (job.place, after, 1), (before, after, -1))
            detours.append(sum(sign * naive_drive_s(problem, a, b) for a, b, sign in legs))
    return min(detours)


def measure(crew: int, count: int) -> list[tuple[str, float]]:
    """Return name and CPU milliseconds of each figure for one size."""
    problem = random_problem(2, crew=crew, count=count, emergencies=0)
    plan = plan_routes(problem, seed=1, stop=MaxIterations(count=0)).plan
    leak, routine = a_leak("leak", east(3000), release_s=problem.now_s), a_job("new", east(-2000))
    both = replace(problem, jobs=(*problem.jobs, leak, routine))
    return [
        ("insert_urgent (exact, certified)", cpu_ms(lambda: insert_urgent(both, plan, "leak"))),
        ("naive: arrival alone", cpu_ms(lambda: naive_arrival(both, leak))),
        ("insert_job", cpu_ms(lambda: insert_job(both, plan, "new"))),
        ("naive: detour alone", cpu_ms(lambda: naive_cheapest_detour(both, plan, routine))),
        ("rank_candidates", cpu_ms(lambda: rank_candidates(both, plan, "leak"))),
        ("plan_routes, insertion alone", cpu_ms(lambda: plan_routes(problem, seed=1, stop=MaxIterations(count=0)), 3)),
        ("plan_routes, 200 steps", cpu_ms(lambda: plan_routes(problem, seed=1, stop=MaxIterations(count=200)), 3)),
        (
            "plan_routes, warm, 50 steps",
            cpu_ms(lambda: plan_routes(both, seed=1, stop=MaxIterations(count=50), warm=plan), 3),
        ),
    ]


def main() -> int:
    """Print the figures for a small and for the full size."""
    for crew, count in ((14, 60), (40, 400)):
        sys.stdout.write(f"{crew} technicians x {count} jobs\n")
        for name, figure in measure(crew, count):
            sys.stdout.write(f"  {name:<36}{figure:9.1f} ms\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
