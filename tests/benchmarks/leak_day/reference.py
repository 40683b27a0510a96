"""The same arrays through the OR-Tools routing model: soft due times in two pieces, price of a change of technician."""

from __future__ import annotations

import time

import numpy as np
from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from routing.search.arrays import Arrays

_LAST_S = 24 * 3600
_BIG = 10**9
_SANE_S = 600  # wall time; CPU time ends the search long before
# The library counts in whole numbers: prices of a tenth per second are the finest there are.
_SCALE = 10

Routes = list[list[int]]


def solve_by_model(arrays: Arrays, routes: Routes, cpu_s: float) -> Routes:
    """Return routes improved by guided local search from those given (from nothing: built by insertion first).

    Orders in none of ``routes`` start inactive. The limit counts CPU seconds of the calling thread.
    """
    began = time.thread_time()
    model = _Model(arrays)
    found = model.improve(routes, began + cpu_s)
    return routes if found is None else found


class _Model:
    """One routing model; nodes are those of the arrays."""

    def __init__(self, arrays: Arrays) -> None:
        self._arrays = arrays
        self._n, self._m = arrays.jobs, arrays.routes
        nodes = int(arrays.travel_s.shape[0])
        starts, ends = arrays.start_node.tolist(), arrays.end_node.tolist()
        self._manager = pywrapcp.RoutingIndexManager(nodes, self._m, starts, ends)
        self._routing = pywrapcp.RoutingModel(self._manager)
        self._index = [self._manager.NodeToIndex(job) for job in range(self._n)]
        cost = self._routing.RegisterTransitMatrix(_whole(arrays.travel_cost * _SCALE))
        self._routing.SetArcCostEvaluatorOfAllVehicles(cost)
        self._times()
        self._pairs()
        for job, index in enumerate(self._index):
            self._routing.AddDisjunction([index], int(min(arrays.unserved_cost[job] * _SCALE, _BIG)))

    def _times(self) -> None:
        arrays, routing = self._arrays, self._routing
        service = np.zeros(arrays.travel_s.shape[0])
        service[: self._n] = arrays.service_s
        transit = routing.RegisterTransitMatrix(_whole(arrays.travel_s + service[:, None]))
        first = [(max(arrays.wait_from_s[j], 0), arrays.wait_price[j]) for j in range(self._n)]
        first = [w if w[1] > 0 else (arrays.due_s[j], arrays.late_price[j]) for j, w in enumerate(first)]
        second = [(arrays.due2_s[j], arrays.late2_price[j]) for j in range(self._n)]
        for name, soft in (("time", first), ("late", second)):
            routing.AddDimension(transit, _LAST_S, _LAST_S, False, name)  # noqa: FBT003 - the library takes no names
            self._bounds(routing.GetDimensionOrDie(name), soft)

    def _bounds(self, dimension: pywrapcp.RoutingDimension, soft: list[tuple[float, float]]) -> None:
        arrays = self._arrays
        for vehicle in range(self._m):
            dimension.CumulVar(self._routing.Start(vehicle)).SetMin(int(arrays.ready_s[vehicle]))
            dimension.SetSpanCostCoefficientForVehicle(0, vehicle)
        for job, index in enumerate(self._index):
            opens, closes = arrays.window_open[job], arrays.window_close[job]
            dimension.CumulVar(index).SetRange(int(max(opens, 0)), int(min(closes, _LAST_S)))
            due, price = soft[job]
            if price > 0 and np.isfinite(due):
                dimension.SetCumulVarSoftUpperBound(index, int(max(due, 0)), max(1, round(price * _SCALE)))

    def _pairs(self) -> None:
        arrays, routing = self._arrays, self._routing
        nodes = int(arrays.travel_s.shape[0])
        evaluators = []
        for vehicle in range(self._m):
            values = np.zeros(nodes)
            values[: self._n] = arrays.pair_cost[arrays.row[vehicle]]
            evaluators.append(routing.RegisterUnaryTransitVector(np.rint(values).astype(int).tolist()))
        most = int(max(1.0, float(arrays.pair_cost.max(initial=0)) * 2) * max(1, self._n))
        routing.AddDimensionWithVehicleTransits(evaluators, 0, most, True, "pairs")  # noqa: FBT003 - as above
        pairs = routing.GetDimensionOrDie("pairs")
        for vehicle in range(self._m):
            pairs.SetSpanCostCoefficientForVehicle(_SCALE, vehicle)
        for job, index in enumerate(self._index):
            allowed = np.flatnonzero(arrays.allowed[arrays.row, job]).tolist()
            if len(allowed) < self._m:
                routing.VehicleVar(index).SetValues([-1, *allowed])

    def improve(self, routes: Routes, until: float) -> Routes | None:
        """Search until a CPU time; None when nothing was found."""
        parameters = pywrapcp.DefaultRoutingSearchParameters()
        parameters.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.LOCAL_CHEAPEST_INSERTION
        parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
        parameters.time_limit.FromSeconds(_SANE_S)
        limit = self._routing.solver().CustomLimit(lambda: time.thread_time() >= until)
        self._routing.AddSearchMonitor(limit)
        self._routing.CloseModelWithParameters(parameters)
        given = self._routing.ReadAssignmentFromRoutes(routes, True) if any(routes) else None  # noqa: FBT003 - as above
        solution = (
            self._routing.SolveWithParameters(parameters)
            if given is None
            else self._routing.SolveFromAssignmentWithParameters(given, parameters)
        )
        return None if solution is None else [self._route(solution, vehicle) for vehicle in range(self._m)]

    def _route(self, solution: pywrapcp.Assignment, vehicle: int) -> list[int]:
        route: list[int] = []
        index = solution.Value(self._routing.NextVar(self._routing.Start(vehicle)))
        while not self._routing.IsEnd(index):
            route.append(self._manager.IndexToNode(index))
            index = solution.Value(self._routing.NextVar(index))
        return route


def _whole(matrix: np.ndarray) -> list[list[int]]:
    rounded: list[list[int]] = np.rint(matrix).astype(int).tolist()
    return rounded
