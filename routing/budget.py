"""The stability budget: how many stops may change their technician in one re-plan, set by the dispatcher.

A plan over the budget is searched again in two ways, with a dearer moved stop, and with only as many stops let loose
as the budget allows (those that weigh most where they stand); the better one that keeps the budget is taken.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection
from dataclasses import dataclass

import msgspec

from routing.certificate import MovedStop
from routing.grid import NOBODY, Grid
from routing.merge import count_moves, merge
from routing.optimiser import Line, optimise
from routing.partition import Effort
from routing.problem import PRICE_LIMIT
from routing.regional import is_large
from routing.state import State
from routing.stop import Limits

# The factor on the price of a moved stop, and the least price it multiplies (driving seconds).
_DEARER = 6.0
_LEAST_PRICE = 50.0
# The first answer gets this share of the time: mostly it keeps the budget.
_FIRST_SHARE = 0.5
# From so many seconds or steps on, the routes seen are put together at the end; it takes about this share of the time.
_LONG_S, _LONG_STEPS = 3.0, 1000
_MERGE_SHARE, _MERGE_S = 0.15, 1.0
_SEEDS = 1 << 31

Stand = dict[int, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search under a budget came to; ``is_bound`` tells that without the budget more would have moved."""

    state: State
    engines: tuple[str, ...]
    is_bound: bool = False


def within_budget(
    state: State,
    limits: Limits,
    seed: int,
    *,
    max_moved: int | None,
    workers: int = 1,
    asked: Limits | None = None,
) -> Found:
    """Return a better state in which at most ``max_moved`` stops, or those moved already, have another technician.

    A run that lasts ends with the best choice out of all routes it has seen, unless the fleet is a large one. ``asked``
    is what the whole run was given (default: ``limits``); by it, not by what preparations left, is judged if it lasts.
    """
    most = None if max_moved is None else max(max_moved, count_moves(state))
    if not _lasts(asked or limits) or is_large(len(state.routes), len(state.grid.jobs)):  # regions hand no routes over
        return _search(state, limits, seed, most, workers, None)
    lines: list[Line] = []
    found = _search(state, _part(limits, 1.0 - _MERGE_SHARE), seed, most, workers, lines)
    if not lines:
        return found
    merged = merge(found.state, lines, max_moved=most, effort=_effort(limits, seed))
    return found if merged is None else Found(merged.state, (*found.engines, "partition"), found.is_bound)


def _lasts(limits: Limits) -> bool:
    if limits.seconds is not None:
        return limits.seconds >= _LONG_S
    return limits.iterations is not None and limits.iterations >= _LONG_STEPS


def _effort(limits: Limits, seed: int) -> Effort:
    seconds = _MERGE_S if limits.seconds is None else limits.seconds * _MERGE_SHARE / 2
    return Effort(deterministic_s=min(_MERGE_S, seconds), seed=seed % _SEEDS)


def _search(state: State, limits: Limits, seed: int, most: int | None, workers: int, lines: list[Line] | None) -> Found:
    if most is None or all(previous == NOBODY for previous in state.grid.previous):
        better, engine = optimise(state, limits, seed, workers=workers, lines=lines)
        return Found(better, () if engine is None else (engine,))
    free, engine = optimise(state, _part(limits, _FIRST_SHARE), seed, workers=workers, lines=lines)
    if count_moves(free) <= most:
        return Found(free, () if engine is None else (engine,))
    loose = _heaviest(state, free, most - count_moves(state))
    answers = [
        _optimise_on(state, grid, _part(limits, (1.0 - _FIRST_SHARE) / 2), seed, workers)
        for grid in (_dearer(state.grid), _held(state, loose))
    ]
    kept = [answer for answer in answers if count_moves(answer[0]) <= most]
    better, engine = min(kept, key=lambda answer: answer[0].objective().total, default=(state, None))
    return Found(better, () if engine is None else (engine,), is_bound=True)


def _optimise_on(state: State, grid: Grid, limits: Limits, seed: int, workers: int) -> tuple[State, str | None]:
    """Search under stricter rules, and judge the answer by the real ones."""
    strict = state.copy()
    strict.grid = grid
    found, engine = optimise(strict, limits, seed, workers=workers)
    better = found.copy()
    better.grid = state.grid
    return (better, engine) if better.objective().total < state.objective().total else (state, None)


def _dearer(grid: Grid) -> Grid:
    """Return the grid with a higher price of every moved stop."""
    price = max(grid.problem.moved_stop_price, _LEAST_PRICE) * _DEARER
    jobs = tuple(
        job
        if job.moved_price is None
        else msgspec.structs.replace(job, moved_price=max(job.moved_price * _DEARER, price))
        for job in grid.jobs
    )
    return dataclasses.replace(grid, jobs=jobs, problem=msgspec.structs.replace(grid.problem, moved_stop_price=price))


def _held(state: State, loose: Collection[int]) -> Grid:
    """Return the grid with every planned stop of the previous plan bound to whom has it now, but for the loose ones."""
    grid, locked, jobs = state.grid, list(state.grid.locked), list(state.grid.jobs)
    for tech, route in enumerate(state.routes):
        for job in route:
            if grid.previous[job] != NOBODY and job not in loose:
                locked[job] = tech
                # Leaving it out would be a move too.
                jobs[job] = msgspec.structs.replace(jobs[job], unserved_penalty=PRICE_LIMIT)
    return dataclasses.replace(grid, locked=locked, jobs=tuple(jobs))


def _heaviest(state: State, over: State, count: int) -> set[int]:
    """Return the stops whose leaving saves their technician most, among those that a wider budget would have moved."""
    owner = {job: tech for tech, route in enumerate(over.routes) for job in route}
    weights = [
        (_weight(state, tech, job), -job)
        for tech, route in enumerate(state.routes)
        for job in route
        if state.grid.previous[job] != NOBODY and owner.get(job) != tech
    ]
    return {-job for _, job in sorted(weights, reverse=True)[: max(0, count)]}


def _weight(state: State, tech: int, job: int) -> float:
    lighter = state.copy()
    lighter.remove(job)
    return state.route_cost([tech]) - lighter.route_cost([tech])


def list_moves(state: State, before: Stand) -> tuple[MovedStop, ...]:
    """Return the stops of the previous plan that another technician has now, or nobody, with both starts."""
    grid = state.grid
    now = {
        job: (tech, state.walked(tech).start_s[position])
        for tech, route in enumerate(state.routes)
        for position, job in enumerate(route)
    }
    return tuple(
        MovedStop(
            job_id=grid.jobs[job].id,
            promised=grid.jobs[job].promised,
            technician_before=grid.technicians[had].id,
            technician_after=grid.technicians[now[job][0]].id if job in now else None,
            start_before_s=before[job][1] if job in before else None,
            start_after_s=now[job][1] if job in now else None,
        )
        for job, had in enumerate(grid.previous)
        if had != NOBODY and (job not in now or now[job][0] != had)
    )


def _part(limits: Limits, share: float) -> Limits:
    return Limits(
        iterations=None if limits.iterations is None else math.ceil(limits.iterations * share),
        seconds=None if limits.seconds is None else limits.seconds * share,
    )
