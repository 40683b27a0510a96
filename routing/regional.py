"""Planning a fleet too large for one search: neighbourhoods of about fifty technicians, cut anew every round.

Each region is a search of its own over its own small matrix; regions run side by side, for the compiled search lets go
of the interpreter. Every round turns the cuts, so that the borders of one round lie inside the regions of the next,
and takes over one more slice of the falling temperature.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from routing.bridge import Ground, lay_out
from routing.problem import Tier
from routing.regions import cut_regions, flat_km, share_out
from routing.search import engine
from routing.state import State

Floats = npt.NDArray[np.float64]
Note = Callable[[int, State], None]

# The unit that was measured to be right: about fifty technicians with five hundred jobs.
_CREW, _JOBS = 50, 500
# Up to this size one search sees everything.
_FLAT_CREW, _FLAT_JOBS = 75, 800
ROUNDS = 6
# Our prices vary far more than driving does (a broken window, a job left undone): the search starts hotter than on
# distances alone. Tuned on leak-day mornings.
SETTINGS = engine.Settings(hot=3.0, cold=0.1)
_LEAST_S = 0.01
# A job's place is nearly always in a route of one of so many nearest jobs: plans as good at half the CPU time.
_REACH = 30


@dataclass(frozen=True, kw_only=True)
class Course:
    """How a regional search runs.

    Rounds, the share of the mean leg it is hot and cold at, searches side by side, technicians of a region, and of how
    many nearest jobs the routes are tried for a job.
    """

    rounds: int = ROUNDS
    hot: float = SETTINGS.hot
    cold: float = SETTINGS.cold
    workers: int = 1
    crew: int = _CREW
    reach: int = _REACH


class _Clock:
    """CPU seconds of each worker: what the planner's own thread does meanwhile, all of them wait for."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._all, self._own = time.process_time(), time.thread_time()

    def spent_s(self) -> float:
        """Return the CPU seconds since this clock was made."""
        own = time.thread_time() - self._own
        return own + max(0.0, time.process_time() - self._all - own) / self._workers


def is_large(techs: int, jobs: int) -> bool:
    """Tell whether a problem is better searched by regions."""
    return techs > _FLAT_CREW or (jobs > _FLAT_JOBS and techs > 1)


def search_regions(state: State, limits: engine.Limits, seed: int, course: Course, note: Note | None = None) -> State:
    """Return a state improved round by round; ``limits`` are those of the whole search, CPU seconds for each worker.

    ``note`` is told the round and the state after every round. With an iteration limit the number of workers changes
    nothing in the result. Between rounds the search goes on from where it stands, like one long search; the last
    round keeps the best it has seen.
    """
    clock = _Clock(course.workers)
    now = state.copy()
    with ThreadPoolExecutor(course.workers) as pool:
        for number in range(course.rounds):
            grounds = list(_grounds(now, number, course))
            left = _left(limits, number, course, clock.spent_s())
            share = _share(left, len(grounds), course.workers, course.rounds - number)
            settings = _slice(course, number, _scale(now))
            _run_round(pool, now, grounds, share, seed + 1000 * number, settings, is_last=number == course.rounds - 1)
            now.fetch_legs()
            if note is not None:
                note(number, now)
    return now


def _scale(state: State) -> float | None:
    """Return the mean price of a leg of a plan, None as long as hardly anything is planned."""
    planned = sum(len(route) for route in state.routes)
    if 2 * planned < len(state.grid.jobs):
        return None
    return state.route_cost(range(len(state.routes))) / (planned + sum(1 for route in state.routes if route))


def _grounds(state: State, number: int, course: Course) -> Iterator[Ground]:
    groups = _cut(state, number, course)
    waiting = [job for job in state.unplanned() if state.grid.tier[job] >= Tier.URGENT_LEAK]
    for group, extra in zip(groups, share_out(state, waiting, groups), strict=True):
        ground = lay_out(state, group, extra)
        if ground.jobs and ground.techs:
            yield ground


def _cut(state: State, number: int, course: Course) -> list[list[int]]:
    crew = len(state.routes)
    jobs = len(state.grid.jobs)
    count = max(1, round(crew / course.crew), round(jobs / (course.crew * _JOBS / _CREW)))
    return cut_regions(_middles(state), min(count, crew), number)


def _middles(state: State) -> Floats:
    """Return where each technician's work lies: the middle of his home and his stops."""
    grid = state.grid
    around = grid.technicians[0].place
    homes = flat_km([one.place for one in grid.technicians], around)
    stops = flat_km([job.place for job in grid.jobs], around)
    middles = homes.copy()
    for tech, route in enumerate(state.routes):
        if route:
            middles[tech] = (homes[tech] + stops[route].sum(axis=0)) / (1 + len(route))
    return middles


def _run_round(
    pool: ThreadPoolExecutor,
    state: State,
    grounds: Sequence[Ground],
    limits: engine.Limits,
    seed: int,
    settings: engine.Settings,
    *,
    is_last: bool,
) -> None:
    runs: list[tuple[Ground, Future[engine.Improved]]] = []
    for number, ground in enumerate(grounds):
        routes, heads = ground.lines(state)
        task = pool.submit(
            engine.improve, ground.arrays, routes, heads, seed=seed + number, limits=limits, settings=settings
        )
        runs.append((ground, task))
    for ground, task in runs:
        found = task.result()
        ground.put_back(state, found.routes if is_last else found.last)


def _slice(course: Course, number: int, scale: float | None) -> engine.Settings:
    # Each round gets the temperatures that one long search would have at that share of its time.
    fall = course.cold / course.hot
    return dataclasses.replace(
        SETTINGS,
        hot=course.hot * fall ** (number / course.rounds),
        cold=course.hot * fall ** ((number + 1) / course.rounds),
        scale=scale,
        reach=course.reach,
    )


def _left(limits: engine.Limits, number: int, course: Course, spent_s: float) -> engine.Limits:
    iterations = limits.iterations
    return engine.Limits(
        iterations=None if iterations is None else iterations * (course.rounds - number) // course.rounds,
        cpu_s=None if limits.cpu_s is None else max(_LEAST_S, limits.cpu_s - spent_s),
    )


def _share(left: engine.Limits, regions: int, workers: int, rounds: int) -> engine.Limits:
    parts = max(1, regions * rounds)
    return engine.Limits(
        iterations=None if left.iterations is None else -(-left.iterations // parts),
        cpu_s=None if left.cpu_s is None else left.cpu_s * min(workers, regions) / parts,
    )
