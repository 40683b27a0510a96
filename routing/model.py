"""The declarative model in OR-Tools' routing library: improves the ordinary stops behind each fixed head.

What goes first (committed, emergencies, urgent leaks) is not in the model: a vehicle starts where and when its head
ends, so nothing the solver does can delay them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from ortools.constraint_solver import pywrapcp, routing_enums_pb2
from ortools.constraint_solver.routing_parameters_pb2 import RoutingSearchParameters

from routing.grid import NEVER, Grid
from routing.problem import Tier
from routing.state import State
from routing.stop import Limits

# The solver counts in whole tenths of a driving second, so that lateness weights such as 0.2 keep their meaning.
_SCALE = 10
# Guided local search never ends by itself, and where no neighbour is left it finds no further solution to count: a run
# limited by steps therefore also ends after so many of the solver's own checks per step.
_CHECKS_PER_STEP = 100
# Only a guard: a run limited by steps ends by them long before.
_GUARD_S = 60


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the problem small enough for one model: technician and job indexes of the grid."""

    techs: tuple[int, ...]
    jobs: tuple[int, ...]


def improve(state: State, block: Block, limits: Limits, seed: int) -> State | None:
    """Search for better routes of one block from the present ones; None when nothing better was found.

    The result is judged by the exact objective, never by the solver's own: it is returned only when it is better.
    """
    routes = _Model(state, block).solve(limits, seed)
    if routes is None:
        return None
    trial = state.copy()
    for tech, tail in zip(block.techs, routes, strict=True):
        head = trial.head(tech)
        trial.set_route(tech, trial.routes[tech][:head] + tail)
    sound = all(trial.walked(tech).broken is None for tech in block.techs)
    return trial if sound and trial.objective().total < state.objective().total else None


class _Model:
    """One block as a routing model. Nodes: jobs, then a start and an end for each technician."""

    def __init__(self, state: State, block: Block) -> None:
        self._state, self._block, self._grid = state, block, state.grid
        crew, count = len(block.techs), len(block.jobs)
        starts = [count + k for k in range(crew)]
        ends = [count + crew + k for k in range(crew)]
        self._manager = pywrapcp.RoutingIndexManager(count + 2 * crew, crew, starts, ends)
        self._routing = pywrapcp.RoutingModel(self._manager)
        heads = [state.head(tech) for tech in block.techs]
        self._origin = [state.walked(tech).node_before[head] for tech, head in zip(block.techs, heads, strict=True)]
        self._ready = [state.walked(tech).ready_before[head] for tech, head in zip(block.techs, heads, strict=True)]
        self._base_s = min(self._ready, default=0)
        self._horizon = self._span()
        self._add_costs()
        self._add_times()
        self._add_choices()

    def solve(self, limits: Limits, seed: int) -> list[list[int]] | None:
        """Run guided local search from the state's routes; return the tails as grid job indexes."""
        parameters = _parameters(limits)
        # Without closing the model first the parameters are ignored for warm starts (OR-Tools issue 1841).
        self._routing.CloseModelWithParameters(parameters)
        self._routing.solver().ReSeed(seed)
        self._limit_steps(limits)
        warm = self._routing.ReadAssignmentFromRoutes(self._tails(), True)  # noqa: FBT003 - OR-Tools takes it by position
        if warm is None:
            return None
        found = self._routing.SolveFromAssignmentWithParameters(warm, parameters)
        return None if found is None else self._read(found)

    def _span(self) -> int:
        ends = [self._grid.technicians[tech].shift_end_s for tech in self._block.techs]
        return max([*ends, *self._ready], default=0) - self._base_s + 1

    def _nodes(self) -> list[int]:
        # Grid node of each model node.
        ends = [self._grid.end_node[tech] for tech in self._block.techs]
        return [*self._block.jobs, *self._origin, *ends]

    def _add_costs(self) -> None:
        nodes = self._nodes()
        drive = self._grid.legs.block(nodes, nodes).astype(np.int64)
        self._drive = drive
        cost = self._routing.RegisterTransitMatrix((drive * _SCALE).tolist())
        self._routing.SetArcCostEvaluatorOfAllVehicles(cost)
        for vehicle, tech in enumerate(self._block.techs):
            # With a head behind him he drives home anyway: an empty tail is not free.
            self._routing.SetVehicleUsedWhenEmpty(bool(self._state.head(tech)), vehicle)

    def _add_times(self) -> None:
        service = [self._grid.jobs[job].service_s for job in self._block.jobs]
        service += [0] * (2 * len(self._block.techs))
        transit = [[leg + service[row] for leg in legs] for row, legs in enumerate(self._drive.tolist())]
        evaluator = self._routing.RegisterTransitMatrix(transit)
        self._routing.AddDimension(evaluator, self._horizon, 2 * self._horizon, False, "time")  # noqa: FBT003 - as above
        self._time = self._routing.GetDimensionOrDie("time")
        for vehicle, tech in enumerate(self._block.techs):
            self._bound_shift(vehicle, tech)
        for node, job in enumerate(self._block.jobs):
            self._bound_start(self._manager.NodeToIndex(node), job)

    def _bound_shift(self, vehicle: int, tech: int) -> None:
        start_s = self._ready[vehicle] - self._base_s
        self._time.CumulVar(self._routing.Start(vehicle)).SetValue(start_s)
        end_s = self._grid.technicians[tech].shift_end_s - self._base_s
        if self._may_take_more(vehicle, tech):
            self._time.CumulVar(self._routing.End(vehicle)).SetMax(end_s)
        else:
            end = self._routing.End(vehicle)
            self._routing.NextVar(self._routing.Start(vehicle)).SetValue(end)

    def _may_take_more(self, vehicle: int, tech: int) -> bool:
        # A head that ends after the shift leaves no room; the way home is then his own affair.
        home = self._grid.travel[self._origin[vehicle]][self._grid.end_node[tech]]
        return self._ready[vehicle] + home <= self._grid.technicians[tech].shift_end_s

    def _bound_start(self, index: int, job: int) -> None:
        spec, cumul = self._grid.jobs[job], self._time.CumulVar(index)
        earliest = max(spec.release_s, spec.earliest_s) - self._base_s
        windows = self._grid.windows[job]
        latest = windows[-1][1] - self._base_s if windows else self._horizon
        opens = max(earliest, windows[0][0] - self._base_s if windows else 0, 0)
        if opens > latest or latest < 0 or opens > self._horizon:
            self._routing.VehicleVar(index).SetValue(-1)
            return
        cumul.SetRange(opens, min(latest, self._horizon))
        for (_, closed), (reopens, _) in pairwise(windows):
            if reopens - closed > 1:
                cumul.RemoveInterval(closed + 1 - self._base_s, reopens - 1 - self._base_s)
        if spec.due_s is not None and spec.lateness_weight:
            weight = max(1, round(spec.lateness_weight * _SCALE))
            self._time.SetCumulVarSoftUpperBound(index, max(0, spec.due_s - self._base_s), weight)

    def _add_choices(self) -> None:
        for node, job in enumerate(self._block.jobs):
            index = self._manager.NodeToIndex(node)
            self._routing.AddDisjunction([index], max(1, round(self._grid.jobs[job].unserved_penalty * _SCALE)))
            # SetAllowedVehiclesForIndex raises TypeError in the Python wrapper (9.15): restrict the variable instead.
            vehicles = [v for v, tech in enumerate(self._block.techs) if self._grid.allowed(tech, job)]
            self._routing.VehicleVar(index).SetValues([-1, *vehicles])
            for vehicle in vehicles:
                self._bound_skill(index, vehicle, job)
        self._add_moved_price()

    def _bound_skill(self, index: int, vehicle: int, job: int) -> None:
        tech = self._block.techs[vehicle]
        until = int(self._grid.valid_until[tech, self._grid.skill_class[job]])
        shift_end_s = self._grid.technicians[tech].shift_end_s
        if NEVER < until < shift_end_s:
            solver = self._routing.solver()
            by_him = solver.IsEqualCstVar(self._routing.VehicleVar(index), vehicle)
            latest = max(until - self._base_s, -1)
            slack = self._horizon - latest
            solver.Add(self._time.CumulVar(index) + slack * by_him <= latest + slack)

    def _add_moved_price(self) -> None:
        price = round(self._grid.problem.moved_stop_price * _SCALE)
        if not price or not any(self._grid.previous[job] >= 0 for job in self._block.jobs):
            return
        pads = [0] * (2 * len(self._block.techs))
        vectors = [
            self._routing.RegisterUnaryTransitVector(
                [price if self._grid.moved_price(tech, job) else 0 for job in self._block.jobs] + pads
            )
            for tech in self._block.techs
        ]
        top = price * (len(self._block.jobs) + 1)
        self._routing.AddDimensionWithVehicleTransits(vectors, 0, top, True, "moved")  # noqa: FBT003 - as above
        self._routing.GetDimensionOrDie("moved").SetSpanCostCoefficientForAllVehicles(1)

    def _limit_steps(self, limits: Limits) -> None:
        if limits.iterations is None:
            return
        left = [max(1, limits.iterations) * _CHECKS_PER_STEP]
        has_start = [False]

        def note_start() -> None:
            has_start[0] = True

        def is_over() -> bool:
            # Ending before the warm start is taken over would leave guided local search spinning without a solution.
            left[0] -= has_start[0]
            return left[0] < 0

        self._callbacks = (note_start, is_over)
        self._routing.AddAtSolutionCallback(note_start)
        self._routing.AddSearchMonitor(self._routing.solver().CustomLimit(is_over))

    def _tails(self) -> list[list[int]]:
        index_of = {job: self._manager.NodeToIndex(node) for node, job in enumerate(self._block.jobs)}
        tails = (self._state.routes[tech][self._state.head(tech) :] for tech in self._block.techs)
        return [[index_of[job] for job in tail] for tail in tails]

    def _read(self, found: pywrapcp.Assignment) -> list[list[int]]:
        return [self._read_vehicle(found, vehicle) for vehicle in range(len(self._block.techs))]

    def _read_vehicle(self, found: pywrapcp.Assignment, vehicle: int) -> list[int]:
        tail: list[int] = []
        index = found.Value(self._routing.NextVar(self._routing.Start(vehicle)))
        while not self._routing.IsEnd(index):
            tail.append(self._block.jobs[self._manager.IndexToNode(index)])
            index = found.Value(self._routing.NextVar(index))
        return tail


def open_jobs(state: State, techs: Sequence[int]) -> list[int]:
    """Return the ordinary stops behind the heads of some routes: what a model may rearrange."""
    return [job for tech in techs for job in state.routes[tech][state.head(tech) :]]


def is_movable(grid: Grid, job: int) -> bool:
    """Tell whether a job belongs to the solver: no committed stop and no emergency ever does."""
    return grid.tier[job] >= Tier.URGENT_LEAK


def _parameters(limits: Limits) -> RoutingSearchParameters:
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.LOCAL_CHEAPEST_INSERTION
    parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    if limits.iterations is not None:
        parameters.solution_limit = max(1, limits.iterations)
    seconds = _GUARD_S if limits.seconds is None else limits.seconds
    parameters.time_limit.FromMilliseconds(max(1, round(seconds * 1000)))
    return parameters
