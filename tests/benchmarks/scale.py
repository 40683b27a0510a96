"""``python -m tests.benchmarks.scale --json OUT``: the planner's speed from one emergency to ten thousand orders.

Rows: ``instant`` (p99 of the answer to an emergency), ``replan``, ``day`` (regions against the same search flat, every
technician tried for every insertion), ``stretch`` (a fleet of a thousand against twenty regions searched once) and
``growth`` (CPU seconds until within 5 % of the end). Each row runs in a process of its own, so that its memory is its
own; compiling or loading the search is not counted. Worlds follow the laws of the leak-day, see ``scale_worlds``.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from routing.bridge import lay_out
from routing.grid import build_grid
from routing.optimiser import waiting_jobs
from routing.plan import Plan
from routing.planner import plan_routes
from routing.problem import Problem
from routing.regional import SETTINGS, Course, search_regions
from routing.search import engine
from routing.state import State
from routing.stop import MaxIterations, MaxSeconds
from routing.travel import StraightLine
from routing.urgent import insert_urgent, rank_candidates
from tests.benchmarks.scale_worlds import morning, square_km
from tests.routing.worlds import a_leak

Row = dict[str, Any]

_WITHIN = 1.05
_MIB = 1024.0


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large and how long each row is."""

    instant: tuple[int, int, int] = (1500, 200, 300)  # jobs, technicians, calls
    replan: tuple[int, int, int] = (400, 40, 12)  # jobs, technicians, emergencies
    replan_s: float = 0.22
    day: tuple[int, int, float] = (2000, 200, 20.0)  # jobs, technicians, CPU seconds
    stretch: tuple[int, int, float] = (10_000, 1000, 24.0)  # jobs, technicians, CPU seconds of each worker
    independent_s: float = 5.5
    growth: tuple[int, ...] = (1000, 2000, 5000, 10_000)  # jobs; a tenth as many technicians
    growth_s_per_job: float = 0.004


FULL = Size()
QUICK = Size(
    instant=(300, 40, 20),
    replan=(120, 12, 3),
    day=(900, 90, 2.0),
    stretch=(1200, 120, 1.0),
    independent_s=0.5,
    growth=(900, 1200),
    growth_s_per_job=0.002,
)


def warm_up() -> None:
    """Load the compiled search, so that no row counts it."""
    plan_routes(morning(0, 40, 10), seed=0, stop=MaxIterations(count=1))


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share of the values lies, rounded up to one of them."""
    return sorted(values)[min(len(values) - 1, math.ceil(share * len(values)) - 1)]


def with_leaks(problem: Problem, count: int) -> Iterator[Problem]:
    """Yield the problem with one more emergency each, somewhere in town."""
    rng = random.Random(1)
    for _ in range(count):
        leak = a_leak("leak", rng.choice(problem.jobs).place, release_s=0)
        yield replace(problem, jobs=(*problem.jobs, leak))


def cpu_s(work: Callable[[], object]) -> float:
    """Return the CPU seconds of a call."""
    began = time.process_time()
    work()
    return time.process_time() - began


def instant(size: Size, workers: int) -> Row:
    """Measure the instant answer, certificate included, and the ranking of everybody."""
    del workers
    jobs, crew, calls = size.instant
    problem = morning(1, jobs, crew)
    plan = plan_routes(problem, seed=1, stop=MaxIterations(count=20)).plan
    urgent, ranked = [], []
    for one in with_leaks(problem, calls):
        urgent.append(cpu_s(partial(insert_urgent, one, plan, "leak")))
        ranked.append(cpu_s(partial(rank_candidates, one, plan, "leak")))
    return {
        "jobs": jobs,
        "technicians": crew,
        "calls": calls,
        "urgent_p50_ms": 1000 * quantile(urgent, 0.5),
        "urgent_p99_ms": 1000 * quantile(urgent, 0.99),
        "rank_p50_ms": 1000 * quantile(ranked, 0.5),
        "rank_p99_ms": 1000 * quantile(ranked, 0.99),
    }


def owners(plan: Plan) -> dict[str, str | None]:
    """Return the technician of every planned job."""
    return {stop.job_id: route.technician_id for route in plan.routes for stop in route.stops}


def replan(size: Size, workers: int) -> Row:
    """Measure a re-plan around an emergency from a good plan, everything included."""
    del workers
    jobs, crew, calls = size.replan
    problem = morning(1, jobs, crew)
    plan = plan_routes(problem, seed=1, stop=MaxIterations(count=400)).plan
    stable = replace(problem, previous=owners(plan))
    taken, gains, moved = [], [], []
    for one in with_leaks(stable, calls):
        start = plan_routes(one, seed=1, stop=MaxIterations(count=0), warm=plan).objective.total
        began = time.process_time()
        answer = plan_routes(one, seed=1, stop=MaxSeconds(size.replan_s), warm=plan)
        taken.append(time.process_time() - began)
        gains.append(1.0 - answer.objective.total / start)
        moved.append(len(answer.moved))
    return {
        "jobs": jobs,
        "technicians": crew,
        "cpu_p50_ms": 1000 * quantile(taken, 0.5),
        "cpu_max_ms": 1000 * max(taken),
        "better_than_insertion": sum(gains) / len(gains),
        "moved_per_replan": sum(moved) / len(moved),
    }


def flat(problem: Problem, limit_s: float) -> float:
    """Return the objective of the same search flat: one region, and neither neighbour lists nor remembered places.

    It has not: regions and their rounds, the list of routes near a job, the table of each job's best places, the list
    of 64 nearest jobs that ruins draw from (every job's list holds all jobs, as in the paper; making it is not
    counted). It has, as the planner: the compiled kernel with its exact time arithmetic, the dials, blinks, sort
    orders and temperatures, and the first plan by cheapest insertion, made within its CPU seconds.
    """
    state = State(build_grid(problem, StraightLine(problem.profile)))
    ground = lay_out(state, range(len(state.routes)), waiting_jobs(state))
    routes, heads = ground.lines(state)
    arrays = ground.arrays.with_neighbours(ground.arrays.jobs)
    engine.LARGEST_TABLE = 0
    limits = engine.Limits(cpu_s=limit_s)
    found = engine.improve(arrays, routes, heads, seed=1, limits=limits, settings=SETTINGS)
    ground.put_back(state, found.routes)
    state.repair()
    return state.objective().total


def day(size: Size, workers: int) -> Row:
    """Compare the planner with the same search flat, both with the same CPU seconds in one thread."""
    del workers
    jobs, crew, limit_s = size.day
    problem = morning(1, jobs, crew)
    began = time.process_time()
    ours = plan_routes(problem, seed=1, stop=MaxSeconds(limit_s))
    taken = time.process_time() - began
    plain = flat(problem, limit_s)
    return {
        "jobs": jobs,
        "technicians": crew,
        "square_km": round(square_km(crew), 1),
        "cpu_s": taken,
        "objective": ours.objective.total,
        "unserved": len(ours.plan.unserved),
        "flat_objective": plain,
        "better_than_flat": 1.0 - ours.objective.total / plain,
    }


def stretch(size: Size, workers: int) -> Row:
    """Plan a fleet of a thousand, and compare with regions that are searched once and never meet."""
    jobs, crew, limit_s = size.stretch
    problem = morning(1, jobs, crew)
    wall, began = time.perf_counter(), time.process_time()
    ours = plan_routes(problem, seed=1, stop=MaxSeconds(limit_s), workers=workers)
    taken, wall = time.process_time() - began, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MIB
    state = State(build_grid(problem, StraightLine(problem.profile)))
    once = search_regions(state, engine.Limits(cpu_s=size.independent_s), 1, Course(rounds=1))
    once.repair()
    apart = once.objective().total
    return {
        "jobs": jobs,
        "technicians": crew,
        "square_km": round(square_km(crew), 1),
        "workers": workers,
        "wall_s": wall,
        "cpu_s": taken,
        "peak_mib": peak,
        "objective": ours.objective.total,
        "unserved": len(ours.plan.unserved),
        "independent_objective": apart,
        "better_than_independent": 1.0 - ours.objective.total / apart,
    }


def growth(size: Size, workers: int) -> Row:
    """Measure CPU seconds until within 5 % of the end, for growing days."""
    spent = {jobs: _until_within(jobs, jobs * size.growth_s_per_job, workers) for jobs in size.growth}
    first, last = min(spent), max(spent)
    law = last * math.log(last) / (first * math.log(first))
    return {
        "cpu_s_by_jobs": {str(jobs): seconds for jobs, seconds in spent.items()},
        "growth": spent[last] / spent[first],
        "n_log_n": law,
    }


def _until_within(jobs: int, limit_s: float, workers: int) -> float:
    problem = morning(1, jobs, jobs // 10)
    began = time.process_time()
    trace: list[tuple[float, float]] = []

    def note(_: int, state: State) -> None:
        trace.append((time.process_time() - began, state.objective().total))

    state = State(build_grid(problem, StraightLine(problem.profile)))
    search_regions(state, engine.Limits(cpu_s=limit_s / workers), 1, Course(workers=workers, rounds=12), note)
    return next(at for at, total in trace if total <= trace[-1][1] * _WITHIN)


MEASURES: dict[str, Callable[[Size, int], Row]] = {
    "instant": instant,
    "replan": replan,
    "day": day,
    "stretch": stretch,
    "growth": growth,
}


def measure(name: str, size: Size, workers: int) -> Row:
    """Run one row in this process."""
    warm_up()
    return {"row": name, **MEASURES[name](size, workers)}


def apart(name: str, size: Size, workers: int) -> Row:
    """Run one row in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(measure, name, size, workers).result()


def main(arguments: Sequence[str]) -> int:
    """Run the rows asked for and write the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scale", description="The planner's speed.")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it runs")
    parser.add_argument("--only", nargs="+", choices=sorted(MEASURES), default=list(MEASURES))
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    options = parser.parse_args(arguments)
    rows: list[Row] = []
    for name in options.only:
        sys.stderr.write(f"{name} ...\n")
        rows.append(apart(name, QUICK if options.quick else FULL, options.workers))
        sys.stderr.write(json.dumps(rows[-1]) + "\n")
        if options.json is not None:
            summary = {row["row"]: {key: value for key, value in row.items() if key != "row"} for row in rows}
            options.json.write_text(json.dumps({"rows": rows, "summary": summary}, indent=2), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
