"""The planner's own search on an instance: the product's engine, nothing made for the benchmark."""

from __future__ import annotations

import time

import numpy as np

from routing.search import arrays, engine
from tests.benchmarks.referee_vrptw import Instance
from tests.benchmarks.vrptw.plan import Solved, matrix


def problem_of(instance: Instance) -> arrays.Arrays:
    """Return the instance as the engine reads it: jobs are the customers without the depot, which is node n."""
    jobs, depot = instance.customers[1:], instance.customers[0]
    vans = max(instance.vans, 1)
    return arrays.build(
        travel_s=matrix([*jobs, depot]),
        service_s=[job.service for job in jobs],
        start_node=[len(jobs)] * vans,
        end_node=[len(jobs)] * vans,
        windows=[[(job.opens, job.closes)] for job in jobs],
        job={"demand": [[int(job.demand)] for job in jobs]},
        route={
            "stock": [[int(instance.capacity)]] * vans,
            "ready_s": depot.opens,
            "latest_end": depot.closes,
            "fleet": 0,
        },
        tables={"row": np.zeros(vans, np.int32)},
    )


def solve(instance: Instance, cpu_s: float, seed: int = 1) -> Solved:
    """Plan an instance from nothing within CPU seconds."""
    problem = problem_of(instance)
    began = time.process_time()
    limits = engine.Limits(cpu_s=cpu_s)
    nothing: list[list[int]] = [[] for _ in range(problem.routes)]
    settings = engine.settings_for(problem.jobs, cpu_s)
    found = engine.improve(problem, nothing, [0] * problem.routes, seed=seed, limits=limits, settings=settings)
    routes = [[job + 1 for job in route] for route in found.routes if route]
    return Solved(routes, time.process_time() - began)


def warm_up() -> None:
    """Compile or load the search, so that no instance pays for it."""
    engine.warm_up()
