"""The peers, each in one thread and by CPU seconds; what they cannot say in doubles is scaled and rounded up in time.

Rounding travel times up keeps their plans feasible in double precision, so that the referee can accept them.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pyvrp
import vroom
from ortools.constraint_solver import pywrapcp, routing_parameters_pb2
from ortools.constraint_solver.routing_enums_pb2 import FirstSolutionStrategy, LocalSearchMetaheuristic

from tests.benchmarks.referee_vrptw import Instance
from tests.benchmarks.vrptw.plan import Solved, matrix

_SCALE = 10_000
_VROOM_SCALE = 1_000  # its durations are 32 bit
_EXPLORATION = 5
_FREE_START, _FROM_ZERO = False, True  # may a dimension begin above zero


def _times(instance: Instance, scale: int) -> Any:
    return np.ceil(matrix(instance.customers) * scale - 1e-6).astype(np.int64)


def _lengths(instance: Instance, scale: int) -> Any:
    return np.rint(matrix(instance.customers) * scale).astype(np.int64)


class _CpuStop:
    def __init__(self, cpu_s: float) -> None:
        self.until = time.process_time() + cpu_s

    def __call__(self, best_cost: int) -> bool:  # noqa: ARG002 - the name is PyVRP's
        return time.process_time() >= self.until


def pyvrp_solve(instance: Instance, cpu_s: float, seed: int = 1) -> Solved:
    """Solve with PyVRP's own defaults; the stop asks the process's CPU clock."""
    depot, *clients = instance.customers
    van = pyvrp.VehicleType(
        max(instance.vans, 1),
        [int(instance.capacity)],
        tw_early=int(depot.opens * _SCALE),
        tw_late=int(depot.closes * _SCALE),
    )
    data = pyvrp.ProblemData(
        [pyvrp.Location(one.x, one.y) for one in instance.customers],
        [
            pyvrp.Client(
                number,
                [int(one.demand)],
                service_duration=int(one.service * _SCALE),
                tw_early=int(one.opens * _SCALE),
                tw_late=int(one.closes * _SCALE),
            )
            for number, one in enumerate(clients, 1)
        ],
        [pyvrp.Depot(0)],
        [van],
        [_lengths(instance, _SCALE)],
        [_times(instance, _SCALE)],
    )
    began = time.process_time()
    best = pyvrp.solve(data, _CpuStop(cpu_s), seed=seed, collect_stats=False, display=False).best
    taken = time.process_time() - began
    if not best.is_feasible():
        return Solved([], taken)
    return Solved([_clients(route) for route in best.routes()], taken)


def _clients(route: Any) -> list[int]:
    return [activity.idx + 1 for activity in route if activity.is_client()]


def vroom_solve(instance: Instance, _cpu_s: float) -> Solved:
    """Solve with VROOM at its deepest exploration in one thread; it stops by itself, whatever the limit."""
    task = vroom.Input()
    task.set_durations_matrix("car", _times(instance, _VROOM_SCALE).astype(np.uint32))
    task.set_costs_matrix("car", _lengths(instance, _VROOM_SCALE).astype(np.uint32))
    depot = instance.customers[0]
    shift = vroom.TimeWindow(int(depot.opens * _VROOM_SCALE), int(depot.closes * _VROOM_SCALE))
    for van in range(max(instance.vans, 1)):
        task.add_vehicle(vroom.Vehicle(van, start=0, end=0, capacity=[int(instance.capacity)], time_window=shift))
    for number, one in enumerate(instance.customers[1:], 1):
        window = vroom.TimeWindow(int(one.opens * _VROOM_SCALE), int(one.closes * _VROOM_SCALE))
        service, demand = int(one.service * _VROOM_SCALE), vroom.Amount([int(one.demand)])
        task.add_job(vroom.Job(number, number, default_service=service, delivery=demand, time_windows=[window]))
    began = time.process_time()
    table = task.solve(exploration_level=_EXPLORATION, nb_threads=1).routes
    taken = time.process_time() - began
    stops = table[table["type"] == "job"]
    return Solved([[int(number) for number in part["id"]] for _, part in stops.groupby("vehicle_id")], taken)


def ortools_solve(instance: Instance, cpu_s: float) -> Solved:
    """Solve with OR-Tools: cheapest insertion by cost, then guided local search, stopped by the CPU clock."""
    manager = pywrapcp.RoutingIndexManager(len(instance.customers), max(instance.vans, 1), 0)
    model = pywrapcp.RoutingModel(manager)
    model.SetArcCostEvaluatorOfAllVehicles(model.RegisterTransitMatrix(_lengths(instance, _SCALE).tolist()))
    services = np.array([int(one.service * _SCALE) for one in instance.customers])
    spent = model.RegisterTransitMatrix((_times(instance, _SCALE) + services[:, None]).tolist())
    horizon = int(instance.customers[0].closes * _SCALE)
    model.AddDimension(spent, horizon, horizon, _FREE_START, "time")
    demands = model.RegisterUnaryTransitVector([int(one.demand) for one in instance.customers])
    model.AddDimension(demands, 0, int(instance.capacity), _FROM_ZERO, "load")
    clock = model.GetDimensionOrDie("time")
    for number, one in enumerate(instance.customers[1:], 1):
        window = int(one.opens * _SCALE), int(one.closes * _SCALE)
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
