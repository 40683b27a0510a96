"""The working plan of the engines: routes as job indexes, with each route's walk kept until it changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from routing.errands import Fetch
from routing.grid import Grid, is_first
from routing.plan import BreakTime, DepotVisit, Objective, Plan, Route, StopTime
from routing.problem import Tier
from routing.schedule import Walk, walk


@dataclass(frozen=True, slots=True)
class Trial:
    """A route as it would be: its stops, how many come before a left job, its walk, and what had to be dropped."""

    route: list[int]
    leaves_for: int
    walk: Walk
    dropped: list[int]


def repaired(grid: Grid, tech: int, route: list[int], leaves_for: int) -> Trial:
    """Return a route without the stops that cannot be kept, dropped one by one from the first broken one on."""
    stops, leading, dropped = list(route), leaves_for, list[int]()
    while (walked := walk(grid, tech, stops, leading)).broken is not None:
        dropped.append(stops.pop(walked.broken))
        leading -= walked.broken < leading
    return Trial(stops, leading, walked, dropped)


class State:
    """Routes of job indexes per technician; ``head[t]`` leading stops stay where they are."""

    def __init__(self, grid: Grid) -> None:
        """Start from the committed stops alone."""
        self.grid = grid
        self.routes: list[list[int]] = [list(stops) for stops in grid.committed]
        self.leaves_for = [0] * len(self.routes)
        self._walks: list[Walk | None] = [None] * len(self.routes)

    def copy(self) -> State:
        """Return an independent copy that shares the grid and the walks done so far."""
        twin = State(self.grid)
        twin.routes = [list(route) for route in self.routes]
        twin.leaves_for = list(self.leaves_for)
        twin._walks = list(self._walks)
        return twin

    def walked(self, tech: int) -> Walk:
        """Return the walk of a route; treat it as read-only."""
        kept = self._walks[tech]
        if kept is None:
            kept = walk(self.grid, tech, self.routes[tech], self.leaves_for[tech])
            self._walks[tech] = kept
        return kept

    def fetch_legs(self) -> None:
        """Ask for the legs of all routes that were not walked yet, many in one call instead of one by one."""
        grid = self.grid
        grid.legs.fill_chains(
            [grid.start_node[tech], *route, grid.end_node[tech]]
            for tech, (route, kept) in enumerate(zip(self.routes, self._walks, strict=True))
            if route and kept is None
        )

    def set_route(self, tech: int, route: list[int], leaves_for: int | None = None) -> None:
        """Replace a route, and how many leading stops come before a left job when given."""
        self.routes[tech] = route
        if leaves_for is not None:
            self.leaves_for[tech] = leaves_for
        self._walks[tech] = None

    def insert(self, tech: int, position: int, job: int) -> None:
        """Put a job into a route before the stop at ``position``."""
        route = self.routes[tech]
        self.set_route(tech, [*route[:position], job, *route[position:]])

    def remove(self, job: int) -> None:
        """Take a job out of whatever route holds it."""
        for tech, route in enumerate(self.routes):
            if job in route:
                position = route.index(job)
                shorter = self.leaves_for[tech] - (position < self.leaves_for[tech])
                self.set_route(tech, [*route[:position], *route[position + 1 :]], shorter)

    def head(self, tech: int, below: int = Tier.ORDINARY) -> int:
        """Return how many leading stops are of a tier before ``below``: nothing of that tier goes before them."""
        count = self.leaves_for[tech]
        for job in self.routes[tech][count:]:
            if self.grid.tier[job] >= below:
                break
            count += 1
        return count

    def planned(self) -> set[int]:
        """Return every job that stands in a route."""
        return {job for route in self.routes for job in route}

    def unplanned(self) -> list[int]:
        """Return every job that stands in no route, in the order of the problem."""
        planned = self.planned()
        return [job for job in range(len(self.grid.jobs)) if job not in planned]

    def repair(self) -> list[int]:
        """Drop stops that can no longer be kept until every route is sound; return them, dropped order."""
        dropped: list[int] = []
        for tech in range(len(self.routes)):
            if self.walked(tech).broken is not None:
                trial = repaired(self.grid, tech, self.routes[tech], self.leaves_for[tech])
                self.adopt(tech, trial)
                dropped += trial.dropped
        return dropped

    def adopt(self, tech: int, trial: Trial) -> None:
        """Take over a route that was tried."""
        self.set_route(tech, trial.route, trial.leaves_for)
        self._walks[tech] = trial.walk

    def route_cost(self, techs: Iterable[int]) -> float:
        """Return driving, weighted lateness, overtime and prices by technician of some routes."""
        return sum(
            self.walked(tech).total + sum(self.grid.pair_price(tech, job) for job in self.routes[tech])
            for tech in techs
        )

    def objective(self) -> Objective:
        """Return the exact objective by parts, in driving seconds."""
        walks = [self.walked(tech) for tech in range(len(self.routes))]
        travel = float(sum(one.drive_s for one in walks))
        late = sum(one.lateness_cost for one in walks)
        unserved = sum(self.grid.jobs[job].unserved_penalty for job in self.unplanned())
        pairs = [(tech, job) for tech, route in enumerate(self.routes) for job in route]
        moved = sum(self.grid.moved_price(tech, job) for tech, job in pairs)
        overtime = sum(one.overtime_cost for one in walks)
        territory = sum(self.grid.territory_price(tech, job) for tech, job in pairs)
        reserve = sum(self.grid.reserve_price(tech, job) for tech, job in pairs)
        return Objective(
            travel=travel,
            lateness=late,
            unserved=unserved,
            moved=moved,
            overtime=overtime,
            territory=territory,
            reserve=reserve,
            total=travel + late + unserved + moved + overtime + territory + reserve,
        )


def state_of(grid: Grid, plan: Plan | None, *, keep_first: bool) -> State:
    """Rebuild a state from a plan: committed stops first, then what of the plan still exists and is allowed.

    With ``keep_first`` emergencies and urgent leaks stay where the plan has them; without, they are left out to be
    placed anew. Stops that can no longer be kept are left out too.
    """
    state = State(grid)
    seen = state.planned()
    for route in plan.routes if plan is not None else ():
        tech = grid.technician_index.get(route.technician_id)
        if tech is None:
            continue
        stops = [job for job in _known(grid, tech, route) if job not in seen and (keep_first or _is_open(grid, job))]
        seen.update(stops)
        _adopt(state, tech, stops, _leading(grid, route, stops) if keep_first else 0)
    grid.legs.fill_chains([grid.start_node[t], *route, grid.end_node[t]] for t, route in enumerate(state.routes))
    state.repair()
    return state


def plan_of(state: State, unserved: dict[str, str], engines: tuple[str, ...]) -> Plan:
    """Freeze a state into a plan with times."""
    return Plan(
        routes=tuple(_route_of(state, tech) for tech in range(len(state.routes))),
        unserved=unserved,
        objective=state.objective(),
        engines=engines,
        travel_quality=state.grid.quality,
    )


def _is_open(grid: Grid, job: int) -> bool:
    return not is_first(grid.tier[job])


def _known(grid: Grid, tech: int, route: Route) -> list[int]:
    known = [grid.job_index[stop.job_id] for stop in route.stops if stop.job_id in grid.job_index]
    unique = list(dict.fromkeys(known))
    return [job for job in unique if grid.allowed(tech, job)]


def _leading(grid: Grid, route: Route, stops: list[int]) -> int:
    kept = set(stops)
    leading = [stop.job_id for stop in route.stops[: route.leaves_for]]
    return sum(1 for job_id in leading if grid.job_index.get(job_id) in kept)


def _adopt(state: State, tech: int, stops: list[int], leaves_for: int) -> None:
    # A stable sort by tier restores the law that first tiers head a route, whatever the old plan looked like.
    committed = state.routes[tech]
    leading = leaves_for if state.grid.technicians[tech].leave is not None else 0
    rest = sorted(stops[leading:], key=lambda job: state.grid.tier[job])
    state.set_route(tech, [*stops[:leading], *committed, *rest], leading)


def _route_of(state: State, tech: int) -> Route:
    grid, walked, route = state.grid, state.walked(tech), state.routes[tech]
    return Route(
        technician_id=grid.technicians[tech].id,
        stops=tuple(
            StopTime(
                job_id=grid.jobs[job].id,
                arrival_s=walked.arrival_s[position],
                start_s=walked.start_s[position],
                end_s=walked.start_s[position] + grid.jobs[job].service_s,
                lateness_s=max(0, walked.start_s[position] - _due(grid, job)),
            )
            for position, job in enumerate(route)
        ),
        leaves_for=state.leaves_for[tech],
        drive_s=walked.drive_s,
        breaks=tuple(BreakTime(position=p, start_s=start, end_s=end) for p, start, end in walked.breaks),
        depot_visits=() if walked.depot is None else (_depot_visit(grid, *walked.depot),),
        overtime_s=walked.overtime_s,
    )


def _depot_visit(grid: Grid, fetch: Fetch, times: tuple[int, int, int]) -> DepotVisit:
    arrival, start, end = times
    return DepotVisit(
        depot_id=grid.problem.depots[fetch.depot].id,
        position=fetch.position,
        arrival_s=arrival,
        start_s=start,
        end_s=end,
        taken=dict(sorted(fetch.parts.items())),
        instruments=fetch.instruments,
    )


def _due(grid: Grid, job: int) -> int:
    due = grid.jobs[job].due_s
    return due if due is not None else 1 << 60
