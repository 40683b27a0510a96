"""The search by working time as the planner calls it: routes paid by hours, tools and parts, one visit to the depot."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from routing.search.arrays import Arrays
from routing.search.draw import seeded
from routing.search.engine import Limits
from routing.search.hours.cooling import BEST, anneal
from routing.search.hours.layout import COST, DEPOT_AT, SIZE, Ints, State, Task, Undo, empty_state, empty_undo
from routing.search.hours.moves import recreate, total_cost
from routing.search.hours.routes import refresh
from routing.search.hours.supplies import MUST, Supplies, task_of
from routing.search.pool import Pool

_LOOKS = 500  # how often a run by CPU time looks at the clock, at least
_FIRST = 50
_NEIGHBOURS = 10  # the mean leg is measured to so many nearest jobs


@dataclass(frozen=True)
class Dials:
    """Dials of the search; temperatures are shares of the price of a short leg (to the ten nearest jobs)."""

    mean_removed: float = 15.0
    longest_string: float = 10.0
    blink: float = 0.01
    routes_out: float = 0.05
    hot: float = 3.0
    cold: float = 0.01
    orders: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 4.0)  # as supplies._keys, the last is random
    pool_from: float = 0.5  # routes are collected in the cooler part of a run: hot ones would fill the pool


DEFAULT = Dials()


@dataclass(frozen=True)
class Paid:
    """The best plan: stops by route, the stop before which the depot is visited (-1 never), jobs left out, its cost."""

    routes: list[list[int]]
    depot_before: list[int]
    unserved: list[int]
    cost: float
    iterations: int
    cpu_s: float


class Search:
    """One plan under work; ``run`` may be called again and again, each time with temperatures of its own."""

    def __init__(
        self, arrays: Arrays, supplies: Supplies, routes: Sequence[Sequence[int]], heads: Sequence[int], seed: int
    ) -> None:
        self.task: Task = task_of(arrays, supplies, np.array(heads, np.int32))
        self.leg = _short_leg(arrays)
        self.iterations = 0
        self._undo: Undo = empty_undo(self.task)
        self._random = seeded(seed)
        self._state: State = empty_state(self.task)
        self._costs = np.zeros(2)
        self._seq: Ints = self._state.seq.copy()
        self._size = self._state.mark[:, SIZE].copy()
        self.restart(routes)

    def restart(self, routes: Sequence[Sequence[int]], *, insert: bool = True) -> None:
        """Take up a plan as present and best; jobs in no route are inserted where they can be, unless told not to.

        Raises:
            ValueError: a job stands twice, or a route cannot be driven.
        """
        task, state = self.task, self._state
        state.where[:] = -1
        for route, stops in enumerate(routes):
            state.seq[route, : len(stops)] = stops
            state.mark[route, SIZE] = len(stops)
            state.where[list(stops)] = route
            if not refresh(task, state, route):
                raise ValueError(f"route {route} breaks a window or needs a depot that cannot be reached")
        missing = np.flatnonzero(state.where < 0)
        if sum(map(len, routes)) + missing.size != state.where.size:
            raise ValueError("a job stands twice")
        state.absent[: missing.size], state.absent[-1] = missing, missing.size
        self._undo.touched[-1] = 0
        self._undo.is_touched[:] = False
        if insert:
            recreate(task, state, self._undo, self._random, 0.0)
        self._costs[:] = total_cost(task, state)
        self._seq[:], self._size[:] = state.seq, state.mark[:, SIZE]

    def run(self, limits: Limits, pool: Pool | None = None, dials: Dials = DEFAULT) -> None:
        """Anneal from ``hot`` to ``cold`` within the limits; the best plan is kept over all runs."""
        shares = np.array(dials.orders) / sum(dials.orders)
        knobs = np.array([dials.mean_removed, dials.longest_string, dials.blink, dials.routes_out])
        began, ratio = time.thread_time(), dials.cold / dials.hot
        for share, count, width in _chunks(limits, began):
            hot, cool = self.leg * dials.hot * ratio**share, ratio ** (width / count)
            args = (shares, knobs, self._costs, count, hot, cool)
            anneal(self.task, self._state, self._undo, self._seq, self._size, self._random, *args)
            self.iterations += count
            if pool is not None and share >= dials.pool_from:
                self._collect(pool)

    @property
    def cost(self) -> float:
        """Price of the best plan."""
        return float(self._costs[BEST])

    def routes(self) -> list[list[int]]:
        """Return the stops of the best plan's routes."""
        return [self._seq[r, :size].tolist() for r, size in enumerate(self._size.tolist())]

    def depot_before(self) -> list[int]:
        """Return, for each route of the best plan, the stop before which the depot is visited; -1 never."""
        return self._probe().mark[:, DEPOT_AT].tolist()

    def prices(self) -> list[float]:
        """Return the price of each route of the best plan."""
        return self._probe().price[:, COST].tolist()

    def _probe(self) -> State:
        """Return the best plan with all that is kept of its routes."""
        probe = empty_state(self.task)
        probe.seq[:], probe.mark[:, SIZE] = self._seq, self._size
        for route in range(len(self._size)):
            refresh(self.task, probe, route)
        return probe

    def _collect(self, pool: Pool) -> None:
        """Keep the present plan's routes while nobody is missing."""
        if self._state.absent[-1] > 0:
            return
        for route, size in enumerate(self._state.mark[:, SIZE].tolist()):
            stops = tuple(self._state.seq[route, :size].tolist())
            pool.add(route, stops, float(self._state.price[route, COST]))


def improve(
    arrays: Arrays,
    supplies: Supplies,
    routes: Sequence[Sequence[int]],
    heads: Sequence[int],
    *,
    seed: int,
    limits: Limits,
    pool: Pool | None = None,
    dials: Dials = DEFAULT,
) -> Paid:
    """Improve a plan that is paid by working time; never worse than the plan given.

    Args:
        arrays: the problem; ``work_price`` is the price of a second between departure and end.
        supplies: tools and depots.
        routes: stops of each route; jobs in none are inserted if they can.
        heads: so many leading stops of each route stay.
        seed: of all chance; with an iteration limit the same seed gives the same plan.
        limits: when to stop.
        pool: collects the routes seen on the way.
        dials: of the search.

    Raises:
        ValueError: the arrays hold rules that this search does not know, or the routes do not fit them.
    """
    began = time.thread_time()
    search = Search(arrays, supplies, routes, heads, seed)
    search.run(limits, pool, dials)
    return paid(search, time.thread_time() - began)


def paid(search: Search, cpu_s: float) -> Paid:
    """Return the best plan of a search."""
    routes = search.routes()
    served = {job for stops in routes for job in stops}
    unserved = [job for job in range(len(search.task.jobs)) if job not in served]
    cost = search.cost if not any(search.task.jobs[job, -1] >= MUST for job in unserved) else float("inf")
    return Paid(routes, search.depot_before(), unserved, cost, search.iterations, cpu_s)


def _chunks(limits: Limits, began: float) -> Iterator[tuple[float, int, float]]:
    """Yield the share of the limit used, the iterations to do next and the share that they will take."""
    if limits.iterations is None and limits.cpu_s is None:
        raise ValueError("limits: neither iterations nor cpu_s")
    done, most = 0, limits.iterations
    while most is None or done < most:
        used = time.thread_time() - began
        share = 0.0 if limits.cpu_s is None else used / limits.cpu_s
        if limits.cpu_s is None:
            count = max(1, (most or 0) // _LOOKS)
        else:
            pace = done / used if done else 0.0
            count = max(_FIRST, int(pace * min(limits.cpu_s / _LOOKS, limits.cpu_s - used)))
        if most is not None:
            count, share = min(count, most - done), max(share, done / most)
        if share >= 1.0:
            return
        width = count / most if most is not None else 1.0 / _LOOKS
        yield share, count, width
        done += count


def _short_leg(arrays: Arrays) -> float:
    """Return the price of a short leg: mean time to the nearest jobs at the mean wage, and its toll."""
    if arrays.jobs < 2:  # noqa: PLR2004  # one job has no neighbour
        return 1.0
    seconds = np.sort(arrays.travel_s[: arrays.jobs, : arrays.jobs], axis=1)[:, 1 : 1 + _NEIGHBOURS].mean()
    tolls = np.sort(arrays.travel_cost[: arrays.jobs, : arrays.jobs], axis=1)[:, 1 : 1 + _NEIGHBOURS].mean()
    return max(1e-6, float(seconds * arrays.work_price.mean() + tolls))
