"""Rules of the declarative model beyond routes and windows: rests, overtime, parts by way of depots, couplings.

Each function adds one rule to a routing model under construction, in seconds from the model's base.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ortools.constraint_solver import pywrapcp

from routing.errands import owed_breaks
from routing.grid import Grid
from routing.knots import Stand, is_bound, list_mates
from routing.persons import second_id

_HOUR_S = 3600
_LOADS_FIRST = 1_000_000


@dataclass(slots=True)
class Frame:
    """A model under construction: ``index_of`` jobs of the grid, ``depot_index[vehicle, depot]``, seconds of rests."""

    grid: Grid
    routing: pywrapcp.RoutingModel
    time: pywrapcp.RoutingDimension
    techs: tuple[int, ...]
    index_of: Mapping[int, int]
    depot_index: Mapping[tuple[int, int], int]
    base_s: int
    horizon_s: int
    ready_s: Sequence[int]
    rests: dict[tuple[int, int], pywrapcp.IntervalVar] = field(default_factory=dict)

    @property
    def solver(self) -> pywrapcp.Solver:
        """The constraint solver under the routing model."""
        return self.routing.solver()


def add_rests(frame: Frame, visits_s: list[int]) -> None:
    """Give every vehicle its rests; one that fits behind the way home costs nothing, as at home."""
    for vehicle, tech in enumerate(frame.techs):
        intervals = []
        for number, rest in enumerate(owed_breaks(frame.grid, tech)):
            if rest.latest_s < frame.ready_s[vehicle]:
                continue
            first = max(rest.earliest_s, frame.ready_s[vehicle]) - frame.base_s
            name = f"rest {vehicle} {number}"
            interval = frame.solver.FixedDurationIntervalVar(
                first,
                rest.latest_s - frame.base_s,
                rest.duration_s,
                False,  # noqa: FBT003 - OR-Tools takes it by position
                name,
            )
            frame.rests[vehicle, number] = interval
            intervals.append(interval)
        if intervals:
            frame.time.SetBreakIntervalsOfVehicle(intervals, vehicle, visits_s)


def fix_rests(frame: Frame, starts_s: Mapping[tuple[int, int], int | None]) -> None:
    """Let each rest begin at its second, or behind the way home where that is None; those not named stay free."""
    for (vehicle, number), start_s in starts_s.items():
        interval = frame.rests.get((vehicle, number))
        if interval is None:
            continue
        if start_s is not None:
            frame.solver.Add(interval.StartExpr() == start_s - frame.base_s)
        else:
            frame.solver.Add(interval.StartExpr() >= frame.time.CumulVar(frame.routing.End(vehicle)))


def add_overtime(frame: Frame, scale: int) -> None:
    """Price coming home after the normal end of a shift."""
    for vehicle, tech in enumerate(frame.techs):
        technician = frame.grid.technicians[tech]
        price = round(technician.overtime_price_per_h * scale / _HOUR_S)
        if technician.overtime_from_s is not None and price:
            end = frame.routing.End(vehicle)
            frame.time.SetCumulVarSoftUpperBound(end, max(0, technician.overtime_from_s - frame.base_s), price)


def add_breaches(frame: Frame, evaluator: int, scale: int) -> None:
    """Price starts behind the SLA's breach: a dimension carries one soft bound, so these get a second one like it."""
    breached = [job for job in frame.index_of if frame.grid.jobs[job].breach_s is not None]
    if not any(frame.grid.jobs[job].breach_weight for job in breached):
        return
    frame.routing.AddDimension(evaluator, frame.horizon_s, 2 * frame.horizon_s, False, "breach")  # noqa: FBT003 - OR-Tools takes it by position
    again = frame.routing.GetDimensionOrDie("breach")
    for job in breached:
        spec, index = frame.grid.jobs[job], frame.index_of[job]
        frame.solver.Add(again.CumulVar(index) == frame.time.CumulVar(index))
        weight = round(spec.breach_weight * scale)
        if weight and spec.breach_s is not None:
            again.SetCumulVarSoftUpperBound(index, max(0, spec.breach_s - frame.base_s), weight)


def add_depots(frame: Frame) -> None:
    """Make each vehicle's visit to a depot optional, once at most, within its hours."""
    for vehicle in range(len(frame.techs)):
        indexes = [index for (owner, _), index in frame.depot_index.items() if owner == vehicle]
        if indexes:
            frame.routing.AddDisjunction(indexes, 0, 1)
    for (vehicle, depot), index in frame.depot_index.items():
        frame.routing.VehicleVar(index).SetValues([-1, vehicle])
        windows = sorted(frame.grid.problem.depots[depot].windows)
        if windows:
            spans = [(opens - frame.base_s, closes - frame.base_s) for opens, closes in windows]
            starts = frame.time.CumulVar(index)
            starts.SetRange(max(0, spans[0][0]), max(0, spans[-1][1]))
            for (_, closed), (reopens, _) in pairwise(spans):
                starts.RemoveInterval(closed + 1, reopens - 1)


def add_parts(frame: Frame, heads: Sequence[Sequence[int]]) -> None:
    """Count every kind of part as a dimension: what is left on the van, less with every job, more from a depot."""
    grid = frame.grid
    kinds = sorted({kind for job in frame.index_of for kind in grid.jobs[job].parts})
    for kind in kinds:
        total = sum(grid.jobs[job].parts.get(kind, 0) for job in frame.index_of)
        # By node: jobs, starts, ends, visits to depots.
        needs = [-grid.jobs[job].parts.get(kind, 0) for job in frame.index_of] + [0] * (2 * len(frame.techs))
        evaluator = frame.routing.RegisterUnaryTransitVector([*needs, *[0] * len(frame.depot_index)])
        left = [_left(grid, tech, head, kind) for tech, head in zip(frame.techs, heads, strict=True)]
        name = f"parts {kind}"
        frame.routing.AddDimension(evaluator, total, max(left) + total, False, name)  # noqa: FBT003 - OR-Tools takes it by position
        dimension = frame.routing.GetDimensionOrDie(name)
        for vehicle, count in enumerate(left):
            dimension.CumulVar(frame.routing.Start(vehicle)).SetValue(count)
        _bind_loads(frame, dimension, kind, total)


def _stored(grid: Grid, depot: int, kind: str, total: int) -> int:
    stock = grid.problem.depots[depot].stock
    return total if stock is None else min(total, stock.get(kind, 0))


def _left(grid: Grid, tech: int, head: Sequence[int], kind: str) -> int:
    left = grid.technicians[tech].stock.get(kind, 0)
    for job in head:
        left = max(0, left - grid.jobs[job].parts.get(kind, 0))
    return left


def _bind_loads(frame: Frame, dimension: pywrapcp.RoutingDimension, kind: str, total: int) -> None:
    # Slack is what is loaded: at depots only, and by all vehicles together no more than a depot holds.
    depots = set(frame.depot_index.values())
    for index in range(frame.routing.Size()):
        if index not in depots:
            dimension.SlackVar(index).SetValue(0)
    for depot in range(len(frame.grid.problem.depots)):
        stored = _stored(frame.grid, depot, kind, total)
        loads = []
        for (_, number), index in frame.depot_index.items():
            if number == depot:
                frame.solver.Add(dimension.SlackVar(index) <= stored * frame.routing.ActiveVar(index))
                loads.append(dimension.SlackVar(index))
                # Loading all there is leads to a solution at once; trying every smaller load first may take for ever.
                frame.routing.AddWeightedVariableMaximizedByFinalizer(dimension.SlackVar(index), _LOADS_FIRST)
        if loads:
            frame.solver.Add(frame.solver.Sum(loads) <= stored)


def add_instruments(frame: Frame) -> None:
    """Let a job that needs an instrument from a depot stand behind the visit there."""
    for job, index in frame.index_of.items():
        for vehicle, tech in enumerate(frame.techs):
            wanted = set(frame.grid.fetched_tools(tech, job))
            if not wanted or not frame.grid.allowed(tech, job):
                continue
            by_him = frame.solver.IsEqualCstVar(frame.routing.VehicleVar(index), vehicle)
            able = []
            for depot, spec in enumerate(frame.grid.problem.depots):
                visit = frame.depot_index.get((vehicle, depot))
                if visit is not None and wanted <= {one.kind for one in spec.instruments}:
                    active = frame.routing.ActiveVar(visit)
                    slack = 2 * frame.horizon_s
                    behind = frame.time.CumulVar(index) + slack * (2 - by_him - active)
                    frame.solver.Add(frame.time.CumulVar(visit) + spec.visit_s <= behind)
                    able.append(active)
            frame.solver.Add(by_him <= (frame.solver.Sum(able) if able else 0))


def add_couplings(frame: Frame, fixed: Mapping[int, Stand]) -> None:
    """Add meetings, waits and follow-ups; ``fixed`` are jobs that stand at the head of a route already."""
    for job, index in frame.index_of.items():
        if not is_bound(frame.grid, job):
            continue
        _meet(frame, job, index, fixed)
        for wait in frame.grid.jobs[job].after:
            for half in (wait.job_id, second_id(wait.job_id)):
                _wait(frame, index, frame.grid.job_index.get(half), wait.lag_s, fixed)
        _follow(frame, job, index, fixed)


def _meet(frame: Frame, job: int, index: int, fixed: Mapping[int, Stand]) -> None:
    for mate in list_mates(frame.grid, job):
        if mate not in fixed and mate not in frame.index_of:
            frame.solver.Add(frame.routing.ActiveVar(index) == 0)
        if mate in fixed:
            start = max(0, fixed[mate][1] - frame.base_s)
            frame.solver.Add(frame.time.CumulVar(index) >= start * frame.routing.ActiveVar(index))
        if mate in frame.index_of and mate > job:
            other = frame.index_of[mate]
            active = frame.routing.ActiveVar(index)
            away = (len(frame.techs) + 1) * (1 - active)
            frame.solver.Add(active == frame.routing.ActiveVar(other))
            # Jobs left out together need not agree on a time: their windows may have none in common.
            apart = 2 * frame.horizon_s * (1 - active)
            frame.solver.Add(frame.time.CumulVar(index) <= frame.time.CumulVar(other) + apart)
            frame.solver.Add(frame.time.CumulVar(other) <= frame.time.CumulVar(index) + apart)
            frame.solver.Add(frame.routing.VehicleVar(index) + away != frame.routing.VehicleVar(other))


def _wait(frame: Frame, index: int, before: int | None, lag_s: int, fixed: Mapping[int, Stand]) -> None:
    if before is None:
        return
    active = frame.routing.ActiveVar(index)
    span_s = frame.grid.jobs[before].service_s + lag_s
    starts = frame.time.CumulVar(index)
    if before in fixed:
        frame.solver.Add(starts >= (fixed[before][1] + span_s - frame.base_s) * active)
    elif before in frame.index_of:
        other = frame.index_of[before]
        frame.solver.Add(active <= frame.routing.ActiveVar(other))
        slack = 2 * frame.horizon_s + span_s
        frame.solver.Add(starts + slack * (1 - active) >= frame.time.CumulVar(other) + span_s)
    else:
        frame.solver.Add(active == 0)


def _follow(frame: Frame, job: int, index: int, fixed: Mapping[int, Stand]) -> None:
    lead = frame.grid.jobs[job].same_technician_as
    if lead is None:
        return
    active, own = frame.routing.ActiveVar(index), frame.routing.VehicleVar(index)
    leads = [frame.grid.job_index.get(half) for half in (lead, second_id(lead))]
    same = [
        own == (frame.techs.index(fixed[one][0]) if one in fixed else frame.routing.VehicleVar(frame.index_of[one]))
        for one in leads
        if one is not None and (one in frame.index_of or (one in fixed and fixed[one][0] in frame.techs))
    ]
    frame.solver.Add(active <= (frame.solver.Sum(same) if same else 0))
