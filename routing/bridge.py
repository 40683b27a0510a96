"""From the planner's state to the arrays of the search and back: ordinary stops behind each fixed head.

What goes first (committed, emergencies, urgent leaks) never reaches the search: a route begins where and when its head
ends, so nothing the search does can delay it. Whatever the arrays cannot say (a second rest, the way to a depot) is
judged afterwards by the exact walk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.typing import ArrayLike

from routing.errands import owed_breaks
from routing.grid import FOREVER, NEVER, NOBODY, Grid
from routing.problem import Break, Job
from routing.search.arrays import Arrays, build
from routing.state import State

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_HOUR_S = 3600
_PLENTY = 1_000_000


@dataclass(frozen=True)
class Ground:
    """A part of the problem as the search sees it: routes are ``techs``, its jobs 0… are ``jobs`` of the grid.

    Behind them come anchors: one for each route with a head, a stop of no length where the head ends, so that the
    way home from there is paid with or without further stops.
    """

    arrays: Arrays
    techs: tuple[int, ...]
    jobs: tuple[int, ...]
    anchors: dict[int, int]

    def lines(self, state: State) -> tuple[list[list[int]], list[int]]:
        """Return the present routes in the search's numbers, and how many leading stops of each are fixed."""
        number = {job: index for index, job in enumerate(self.jobs)}
        open_stops = [state.routes[tech][state.head(tech) :] for tech in self.techs]
        tails = [[number[job] for job in stops if job in number] for stops in open_stops]
        heads = [[self.anchors[route]] if route in self.anchors else [] for route in range(len(self.techs))]
        return [head + tail for head, tail in zip(heads, tails, strict=True)], [len(head) for head in heads]

    def put_back(self, state: State, routes: Sequence[Sequence[int]]) -> None:
        """Write routes of the search into the state, behind the heads."""
        count = len(self.jobs)
        for tech, stops in zip(self.techs, routes, strict=True):
            tail = [self.jobs[stop] for stop in stops if stop < count]
            route = state.routes[tech]
            head = state.head(tech)
            if route[head:] != tail:
                state.set_route(tech, [*route[:head], *tail])

    def tail(self, route: int, stops: Sequence[int]) -> tuple[int, tuple[int, ...]]:
        """Return a route of the search as technician and jobs of the grid behind what goes first."""
        return self.techs[route], tuple(self.jobs[stop] for stop in stops if stop < len(self.jobs))


def lay_out(state: State, techs: Sequence[int], waiting: Sequence[int]) -> Ground:
    """Lay out some technicians with the stops behind their heads, and jobs that wait for a place.

    Technicians who can take nothing more and jobs whose door is closed for good are left out.
    """
    crew, kept = list_open(state, techs, waiting)
    anchored = [route for route, tech in enumerate(crew) if state.head(tech)]
    anchors = {route: len(kept) + index for index, route in enumerate(anchored)}
    arrays = arrays_of(state, crew, kept, anchored)
    return Ground(arrays, crew, kept, anchors)


def list_open(state: State, techs: Sequence[int], waiting: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return who can take more behind his head, and the jobs whose door is not closed for good."""
    crew = tuple(tech for tech in techs if _may_take_more(state, tech))
    jobs = [job for tech in crew for job in state.routes[tech][state.head(tech) :]]
    return crew, tuple(sorted(job for job in [*jobs, *waiting] if _doors(state.grid, job)))


def _may_take_more(state: State, tech: int) -> bool:
    # A head that ends after the shift leaves no room; the way home is then his own affair.
    grid, (node, ready_s) = state.grid, origin(state, tech)
    return ready_s + grid.travel[node][grid.end_node[tech]] <= grid.technicians[tech].shift_end_s


def origin(state: State, tech: int) -> tuple[int, int]:
    """Return node and second at which a technician is done with what goes first."""
    head = state.head(tech)
    if not head:  # the walk of a long day costs far more than its beginning
        return state.grid.start_node[tech], state.grid.ready[tech]
    walked = state.walked(tech)
    return walked.node_before[head], walked.ready_before[head]


def _doors(grid: Grid, job: int) -> list[tuple[float, float]]:
    # The seconds at which work may start.
    spec = grid.jobs[job]
    earliest = max(spec.release_s, spec.earliest_s)
    if not grid.windows[job]:
        return [(float(earliest), np.inf)]
    return [(float(max(opens, earliest)), float(closes)) for opens, closes in grid.windows[job] if closes >= earliest]


def arrays_of(state: State, crew: Sequence[int], jobs: Sequence[int], anchored: Sequence[int] = ()) -> Arrays:
    """Return the arrays of some technicians and jobs of the grid, with an anchor for each route in ``anchored``."""
    grid = state.grid
    starts = [origin(state, tech) for tech in crew]
    ends = [grid.end_node[tech] for tech in crew]
    nodes = [*jobs, *(starts[route][0] for route in anchored)]
    place = {node: len(nodes) + index for index, node in enumerate(dict.fromkeys([*(n for n, _ in starts), *ends]))}
    count, ready = len(jobs), np.array([when for _, when in starts], dtype=np.float64)
    travel = grid.legs.block([*nodes, *place], [*nodes, *place]).astype(np.float64)
    for index, route in enumerate(anchored):
        travel[place[starts[route][0]], count + index] = 0.0
    specs = [grid.jobs[job] for job in jobs]
    return build(
        travel_s=travel,
        service_s=np.array([*(spec.service_s for spec in specs), *(0 for _ in anchored)], dtype=np.float64),
        start_node=[place[node] for node, _ in starts],
        end_node=[place[node] for node in ends],
        windows=[*(_doors(grid, job) for job in jobs), *([(-np.inf, np.inf)] for _ in anchored)],
        job=_job_fields(specs, len(anchored)) | _demand(grid, specs, len(anchored)),
        route=_route_fields(grid, crew, ready) | _stock(state, crew, specs),
        tables=_tables(grid, crew, jobs, anchored),
    )


def _job_fields(specs: Sequence[Job], anchors: int) -> dict[str, ArrayLike]:
    def column(values: list[float], rest: float) -> Floats:
        return np.array([*values, *[rest] * anchors], dtype=np.float64)

    return {
        "due_s": column([np.inf if spec.due_s is None else spec.due_s for spec in specs], np.inf),
        "late_price": column([spec.lateness_weight for spec in specs], 0.0),
        "due2_s": column([np.inf if spec.breach_s is None else spec.breach_s for spec in specs], np.inf),
        "late2_price": column([spec.breach_weight for spec in specs], 0.0),
        "unserved_cost": column([spec.unserved_penalty for spec in specs], np.inf),
    }


def _route_fields(grid: Grid, crew: Sequence[int], ready: Floats) -> dict[str, ArrayLike]:
    people = [grid.technicians[tech] for tech in crew]
    rests: list[Break | None] = [next(iter(owed_breaks(grid, tech)), None) for tech in crew]
    return {
        "ready_s": ready,
        "latest_end": np.array([one.shift_end_s for one in people], dtype=np.float64),
        "overtime_from": np.array([np.inf if (at := p.overtime_from_s) is None else at for p in people], np.float64),
        "overtime_price": np.array([one.overtime_price_per_h / _HOUR_S for one in people], dtype=np.float64),
        "break_s": np.array([rest.duration_s if rest is not None else 0 for rest in rests], dtype=np.float64),
        "break_open": np.array([rest.earliest_s if rest is not None else 0 for rest in rests], dtype=np.float64),
        # What goes first may have lasted beyond the rest's last second: then it is taken at once.
        "break_close": np.array(
            [max(rest.latest_s, at) if rest is not None else np.inf for rest, at in zip(rests, ready, strict=True)],
            dtype=np.float64,
        ),
    }


def _kinds(specs: Sequence[Job]) -> list[str]:
    return sorted({kind for spec in specs for kind in spec.parts})


def _demand(grid: Grid, specs: Sequence[Job], anchors: int) -> dict[str, ArrayLike]:
    kinds = _kinds(specs) if grid.any_needs else []
    if not kinds:
        return {}
    rows = [[spec.parts.get(kind, 0) for kind in kinds] for spec in specs]
    return {"demand": np.array([*rows, *[[0] * len(kinds)] * anchors], dtype=np.int32)}


def _stock(state: State, crew: Sequence[int], specs: Sequence[Job]) -> dict[str, ArrayLike]:
    grid = state.grid
    kinds = _kinds(specs) if grid.any_needs else []
    if not kinds:
        return {}
    stock = np.zeros((len(crew), len(kinds)), dtype=np.int32)
    for route, tech in enumerate(crew):
        used = [grid.jobs[job].parts for job in state.routes[tech][: state.head(tech)]]
        for column, kind in enumerate(kinds):
            left = grid.technicians[tech].stock.get(kind, 0) - sum(parts.get(kind, 0) for parts in used)
            stock[route, column] = _PLENTY if _in_a_depot(grid, kind) else max(0, left)
    return {"stock": stock}


def _in_a_depot(grid: Grid, kind: str) -> bool:
    return any(depot.stock is None or depot.stock.get(kind, 0) > 0 for depot in grid.problem.depots)


def _tables(grid: Grid, crew: Sequence[int], jobs: Sequence[int], anchored: Sequence[int]) -> dict[str, ArrayLike]:
    shape = (len(crew), len(jobs) + len(anchored))
    until = np.full(shape, NEVER, dtype=np.int64)
    until[:, : len(jobs)] = grid.valid_until[np.ix_(list(crew), [grid.skill_class[job] for job in jobs])]
    allowed: Flags = until > NEVER
    for column, job in enumerate(jobs):
        if grid.locked[job] != NOBODY or grid.barred[job]:
            allowed[:, column] &= grid.allowed_mask(job)[list(crew)]
    for index, route in enumerate(anchored):
        allowed[route, len(jobs) + index] = True
    latest = until.astype(np.float64)
    latest[(until >= FOREVER) | (until <= NEVER)] = np.inf
    return {"allowed": allowed, "latest_start": latest, "pair_cost": _pair_cost(grid, crew, jobs, shape)}


def _pair_cost(grid: Grid, crew: Sequence[int], jobs: Sequence[int], shape: tuple[int, int]) -> Floats:
    cost = np.zeros(shape)
    row = {tech: index for index, tech in enumerate(crew)}
    for column, job in enumerate(jobs):
        had = grid.previous[job]
        if had != NOBODY:
            own = grid.jobs[job].moved_price
            cost[:, column] = grid.problem.moved_stop_price if own is None else own
            if had in row:
                cost[row[had], column] = 0.0
    if grid.problem.foreign_territory_price:
        for column, job in enumerate(jobs):
            if grid.jobs[job].territory is not None:
                cost[:, column] += [grid.territory_price(tech, job) for tech in crew]
    if grid.problem.reserve is not None:
        kept = np.array([grid.kept[tech] for tech in crew], dtype=bool)
        plain = np.array([grid.plain[job] for job in jobs], dtype=bool)
        cost[:, : len(jobs)] += grid.problem.reserve.price * np.outer(kept, plain)
    if grid.any_needs and grid.problem.depots:
        _add_detours(grid, crew, jobs, cost)
    return cost


def _add_detours(grid: Grid, crew: Sequence[int], jobs: Sequence[int], cost: Floats) -> None:
    # An estimate: what a van lacks for a job by itself is fetched on the way out from the nearest depot.
    for column, job in enumerate(jobs):
        if not grid.has_needs[job]:
            continue
        for route, tech in enumerate(crew):
            if _must_fetch(grid, tech, job):
                start = grid.start_node[tech]
                ways = [grid.travel[start][depot] + grid.travel[depot][job] for depot in grid.depot_node]
                cost[route, column] += max(0, min(ways) - grid.travel[start][job])


def _must_fetch(grid: Grid, tech: int, job: int) -> bool:
    stock = grid.technicians[tech].stock
    lacks = any(stock.get(kind, 0) < count for kind, count in grid.jobs[job].parts.items())
    return lacks or bool(grid.fetched_tools(tech, job))
