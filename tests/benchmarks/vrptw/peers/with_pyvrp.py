"""PyVRP in one thread, by CPU seconds."""

from __future__ import annotations

import time
from typing import Any

import pyvrp

from tests.benchmarks.referee_vrptw import Instance
from tests.benchmarks.vrptw.peers.whole import SCALE, lengths, times
from tests.benchmarks.vrptw.plan import Solved


class _CpuStop:
    def __init__(self, cpu_s: float) -> None:
        self.until = time.process_time() + cpu_s

    def __call__(self, best_cost: int) -> bool:  # noqa: ARG002 - the name is PyVRP's
        return time.process_time() >= self.until


def solve(instance: Instance, cpu_s: float, seed: int = 1) -> Solved:
    """Solve with PyVRP's own defaults; the stop asks the process's CPU clock."""
    depot, *clients = instance.customers
    van = pyvrp.VehicleType(
        max(instance.vans, 1),
        [int(instance.capacity)],
        tw_early=int(depot.opens * SCALE),
        tw_late=int(depot.closes * SCALE),
    )
    data = pyvrp.ProblemData(
        [pyvrp.Location(one.x, one.y) for one in instance.customers],
        [
            pyvrp.Client(
                number,
                [int(one.demand)],
                service_duration=int(one.service * SCALE),
                tw_early=int(one.opens * SCALE),
                tw_late=int(one.closes * SCALE),
            )
            for number, one in enumerate(clients, 1)
        ],
        [pyvrp.Depot(0)],
        [van],
        [lengths(instance)],
        [times(instance)],
    )
    began = time.process_time()
    best = pyvrp.solve(data, _CpuStop(cpu_s), seed=seed, collect_stats=False, display=False).best
    taken = time.process_time() - began
    if not best.is_feasible():
        return Solved([], taken)
    return Solved([_clients(route) for route in best.routes()], taken)


def _clients(route: Any) -> list[int]:
    return [activity.idx + 1 for activity in route if activity.is_client()]
