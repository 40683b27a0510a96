"""A second opinion on plans: the declarative model of OR-Tools, with every start and every rest fixed to the plan's.

Used in tests beside `routing.verify`: two judges with nothing in common but the problem.
"""

from __future__ import annotations

from routing.errands import owed_breaks
from routing.grid import Grid, build_grid
from routing.knots import open_problem, stands_of
from routing.model import Block, Model, is_movable
from routing.plan import Plan, Route
from routing.problem import Problem, Tier
from routing.state import State
from routing.travel import StraightLine, TravelTimes

Rests = dict[tuple[int, int], int | None]


def is_feasible(problem: Problem, plan: Plan, travel: TravelTimes | None = None) -> bool:
    """Tell whether OR-Tools finds a plan feasible, at the times it names; heads are compared with the walk.

    Only plans whose jobs and technicians are known, each in one route (two for two people), can be asked about.
    """
    opened, named = open_problem(problem, plan)
    grid = build_grid(opened, travel or StraightLine(problem.profile))
    state = _as_written(grid, named or plan)
    stands = stands_of(grid, named)
    heads = {job for tech in range(len(state.routes)) for job in state.routes[tech][: state.head(tech)]}
    if not all(_is_walked(state, job, stands[job][1]) for job in heads):
        return False
    # What the plan leaves out is not in the model: couplings to it bind as to a job that is never served.
    jobs = tuple(sorted(stands.keys() - heads))
    if not all(is_movable(grid, job) for job in jobs):
        return False
    crew = tuple(range(len(state.routes)))
    lasting = [tech for tech in crew if state.routes[tech] and grid.tier[state.routes[tech][-1]] != Tier.ORDINARY]
    model = Model(state, Block(techs=crew, jobs=jobs), is_whole=True, lasting=lasting)
    if not all(job in model.frame.index_of for job in jobs):
        return False
    routes = [_tail(model, state, tech, route) for tech, route in enumerate(_by_technician(grid, named or plan))]
    rests = _rests(grid, _by_technician(grid, named or plan))
    return model.is_feasible(routes, {job: stands[job][1] for job in jobs}, rests)


def _as_written(grid: Grid, plan: Plan) -> State:
    state = State(grid)
    for tech, route in enumerate(_by_technician(grid, plan)):
        state.set_route(tech, [grid.job_index[stop.job_id] for stop in route.stops], route.leaves_for)
    return state


def _by_technician(grid: Grid, plan: Plan) -> list[Route]:
    routes = {route.technician_id: route for route in plan.routes}
    return [routes.get(one.id, Route(technician_id=one.id)) for one in grid.technicians]


def _is_walked(state: State, job: int, start_s: int) -> bool:
    tech = next(tech for tech, route in enumerate(state.routes) if job in route)
    return state.walked(tech).start_s[state.routes[tech].index(job)] == start_s


def _tail(model: Model, state: State, tech: int, route: Route) -> list[int]:
    head = state.head(tech)
    tail = [model.frame.index_of[job] for job in state.routes[tech][head:]]
    depots = [depot.id for depot in state.grid.problem.depots]
    for visit in route.depot_visits:
        index = model.frame.depot_index.get((tech, depots.index(visit.depot_id)))
        if index is not None:
            tail.insert(visit.position - head, index)
    return tail


def _rests(grid: Grid, routes: list[Route]) -> Rests:
    """Return when each rest owed begins in the plan, None for one that is taken at home."""
    found: Rests = {}
    for tech, route in enumerate(routes):
        taken = sorted(route.breaks, key=lambda one: one.start_s)
        # Who has no stops goes nowhere: his rests are his own.
        for number, rest in enumerate(owed_breaks(grid, tech) if route.stops else ()):
            fits = [
                one
                for one in taken
                if one.end_s - one.start_s == rest.duration_s and rest.earliest_s <= one.start_s <= rest.latest_s
            ]
            if not fits and any(one.start_s > rest.latest_s for one in taken):
                # Taken late, behind what goes first: the model is free where to put it.
                continue
            found[tech, number] = fits[0].start_s if fits else None
            taken = [one for one in taken if one not in fits[:1]]
    return found
