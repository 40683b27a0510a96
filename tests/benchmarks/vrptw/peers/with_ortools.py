"""OR-Tools' routing model in one thread, by CPU seconds."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from ortools.constraint_solver import pywrapcp, routing_parameters_pb2
from ortools.constraint_solver.routing_enums_pb2 import FirstSolutionStrategy, LocalSearchMetaheuristic

from tests.benchmarks.referee_vrptw import Instance
from tests.benchmarks.vrptw.peers.whole import SCALE, lengths, times
from tests.benchmarks.vrptw.plan import Solved

_FREE_START, _FROM_ZERO = False, True  # may a dimension begin above zero


def solve(instance: Instance, cpu_s: float) -> Solved:
    """Solve with OR-Tools: cheapest insertion by cost, then guided local search, stopped by the CPU clock."""
    manager = pywrapcp.RoutingIndexManager(len(instance.customers), max(instance.vans, 1), 0)
    model = pywrapcp.RoutingModel(manager)
    model.SetArcCostEvaluatorOfAllVehicles(model.RegisterTransitMatrix(lengths(instance).tolist()))
    services = np.array([int(one.service * SCALE) for one in instance.customers])
    spent = model.RegisterTransitMatrix((times(instance) + services[:, None]).tolist())
    horizon = int(instance.customers[0].closes * SCALE)
    model.AddDimension(spent, horizon, horizon, _FREE_START, "time")
    demands = model.RegisterUnaryTransitVector([int(one.demand) for one in instance.customers])
    model.AddDimension(demands, 0, int(instance.capacity), _FROM_ZERO, "load")
    clock = model.GetDimensionOrDie("time")
    for number, one in enumerate(instance.customers[1:], 1):
        window = int(one.opens * SCALE), int(one.closes * SCALE)
        clock.CumulVar(manager.NodeToIndex(number)).SetRange(*window)
    until = time.process_time() + cpu_s
    model.AddSearchMonitor(model.solver().CustomLimit(lambda: time.process_time() >= until))
    found = model.SolveWithParameters(_parameters())
    taken = time.process_time() - until + cpu_s
    if found is None:
        return Solved([], taken)
    return Solved([_stops(manager, model, found, van) for van in range(max(instance.vans, 1))], taken)


def _parameters() -> routing_parameters_pb2.RoutingSearchParameters:
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = FirstSolutionStrategy.LOCAL_CHEAPEST_INSERTION
    parameters.local_search_metaheuristic = LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    return parameters


def _stops(manager: Any, model: Any, found: Any, van: int) -> list[int]:
    stops, index = [], found.Value(model.NextVar(model.Start(van)))
    while not model.IsEnd(index):
        stops.append(manager.IndexToNode(index))
        index = found.Value(model.NextVar(index))
    return stops
