"""Anchoring jobs that depend on each other: meeting times and technicians by best insertion over candidate times.

What comes out is a problem of plain jobs (windows, locks) that every engine can plan, see `routing.knots`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from routing.anchors import Anchored, coupled_jobs, dependents, kept_stands, references_of
from routing.grid import NOBODY, STRANGER, Grid, build_grid
from routing.insertion import best_by_technician, insert_all, insertion_orders, unserved_reason
from routing.knots import (
    AnchoredProblem,
    Stand,
    anchored,
    bounds_of,
    list_mates,
    list_unkept,
    open_problem,
    walked_stands,
)
from routing.meeting import place_knot
from routing.persons import second_id
from routing.plan import Plan, PlanResult
from routing.problem import Problem, Tier
from routing.state import State, state_of
from routing.travel import StraightLine, TravelTimes
from routing.urgent import first_tier_order, place_first

# How many technicians are weighed for a chain of follow-ups, and how many combinations for a knot.
_LEADS = 6
_MOST_CHOICES = 12
# Above so many jobs the couplings are placed before all others: a greedy plan of the rest would cost too much.
_FEW_JOBS = 400


def list_anchors(problem: Problem, plan: Plan | None, travel: TravelTimes | None = None) -> list[Anchored]:
    """Return ways to anchor the couplings: kept where the plan has them, placed behind or before all other jobs.

    The first is the one whose greedy plan costs least. Raise DomainError ``problem_invalid``.
    """
    opened, warm = open_problem(problem, plan)
    grid = build_grid(opened, travel or StraightLine(problem.profile))
    found: list[tuple[float, int, Anchored]] = []
    for number, (keeps, is_before) in enumerate(_ways(grid, warm)):
        cost, result = _anchor(grid, opened, warm if keeps else None, is_before=is_before)
        found.append((cost, number, Anchored(problem, result, warm)))
    return [one for _, _, one in sorted(found, key=lambda item: item[:2])]


def plan_coupled(
    problem: Problem,
    warm: Plan | None,
    travel: TravelTimes | None,
    plan_plain: Callable[[AnchoredProblem, Plan | None], PlanResult],
) -> PlanResult:
    """Plan a coupled problem by way of the best anchoring; ``plan_plain`` plans problems of plain jobs."""
    best = list_anchors(problem, warm, travel)[0]
    return best.close_result(plan_plain(best.problem, best.warm))


def _ways(grid: Grid, warm: Plan | None) -> list[tuple[bool, bool]]:
    kept = [(True, False)] if kept_stands(grid, warm) else []
    if len(grid.jobs) > _FEW_JOBS:
        return kept or [(False, True)]
    return [*kept, (False, False), (False, True)]


def _anchor(
    grid: Grid, opened: AnchoredProblem, warm: Plan | None, *, is_before: bool
) -> tuple[float, AnchoredProblem]:
    """Return the cost of a greedy plan with the couplings in it, and the problem anchored to that plan."""
    kept = kept_stands(grid, warm)
    state = state_of(_own_windows(_bounded(grid, opened, kept)), warm, keep_first=False)
    for job in first_tier_order(grid, state.unplanned()):
        place_first(state, job)
    coupled = coupled_jobs(grid)
    for job in sorted(coupled & (state.planned() - kept.keys())):
        state.remove(job)
    plain = [job for job in state.unplanned() if job not in coupled and grid.tier[job] >= Tier.URGENT_LEAK]
    order = insertion_orders(grid, plain)[0]
    if not is_before:
        insert_all(state, order)
    left = _place_knots(state, coupled)
    if is_before and len(grid.jobs) <= _FEW_JOBS:
        insert_all(state, order)
    left |= dependents(grid, left)
    return state.objective().total, anchored(opened, bounds_of(grid, walked_stands(state)), left)


def _bounded(grid: Grid, opened: AnchoredProblem, kept: Mapping[int, Stand]) -> Grid:
    """Return the grid with windows and locks that hold what a plan keeps; the legs already asked for serve again."""
    if not kept:
        return grid
    view = anchored(opened, bounds_of(grid, kept), {})
    names = grid.technician_index
    return replace(
        grid,
        problem=view,
        jobs=view.jobs,
        windows=[tuple(sorted(job.windows)) for job in view.jobs],
        locked=[NOBODY if job.locked_to is None else names.get(job.locked_to, STRANGER) for job in view.jobs],
        barred=[frozenset(names[name] for name in job.barred if name in names) for job in view.jobs],
    )


def _own_windows(grid: Grid) -> Grid:
    return replace(grid, windows=list(grid.windows))


def _place_knots(state: State, coupled: set[int]) -> dict[str, str]:
    """Place every knot of coupled jobs; return the ids that could not be placed, with reasons."""
    _drop_broken(state, coupled)
    left: dict[str, str] = {}
    for knot in _knots(state.grid, coupled):
        todo = [job for job in knot if job not in state.planned()]
        while todo:
            best = _best_trial(state, todo)
            if isinstance(best, State):
                state.grid = best.grid
                for tech, route in enumerate(best.routes):
                    if route != state.routes[tech]:
                        state.set_route(tech, route)
                break
            left |= best
            left |= dependents(state.grid, left)
            todo = [job for job in todo if state.grid.jobs[job].id not in left]
    return left


def _drop_broken(state: State, coupled: set[int]) -> None:
    # What a warm plan kept may have lost its technician or its time since: its whole knot is placed anew.
    while (found := next(list_unkept(state.grid, walked_stands(state)), None)) is not None:
        state.remove(found[0])
    for knot in _knots(state.grid, coupled):
        if not set(knot) <= state.planned():
            for job in knot:
                if job in state.planned() and state.grid.tier[job] >= Tier.ORDINARY:
                    state.remove(job)


def _knots(grid: Grid, coupled: set[int]) -> list[list[int]]:
    """Return the coupled jobs as connected groups, the dearest to leave out first, each in a possible order."""
    group: dict[int, set[int]] = {job: {job} for job in coupled}
    for job in sorted(coupled):
        for other in {*references_of(grid, job), *list_mates(grid, job)} & coupled:
            if group[other] is not group[job]:
                group[job] |= group[other]
                for one in group[other]:
                    group[one] = group[job]
    unique = {id(members): sorted(members) for members in group.values()}
    price = {key: sum(grid.jobs[job].unserved_penalty for job in members) for key, members in unique.items()}
    return [_in_order(grid, unique[key]) for key in sorted(unique, key=lambda key: (-price[key], unique[key]))]


def _in_order(grid: Grid, knot: Sequence[int]) -> list[int]:
    """Return jobs so that each stands behind those it waits for, mates side by side."""
    order: list[int] = []
    todo = list(knot)
    while todo:
        ready = [job for job in todo if not _awaits(grid, job, set(todo))] or todo[:1]
        mates = [mate for mate in list_mates(grid, ready[0]) if mate in todo] or [ready[0]]
        order += mates
        todo = [job for job in todo if job not in mates]
    return order


def _awaits(grid: Grid, job: int, todo: set[int]) -> bool:
    mates = set(list_mates(grid, job)) | {job}
    names = {wait.job_id for mate in mates for wait in grid.jobs[mate].after}
    halves = {half for name in names for half in (name, second_id(name))}
    return any(grid.jobs[other].id in halves for other in todo - mates)


def _best_trial(state: State, knot: Sequence[int]) -> State | dict[str, str]:
    """Return the cheapest state with a knot placed, or the jobs that cannot be placed with the reason."""
    best: State | None = None
    failed: dict[str, str] = {}
    without = state.objective().total
    for leads in _lead_choices(state, knot):
        trial = state.copy()
        trial.grid = _own_windows(state.grid)
        failing = place_knot(trial, knot, leads)
        if failing is None and (best is None or trial.objective().total < best.objective().total):
            best = trial
        elif failing is not None and not failed:
            failed = failing
    if best is None:
        return failed or _nobody_for_chains(state, knot)
    if best.objective().total >= without:
        return {state.grid.jobs[job].id: "too_costly" for job in knot}
    return best


def _nobody_for_chains(state: State, knot: Sequence[int]) -> dict[str, str]:
    """Return who of the follow-ups fails: those nobody can do, else those whose technician cannot do both."""
    grid, crew = state.grid, range(len(state.routes))
    chained = [job for chain in _chains(grid, knot) for job in chain]
    hopeless = [job for job in chained if not any(grid.allowed(tech, job) for tech in crew)]
    if hopeless:
        return {grid.jobs[job].id: unserved_reason(state, job) for job in hopeless}
    following = [job for job in chained if grid.jobs[job].same_technician_as is not None]
    return {grid.jobs[job].id: "no_common_technician" for job in following or knot}


def _lead_choices(state: State, knot: Sequence[int]) -> Iterator[dict[int, int]]:
    """Yield technicians for the jobs that must share one: the same for all of a chain of follow-ups."""
    grid = state.grid
    chains = _chains(grid, knot)
    options = [[(chain, tech) for tech in _leads(state, chain)] for chain in chains]
    for choice in itertools.islice(itertools.product(*options), _MOST_CHOICES):
        yield {job: tech for chain, tech in choice for job in chain}


def _chains(grid: Grid, knot: Sequence[int]) -> list[list[int]]:
    chains: list[set[int]] = []
    for job in knot:
        lead = grid.jobs[job].same_technician_as
        if lead is None or lead not in grid.job_index:
            continue
        chain = {job, grid.job_index[lead]}
        touching = [one for one in chains if one & chain]
        chains = [one for one in chains if not one & chain] + [chain.union(*touching)]
    return [sorted(chain) for chain in chains]


def _leads(state: State, chain: Sequence[int]) -> list[int]:
    grid = state.grid
    holders = {tech for tech, route in enumerate(state.routes) for job in chain if job in route}
    able = [tech for tech in range(len(state.routes)) if all(grid.allowed(tech, job) for job in chain)]
    if holders:
        return sorted(holders)[:1] if len(holders) == 1 else []
    cost = {tech: spot.delta for tech, spot in best_by_technician(state, chain[0]).items() if tech in able}
    return sorted(cost, key=lambda tech: (cost[tech], tech))[:_LEADS]
