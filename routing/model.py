"""The declarative model in OR-Tools' routing library: improves the ordinary stops behind each fixed head.

What goes first (committed, emergencies, urgent leaks) is not in the model: a vehicle starts where and when its head
ends, so nothing the solver does can delay them. Rests, overtime, parts and couplings are in `routing.model_rules`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from ortools.constraint_solver import pywrapcp, routing_enums_pb2
from ortools.constraint_solver.routing_parameters_pb2 import RoutingSearchParameters

from routing.grid import NEVER, Grid
from routing.knots import walked_stands
from routing.model_rules import (
    Frame,
    add_breaches,
    add_couplings,
    add_depots,
    add_instruments,
    add_overtime,
    add_parts,
    add_rests,
    fix_rests,
)
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
    routes = Model(state, block).solve(limits, seed)
    if routes is None:
        return None
    trial = state.copy()
    for tech, tail in zip(block.techs, routes, strict=True):
        head = trial.head(tech)
        trial.set_route(tech, trial.routes[tech][:head] + tail)
    sound = all(trial.walked(tech).broken is None for tech in block.techs)
    return trial if sound and trial.objective().total < state.objective().total else None


class Model:
    """One block as a routing model. Nodes: jobs, a start and an end for each technician, his visits to depots.

    With ``is_whole`` jobs that depend on each other are held together by constraints, as the reference for plans of
    a whole problem; else the windows and locks that couplings were anchored to are enough.
    """

    def __init__(self, state: State, block: Block, *, is_whole: bool = False, lasting: Collection[int] = ()) -> None:
        """Build the model of a block from the state's heads; ``lasting`` technicians may end behind their shift.

        Those are the ones whose last stop is a leak: it is worked to its end.
        """
        self._state, self._grid, self._lasting, self._is_whole = state, state.grid, lasting, is_whole
        heads = [state.head(tech) for tech in block.techs]
        self._origin = [state.walked(tech).node_before[head] for tech, head in zip(block.techs, heads, strict=True)]
        self._ready = [state.walked(tech).ready_before[head] for tech, head in zip(block.techs, heads, strict=True)]
        self._base_s = min(self._ready, default=0)
        self._horizon = self._span(block.techs)
        self._block = Block(block.techs, tuple(job for job in block.jobs if self._is_servable(job, block.techs)))
        self._visits = self._list_visits()
        crew, count = len(block.techs), len(self._block.jobs)
        starts = [count + k for k in range(crew)]
        ends = [count + crew + k for k in range(crew)]
        self._manager = pywrapcp.RoutingIndexManager(count + 2 * crew + len(self._visits), crew, starts, ends)
        self._routing = pywrapcp.RoutingModel(self._manager)
        self._add_costs()
        self._add_times()
        self._add_choices()
        self.frame = self._add_rules()

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

    def is_feasible(
        self, routes: list[list[int]], starts_s: dict[int, int], rests_s: dict[tuple[int, int], int | None]
    ) -> bool:
        """Tell whether routes of model indexes can be driven with these starts of jobs and of rests (seconds).

        ``rests_s`` by vehicle and number of the rest; None is one that is taken at home.
        """
        frame = self.frame
        fix_rests(frame, rests_s)
        for job, start_s in starts_s.items():
            cumul, start = frame.time.CumulVar(frame.index_of[job]), start_s - self._base_s
            if not cumul.Contains(start):
                return False
            cumul.SetValue(start)
        self._routing.CloseModelWithParameters(_parameters(Limits(iterations=1)))
        found = self._routing.ReadAssignmentFromRoutes(routes, True)  # noqa: FBT003 - OR-Tools takes it by position
        return found is not None and bool(self._routing.CheckIfAssignmentIsFeasible(found, False))  # noqa: FBT003 - OR-Tools takes it by position

    def _list_visits(self) -> list[tuple[int, int]]:
        # Vehicle and depot of every visit to a depot that could be of use; a search keeps to the visits there are.
        if not any(self._grid.has_needs[job] for job in self._block.jobs):
            return []
        if self._is_whole:
            depots = range(len(self._grid.problem.depots))
            return [(vehicle, depot) for vehicle in range(len(self._block.techs)) for depot in depots]
        visits = [self._state.walked(tech).depot for tech in self._block.techs]
        return [(vehicle, visit[0].depot) for vehicle, visit in enumerate(visits) if visit is not None]

    def _add_rules(self) -> Frame:
        count = len(self._block.jobs) + 2 * len(self._block.techs)
        frame = Frame(
            grid=self._grid,
            routing=self._routing,
            time=self._time,
            techs=self._block.techs,
            index_of={job: self._manager.NodeToIndex(node) for node, job in enumerate(self._block.jobs)},
            depot_index={key: self._manager.NodeToIndex(count + n) for n, key in enumerate(self._visits)},
            base_s=self._base_s,
            horizon_s=self._horizon,
            ready_s=self._ready,
        )
        heads = [self._state.routes[tech][: self._state.head(tech)] for tech in self._block.techs]
        if self._is_whole or not self._visits:
            # Rests and optional stops together let OR-Tools search for seconds: the exact walk judges what it finds.
            add_rests(frame, self._visit_times())
        add_overtime(frame, _SCALE)
        add_breaches(frame, self._evaluator, _SCALE)
        add_depots(frame)
        add_parts(frame, heads)
        add_instruments(frame)
        if self._is_whole:
            stands = walked_stands(self._state)
            add_couplings(frame, {job: stands[job] for head in heads for job in head})
        return frame

    def _visit_times(self) -> list[int]:
        # Seconds at each index that a rest may not interrupt.
        service = self._service()
        return [service[self._manager.IndexToNode(index)] for index in range(self._routing.Size())]

    def _service(self) -> list[int]:
        loading = [self._grid.problem.depots[depot].visit_s for _, depot in self._visits]
        return [
            *(self._grid.jobs[job].service_s for job in self._block.jobs),
            *[0] * (2 * len(self._block.techs)),
            *loading,
        ]

    def _is_servable(self, job: int, techs: Sequence[int]) -> bool:
        # A job that no vehicle can take has no business in the model.
        windows, spec = self._grid.windows[job], self._grid.jobs[job]
        opens = max(spec.release_s, spec.earliest_s, windows[0][0] if windows else self._base_s)
        closes = windows[-1][1] if windows else self._base_s + self._horizon
        is_open = closes >= max(self._base_s, spec.release_s, spec.earliest_s) and opens <= self._base_s + self._horizon
        return is_open and any(self._grid.allowed(tech, job) for tech in techs)

    def _span(self, techs: Sequence[int]) -> int:
        ends = [self._grid.technicians[tech].shift_end_s for tech in techs]
        return max([*ends, *self._ready], default=0) - self._base_s + 1

    def _nodes(self) -> list[int]:
        # Grid node of each model node.
        ends = [self._grid.end_node[tech] for tech in self._block.techs]
        depots = [self._grid.depot_node[depot] for _, depot in self._visits]
        return [*self._block.jobs, *self._origin, *ends, *depots]

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
        service = self._service()
        transit = [[leg + service[row] for leg in legs] for row, legs in enumerate(self._drive.tolist())]
        evaluator = self._routing.RegisterTransitMatrix(transit)
        self._routing.AddDimension(evaluator, self._horizon, 2 * self._horizon, False, "time")  # noqa: FBT003 - OR-Tools takes it by position
        self._time = self._routing.GetDimensionOrDie("time")
        self._evaluator = evaluator
        for vehicle, tech in enumerate(self._block.techs):
            self._bound_shift(vehicle, tech)
        for node, job in enumerate(self._block.jobs):
            self._bound_start(self._manager.NodeToIndex(node), job)

    def _bound_shift(self, vehicle: int, tech: int) -> None:
        start_s = self._ready[vehicle] - self._base_s
        self._time.CumulVar(self._routing.Start(vehicle)).SetValue(start_s)
        end_s = self._grid.technicians[tech].shift_end_s - self._base_s
        if self._may_take_more(vehicle, tech):
            latest_s = 2 * self._horizon if tech in self._lasting else end_s
            self._time.CumulVar(self._routing.End(vehicle)).SetMax(latest_s)
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
        prices = self._pair_prices()
        least = [min(column) for column in zip(*prices, strict=True)]
        for node, job in enumerate(self._block.jobs):
            index = self._manager.NodeToIndex(node)
            unserved = round(self._grid.jobs[job].unserved_penalty * _SCALE) - least[node]
            self._routing.AddDisjunction([index], max(1, unserved))
            # SetAllowedVehiclesForIndex raises TypeError in the Python wrapper (9.15): restrict the variable instead.
            vehicles = [v for v, tech in enumerate(self._block.techs) if self._grid.allowed(tech, job)]
            self._routing.VehicleVar(index).SetValues([-1, *vehicles])
            for vehicle in vehicles:
                self._bound_skill(index, vehicle, job)
        self._add_pair_price(prices, least)

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

    def _pair_prices(self) -> list[list[int]]:
        # Moved stops and foreign territories: a price for each vehicle and job.
        return [[round(self._grid.pair_price(t, job) * _SCALE) for job in self._block.jobs] for t in self._block.techs]

    def _add_pair_price(self, prices: list[list[int]], least: list[int]) -> None:
        # Above what every vehicle costs: a price that nobody escapes would forbid the solver to leave the job out.
        rows = [[price - low for price, low in zip(row, least, strict=True)] for row in prices]
        if not any(map(any, rows)):
            return
        pads = [0] * (2 * len(self._block.techs) + len(self._visits))
        vectors = [self._routing.RegisterUnaryTransitVector([*row, *pads]) for row in rows]
        top = max(map(max, rows)) * (len(self._block.jobs) + 1)
        self._routing.AddDimensionWithVehicleTransits(vectors, 0, top, True, "pairs")  # noqa: FBT003 - OR-Tools takes it by position
        self._routing.GetDimensionOrDie("pairs").SetSpanCostCoefficientForAllVehicles(1)

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
        return [self._tail(vehicle, tech) for vehicle, tech in enumerate(self._block.techs)]

    def _tail(self, vehicle: int, tech: int) -> list[int]:
        head, visit = self._state.head(tech), self._state.walked(tech).depot
        tail = [self.frame.index_of[job] for job in self._state.routes[tech][head:]]
        if visit is not None:
            tail.insert(visit[0].position - head, self.frame.depot_index[vehicle, visit[0].depot])
        return tail

    def _read(self, found: pywrapcp.Assignment) -> list[list[int]]:
        return [self._read_vehicle(found, vehicle) for vehicle in range(len(self._block.techs))]

    def _read_vehicle(self, found: pywrapcp.Assignment, vehicle: int) -> list[int]:
        tail: list[int] = []
        index = found.Value(self._routing.NextVar(self._routing.Start(vehicle)))
        while not self._routing.IsEnd(index):
            node = self._manager.IndexToNode(index)
            if node < len(self._block.jobs):
                tail.append(self._block.jobs[node])
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
