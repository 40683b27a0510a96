"""Improving a plan behind its fixed heads: by ruin and recreate where it is compiled, else by OR-Tools block by block.

Whatever an engine finds is judged by the exact objective of the walk, never by the engine's own.
"""

from __future__ import annotations

from collections.abc import Sequence

from routing.bridge import lay_out
from routing.grid import Grid
from routing.insertion import insert_all
from routing.model import Block, improve
from routing.problem import Tier
from routing.regional import ROUNDS, SETTINGS, Course, is_large, search_regions
from routing.regions import split_blocks
from routing.search import engine
from routing.search.compiled import IS_COMPILED
from routing.search.pool import Pool
from routing.state import State
from routing.stop import Limits

# What one step of a stop by iterations is worth in ruins and recreations: about as long as one of OR-Tools.
_RUINS_PER_STEP = 50
# Routes kept of one search: the last ones it has seen.
_POOL = 1500

# A route that a search has seen: technician, and the stops behind what goes first.
Line = tuple[int, tuple[int, ...]]


def is_compiled() -> bool:
    """Tell whether the compiled search is there."""
    return IS_COMPILED


def optimise(
    state: State, limits: Limits, seed: int, *, workers: int = 1, lines: list[Line] | None = None
) -> tuple[State, str | None]:
    """Return a state better in the exact objective and the engine that made it, or the state itself and None.

    Routes that a search has seen are added to ``lines``, behind what goes first.
    """
    if limits.iterations == 0 or limits.seconds == 0.0 or not state.routes:
        return state, None
    if IS_COMPILED:
        trial, engine_name = _ruin_and_recreate(state, limits, seed, workers, lines), "sisr"
    else:
        trial, engine_name = _improve_blocks(state, limits, seed), "ortools"
    is_better = trial.objective().total < state.objective().total
    return (trial, engine_name) if is_better else (state, None)


def insert_compiled(state: State) -> State:
    """Return the state with all waiting jobs inserted by the compiled search, each where it is cheapest."""
    trial = _searched(state, engine.Limits(iterations=0), 0, 1, None)
    return trial if trial.objective().total < state.objective().total else state


def waiting_jobs(state: State) -> list[int]:
    """Return the jobs without a place that an engine may serve.

    An emergency that nobody may take stays out: it must not be served late by way of its cost.
    """
    return [job for job in state.unplanned() if is_movable(state.grid, job)]


def is_movable(grid: Grid, job: int) -> bool:
    """Tell whether a job belongs to the engines: no committed stop and no emergency ever does."""
    return grid.tier[job] >= Tier.URGENT_LEAK


def _ruin_and_recreate(state: State, limits: Limits, seed: int, workers: int, lines: list[Line] | None) -> State:
    steps = limits.iterations
    most = engine.Limits(iterations=None if steps is None else steps * _RUINS_PER_STEP, cpu_s=limits.seconds)
    return _searched(state, most, seed, workers, lines)


def _searched(state: State, limits: engine.Limits, seed: int, workers: int, lines: list[Line] | None) -> State:
    waiting = waiting_jobs(state)
    if is_large(len(state.routes), len(state.grid.jobs)):
        course = Course(workers=workers, rounds=1 if limits.iterations == 0 else ROUNDS)
        return settled(search_regions(state, limits, seed, course))
    ground = lay_out(state, range(len(state.routes)), waiting)
    trial = state.copy()
    if ground.jobs and ground.techs:
        routes, heads = ground.lines(state)
        pool = None if lines is None else Pool(_POOL)
        found = engine.improve(ground.arrays, routes, heads, seed=seed, limits=limits, settings=SETTINGS, pool=pool)
        ground.put_back(trial, found.routes)
        if lines is not None and pool is not None:
            lines += [ground.tail(route, stops) for route, stops, _ in pool]
    return settled(trial)


def settled(trial: State) -> State:
    """Return the state made sound: stops that the exact walk cannot keep are placed elsewhere or left out."""
    dropped = trial.repair()
    if dropped:
        insert_all(trial, dropped)
    return trial


def _improve_blocks(state: State, limits: Limits, seed: int) -> State:
    trial = state.copy()
    blocks = split_blocks(trial)
    share = _shared(limits, len(blocks))
    for number, block in enumerate(blocks):
        _improve_block(trial, block, share, seed + number)
    return trial


def _improve_block(state: State, block: Block, limits: Limits, seed: int) -> None:
    if not block.jobs:
        return
    better = improve(state, block, limits, seed)
    if better is None:
        return
    for tech in block.techs:
        state.set_route(tech, better.routes[tech])


def _shared(limits: Limits, blocks: int) -> Limits:
    parts: Sequence[int] = range(max(1, blocks))
    return Limits(
        iterations=None if limits.iterations is None else -(-limits.iterations // len(parts)),
        seconds=None if limits.seconds is None else limits.seconds / len(parts),
    )
