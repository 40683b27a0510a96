"""Technician routing and scheduling as a model of OR-Tools: the peer of ``tests.benchmarks.trsp``.

Objective: driving and waiting between departure and end, which is the working time less the services. Parts are a
quantity that a visit to the depot fills up, tools a count of such visits; every technician has one of his own to make.
"""

from __future__ import annotations

import math
import time
from typing import Any

from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from tests.benchmarks.referee_trsp import Instance, Node

_SCALE = 1000  # the library counts in whole numbers
_UNSERVED = 100_000 * _SCALE
_SANE_S = 3600  # wall time; CPU time ends the search long before
_FREE_START, _FROM_ZERO = False, True  # may a dimension begin above zero


def solve(instance: Instance, cpu_s: float) -> tuple[list[list[int]], float]:
    """Return routes in the instance's ids and the CPU seconds taken; requests that were not placed are missing."""
    began = time.process_time()
    routes = _Model(instance).improve(began + cpu_s)
    return routes, time.process_time() - began


class _Model:
    """Nodes: the requests, each technician's visit to the depot, the homes to start from, the homes to end at."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._requests = [instance.nodes[number] for number in instance.requests]
        self._crew = [instance.nodes[number] for number in instance.homes]
        self._n, self._m = len(self._requests), len(self._crew)
        self._nodes = [*self._requests, *[instance.nodes[0]] * self._m, *self._crew, *self._crew]
        starts = [self._n + self._m + k for k in range(self._m)]
        ends = [start + self._m for start in starts]
        self._manager = pywrapcp.RoutingIndexManager(len(self._nodes), self._m, starts, ends)
        self._routing = pywrapcp.RoutingModel(self._manager)
        self._at = [self._manager.NodeToIndex(node) for node in range(self._n + self._m)]
        self._times()
        self._parts()
        self._tools()
        self._who()

    def _times(self) -> None:
        drives = [[math.ceil(_drive(a, b) * _SCALE - 1e-6) for b in self._nodes] for a in self._nodes]
        self._routing.SetArcCostEvaluatorOfAllVehicles(self._routing.RegisterTransitMatrix(drives))
        service = [round(node.service * _SCALE) if at < self._n else 0 for at, node in enumerate(self._nodes)]
        spent = [[one + service[at] for one in row] for at, row in enumerate(drives)]
        latest = int(max(node.closes for node in self._nodes) * _SCALE)
        self._routing.AddDimension(self._routing.RegisterTransitMatrix(spent), latest, latest, _FREE_START, "time")
        clock = self._routing.GetDimensionOrDie("time")
        for request, index in zip(self._requests, self._at, strict=False):
            clock.CumulVar(index).SetRange(int(request.opens * _SCALE), int(request.closes * _SCALE))
        for k, one in enumerate(self._crew):
            for end in (self._routing.Start(k), self._routing.End(k)):
                clock.CumulVar(end).SetRange(int(one.opens * _SCALE), int(one.closes * _SCALE))
            clock.SetSlackCostCoefficientForVehicle(1, k)

    def _parts(self) -> None:
        for kind in range(len(self._crew[0].parts)):
            needs = [request.parts[kind] for request in self._requests]
            filled = sum(needs)
            change = [*(-need for need in needs), *[filled] * self._m, *[0] * (2 * self._m)]
            most = filled + max(one.parts[kind] for one in self._crew)
            evaluator = self._routing.RegisterUnaryTransitVector(change)
            self._routing.AddDimension(evaluator, 0, most, _FREE_START, f"parts {kind}")
            stock = self._routing.GetDimensionOrDie(f"parts {kind}")
            for k, one in enumerate(self._crew):
                stock.CumulVar(self._routing.Start(k)).SetValue(one.parts[kind])
            for need, index in zip(needs, self._at, strict=False):
                stock.CumulVar(index).SetMin(need)

    def _tools(self) -> None:
        solver = self._routing.solver()
        visits = [int(self._n <= node < self._n + self._m) for node in range(len(self._nodes))]
        self._routing.AddDimension(self._routing.RegisterUnaryTransitVector(visits), 0, 1, _FROM_ZERO, "fetched")
        fetched = self._routing.GetDimensionOrDie("fetched")
        for request, index in zip(self._requests, self._at, strict=False):
            lacking = [int(not request.tools <= one.tools) for one in self._crew]
            if any(lacking):  # the last entry is for a request that nobody serves, whose technician is −1
                who = self._routing.VehicleVar(index) + 1
                solver.Add(fetched.CumulVar(index) >= solver.Element([0, *lacking], who.Var()))

    def _who(self) -> None:
        for request, index in zip(self._requests, self._at, strict=False):
            able = [k for k, one in enumerate(self._crew) if request.skills <= one.skills]
            self._routing.VehicleVar(index).SetValues([-1, *able])
            self._routing.AddDisjunction([index], _UNSERVED)
        for k, index in enumerate(self._at[self._n :]):
            self._routing.VehicleVar(index).SetValues([-1, k])
            self._routing.AddDisjunction([index], 0)

    def improve(self, until: float) -> list[list[int]]:
        """Search until a CPU time from everybody's visit to the depot; return the routes in the instance's ids."""
        parameters = pywrapcp.DefaultRoutingSearchParameters()
        parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
        parameters.time_limit.FromSeconds(_SANE_S)
        limit = self._routing.solver().CustomLimit(lambda: time.process_time() >= until)
        self._routing.AddSearchMonitor(limit)
        self._routing.CloseModelWithParameters(parameters)
        # No insertion by itself goes to the depot for a request that it cannot serve yet.
        given = self._routing.ReadAssignmentFromRoutes([[self._n + k] for k in range(self._m)], True)  # noqa: FBT003 - the library takes no names
        found = self._routing.SolveFromAssignmentWithParameters(given, parameters)
        return [] if found is None else [route for k in range(self._m) if (route := self._route(found, k))]

    def _route(self, found: Any, k: int) -> list[int]:
        stops, index = [], found.Value(self._routing.NextVar(self._routing.Start(k)))
        while not self._routing.IsEnd(index):
            node = self._manager.IndexToNode(index)
            stops.append(node + self._m + 1 if node < self._n else self._instance.last + self._m + k + 1)
            index = found.Value(self._routing.NextVar(index))
        is_used = any(stop in self._instance.requests for stop in stops)
        return [k + 1, *stops, self._instance.last + k + 1] if is_used else []


def _drive(one: Node, other: Node) -> float:
    return math.dist((one.x, one.y), (other.x, other.y))
