"""The stability budget: how many stops may change their technician in one re-plan, set by the dispatcher.

The search is asked again with a rising price of a moved stop until its plan keeps the budget; at last nothing may move.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from routing.certificate import MovedStop
from routing.grid import NOBODY
from routing.optimiser import optimise
from routing.state import State
from routing.stop import Limits

# Factors on the price of a moved stop that are tried in turn; the last forbids every move.
_FACTORS = (1.0, 6.0, 36.0, math.inf)
_FIRST_SHARE = 0.4

Stand = dict[int, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search under a budget came to; ``is_bound`` tells that without the budget more would have moved."""

    state: State
    engines: tuple[str, ...]
    is_bound: bool = False


def within_budget(state: State, limits: Limits, seed: int, *, max_moved: int | None, workers: int = 1) -> Found:
    """Return a better state in which at most ``max_moved`` stops, or those moved already, have another technician."""
    if max_moved is None or all(previous == NOBODY for previous in state.grid.previous):
        better, engine = optimise(state, limits, seed, workers=workers)
        return Found(better, () if engine is None else (engine,))
    most = max(max_moved, count_moves(state))
    for number, factor in enumerate(_FACTORS):
        share = _FIRST_SHARE if number == 0 else (1.0 - _FIRST_SHARE) / (len(_FACTORS) - 1)
        part = _part(limits, share)
        better, engine = optimise(state, part, seed, workers=workers, moved_factor=factor)
        if count_moves(better) <= most:
            return Found(better, () if engine is None else (engine,), is_bound=number > 0)
    return Found(state, (), is_bound=True)


def count_moves(state: State) -> int:
    """Return how many stops of the previous plan another technician has now, or nobody."""
    grid = state.grid
    owner = {job: tech for tech, route in enumerate(state.routes) for job in route}
    return sum(1 for job, had in enumerate(grid.previous) if had != NOBODY and owner.get(job) != had)


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
