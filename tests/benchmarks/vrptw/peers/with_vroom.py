"""VROOM in one thread."""

from __future__ import annotations

import time

import numpy as np
import vroom

from tests.benchmarks.referee_vrptw import Instance
from tests.benchmarks.vrptw.peers.whole import lengths, times
from tests.benchmarks.vrptw.plan import Solved

_SCALE = 1_000  # its durations are 32 bit
_EXPLORATION = 5


def solve(instance: Instance, _cpu_s: float) -> Solved:
    """Solve with VROOM at its deepest exploration in one thread; it stops by itself, whatever the limit."""
    task = vroom.Input()
    task.set_durations_matrix("car", times(instance, _SCALE).astype(np.uint32))
    task.set_costs_matrix("car", lengths(instance, _SCALE).astype(np.uint32))
    depot = instance.customers[0]
    shift = vroom.TimeWindow(int(depot.opens * _SCALE), int(depot.closes * _SCALE))
    for van in range(max(instance.vans, 1)):
        task.add_vehicle(vroom.Vehicle(van, start=0, end=0, capacity=[int(instance.capacity)], time_window=shift))
    for number, one in enumerate(instance.customers[1:], 1):
        window = vroom.TimeWindow(int(one.opens * _SCALE), int(one.closes * _SCALE))
        service, demand = int(one.service * _SCALE), vroom.Amount([int(one.demand)])
        task.add_job(vroom.Job(number, number, default_service=service, delivery=demand, time_windows=[window]))
    began = time.process_time()
    table = task.solve(exploration_level=_EXPLORATION, nb_threads=1).routes
    taken = time.process_time() - began
    stops = table[table["type"] == "job"]
    return Solved([[int(number) for number in part["id"]] for _, part in stops.groupby("vehicle_id")], taken)
