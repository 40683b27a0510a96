"""The day plan's last step: CP-SAT puts the best plan together out of all routes that the searches have seen.

What couples routes is decided here at once: each job in one route, both persons of a job at one start, what waits for
what, what the depots hold, overtime shared, standby, and at most so many moved stops (decision 3 of routing). The
present plan is one of the choices, so the answer is never worse in the exact objective and those prices together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from routing.grid import NOBODY, Grid
from routing.knots import is_bound, list_mates, list_unkept, walked_stands
from routing.optimiser import Line
from routing.partition import Choice, Column, Effort, Meeting, Precedence, Rules, Scarce, Use, choose
from routing.persons import second_id
from routing.problem import Tier
from routing.schedule import Walk, walk
from routing.standby import Watch
from routing.state import State
from routing.supply import enforce_depot_stock

_EFFORT = Effort()
_HOUR_S = 3600
# Numbers of the parts that depots hold, by depot and kind.
Things = Mapping[tuple[int, str], int]


@dataclass(frozen=True, slots=True)
class Merged:
    """The better plan, and what CP-SAT proved about it: its choice with cost, bound and status."""

    state: State
    choice: Choice


def merge(
    state: State,
    lines: Iterable[Line],
    *,
    max_moved: int | None = None,
    effort: Effort = _EFFORT,
) -> Merged | None:
    """Return the best plan out of the present routes and the candidates, None when there is none better.

    Args:
        state: the present plan; what goes first in its routes stays.
        lines: candidate routes behind what goes first, jobs by index of the grid; what cannot be walked is passed over.
        max_moved: at most so many stops have another technician than before, or nobody.
        effort: limit and seed of CP-SAT.
    """
    grid = state.grid
    heads = [route[: state.head(tech)] for tech, route in enumerate(state.routes)]
    present = [(tech, tuple(route[len(heads[tech]) :])) for tech, route in enumerate(state.routes)]
    idle: list[Line] = [(tech, ()) for tech in range(len(state.routes))]
    things, watch = _things(grid), Watch(grid)
    known = dict.fromkeys([*present, *idle, *lines])
    pool = [column for line in known if (column := _column(state, heads, line, things, watch)) is not None]
    if [(one.technician, one.jobs) for one in pool[: len(present)]] != present:
        return None  # a present route is broken: there is nothing to start from
    rules = _rules(grid, {job for head in heads for job in head}, things, watch, max_moved)
    choice = choose(pool, rules, effort=effort, incumbent=range(len(present)))
    trial = state.copy()
    for column in (pool[index] for index in choice.columns):
        if present[column.technician][1] != column.jobs:
            trial.set_route(column.technician, [*heads[column.technician], *column.jobs])
    is_better = _price(trial, watch) < _price(state, watch) or count_moves(state) > _most(max_moved)
    return Merged(trial, choice) if choice.columns and is_better and _is_sound(trial, max_moved) else None


def count_moves(state: State) -> int:
    """Return how many stops of the previous plan another technician has now, or nobody."""
    owner = {job: tech for tech, route in enumerate(state.routes) for job in route}
    return sum(1 for job, had in enumerate(state.grid.previous) if had != NOBODY and owner.get(job) != had)


def _most(max_moved: int | None) -> float:
    return float("inf") if max_moved is None else max_moved


def _price(state: State, watch: Watch) -> float:
    """Return the exact objective with the prices that couple routes: overtime shared, and standby."""
    problem = state.grid.problem
    walks = [state.walked(tech) for tech in range(len(state.routes))]
    overtime = [one.overtime_s for one in walks] or [0]
    shared = problem.longest_overtime_price_per_h * max(overtime)
    shared += problem.overtime_spread_price_per_h * (max(overtime) - min(overtime))
    return state.objective().total + shared / _HOUR_S + watch.missing_price(state.routes, walks)


def _is_sound(trial: State, max_moved: int | None) -> bool:
    """Tell whether every rule holds by the walk itself: stops, couplings, depots, budget."""
    is_walked = all(trial.walked(tech).broken is None for tech in range(len(trial.routes)))
    is_kept = next(list_unkept(trial.grid, walked_stands(trial)), None) is None
    return is_walked and is_kept and not enforce_depot_stock(trial.copy()) and count_moves(trial) <= _most(max_moved)


def _column(state: State, heads: Sequence[Sequence[int]], line: Line, things: Things, watch: Watch) -> Column | None:
    """Return a candidate with its exact cost and times, None when a stop of it cannot be kept."""
    grid, (tech, tail) = state.grid, line
    route = [*heads[tech], *tail]
    if not all(grid.allowed(tech, job) for job in tail):
        return None
    walked = walk(grid, tech, route, state.leaves_for[tech])
    if walked.broken is not None:
        return None
    return Column(
        technician=tech,
        jobs=tail,
        cost=walked.total + sum(grid.pair_price(tech, job) for job in route),
        start_s=tuple(float(start) for start in walked.start_s[len(heads[tech]) :]),
        overtime_s=walked.overtime_s,
        moved=sum(grid.previous[job] not in {NOBODY, tech} for job in route),
        uses=tuple(_uses(walked, things)),
        free=watch.cells(tech, route, walked),
    )


def _uses(walked: Walk, things: Things) -> Iterator[Use]:
    if walked.depot is not None:
        fetch = walked.depot[0]
        for kind, count in sorted(fetch.parts.items()):
            if (fetch.depot, kind) in things:
                yield Use(things[fetch.depot, kind], amount=count)


def _things(grid: Grid) -> dict[tuple[int, str], int]:
    """Number the parts of which a depot has not enough of everything."""
    kinds = sorted({kind for job in grid.jobs for kind in job.parts})
    short = [number for number, depot in enumerate(grid.problem.depots) if depot.stock is not None]
    return {pair: number for number, pair in enumerate((depot, kind) for depot in short for kind in kinds)}


def _rules(grid: Grid, fixed: set[int], things: Things, watch: Watch, max_moved: int | None) -> Rules:
    """Return what couples the routes, over the jobs that do not stand fixed at the head of one."""
    jobs = [job for job in range(len(grid.jobs)) if job not in fixed]
    depots = grid.problem.depots
    return Rules(
        {job: grid.jobs[job].unserved_penalty for job in jobs},
        meetings=tuple(_meetings(grid, jobs)),
        precedences=tuple(_precedences(grid, jobs)),
        scarce=tuple(
            Scarce(thing, (depots[depot].stock or {}).get(kind, 0), in_total=True)
            for (depot, kind), thing in things.items()
        ),
        coverage=watch.coverage(),
        most_overtime_price=grid.problem.longest_overtime_price_per_h / _HOUR_S,
        overtime_spread_price=grid.problem.overtime_spread_price_per_h / _HOUR_S,
        promised=frozenset(job for job in jobs if grid.previous[job] != NOBODY),
        max_moved=max_moved,
    )


def _meetings(grid: Grid, jobs: Sequence[int]) -> Iterator[Meeting]:
    seen: set[int] = set()
    for job in jobs:
        if job in seen or not is_bound(grid, job):
            continue
        mates = sorted({job, *list_mates(grid, job)})
        seen.update(mates)
        if len(mates) > 1 and set(mates) <= set(jobs):
            yield Meeting(tuple(mates))


def _precedences(grid: Grid, jobs: Sequence[int]) -> Iterator[Precedence]:
    """Yield what waits for what; a job that waits for a stop fixed at the head of a route is held by its window."""
    free = set(jobs)
    for job in jobs:
        for wait in grid.jobs[job].after if is_bound(grid, job) else ():
            for half in (wait.job_id, second_id(wait.job_id)):
                before = grid.job_index.get(half)
                if before in free and grid.tier[before] >= Tier.ORDINARY:
                    yield Precedence(before, job, float(grid.jobs[before].service_s + wait.lag_s))
