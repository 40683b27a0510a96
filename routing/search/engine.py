"""The search as the planner calls it: improve a plan, price a plan, insert jobs at their cheapest places."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from routing.search import draw
from routing.search.anneal import BEST, CURRENT, insert_missing, run, take_up
from routing.search.arrays import Arrays, build
from routing.search.change import MISSING, undo_of
from routing.search.layout import ARRIVAL, INF, LATENESS, LEG, STOP_COLUMNS, Dials, Ints, Memory, World
from routing.search.layout import State as Plan
from routing.search.pack import world_of
from routing.search.pool import Pool

CHUNKS = 200  # the temperature falls in at least so many steps
LARGEST_TABLE = 4_000_000  # jobs times routes up to which best places are remembered: 80 MB
FIRST_CHUNK = 20  # iterations between the first two looks at the clock


@dataclass(frozen=True)
class Limits:
    """When to stop: whichever comes first. ``cpu_s`` is CPU time of the process, ``iterations`` gives equal results."""

    iterations: int | None = None
    cpu_s: float | None = None


@dataclass(frozen=True)
class Settings:
    """Dials of the search; temperatures are shares of the mean leg price of the starting plan."""

    mean_removed: float = 10.0
    longest_string: float = 10.0
    blink: float = 0.01
    open_share: float = 0.1  # share of changes in which opening a route looks cheaper than it is
    hot: float = 1.0
    cold: float = 0.01
    reach: int = 0  # so many nearest jobs whose routes are tried for a job, 0 = all routes
    scale: float | None = None  # the leg price that temperatures are shares of; None = measured
    orders: tuple[float, ...] = (4.0, 4.0, 2.0, 1.0, 2.0, 2.0, 2.0)  # recreate.RANDOM … CLOSING


DEFAULT = Settings()
GENEROUS_CPU_S = 0.03  # per job: enough to begin hot and still to cool down
_WARM: list[bool] = []  # filled once the compiled search is loaded


def settings_for(jobs: int, cpu_s: float) -> Settings:
    """Return dials for planning from nothing: with time at hand the search begins hotter and leaves poor basins."""
    return Settings(hot=3.0) if cpu_s >= GENEROUS_CPU_S * jobs else DEFAULT


@dataclass(frozen=True)
class Improved:
    """The best plan found: stops of each route, unserved jobs, cost, and what it took.

    ``last`` is the plan the search stood at when it ended, at ``last_cost``: where a longer search would go on from.
    """

    routes: list[list[int]]
    unserved: list[int]
    cost: float
    iterations: int
    cpu_s: float
    start_cost: float = field(default=0.0)
    last: list[list[int]] = field(default_factory=list)
    last_cost: float = field(default=0.0)


@dataclass(frozen=True)
class Cost:
    """What a plan costs and of what; ``total`` is inf when a stop cannot be kept or a must is left out."""

    total: float
    travel: float
    lateness: float
    waiting: float
    overtime: float
    pair: float
    fixed: float
    unserved: float


@dataclass
class _Desk:
    """A plan under work with everything the compiled code needs."""

    world: World
    plan: Plan
    memory: Memory

    def routes(self, links: Ints | None = None) -> list[list[int]]:
        """Read the best plan's routes, or those of other links."""
        jobs, m = self.world.n, self.world.m
        after = (self.memory.best if links is None else links).tolist()
        found = []
        for route in range(m):
            stops, stop = [], after[jobs + route]
            while stop < jobs:
                stops.append(stop)
                stop = after[stop]
            found.append(stops)
        return found

    def unserved(self) -> list[int]:
        """Read the jobs that the best plan leaves out."""
        jobs = self.world.n
        return np.flatnonzero(self.memory.best[:jobs] < 0).tolist()


def improve(
    arrays: Arrays,
    routes: Sequence[Sequence[int]],
    heads: Sequence[int],
    *,
    seed: int,
    limits: Limits,
    pool: Pool | None = None,
    settings: Settings = DEFAULT,
) -> Improved:
    """Improve a plan by ruin and recreate; never worse than the plan given, jobs not in it are inserted if they can.

    Args:
        arrays: the problem.
        routes: stops of each route.
        heads: so many leading stops of each route stay where they are.
        seed: of all chance; with an iteration limit the same seed gives the same plan.
        limits: when to stop.
        pool: collects the routes seen on the way.
        settings: dials of the search.

    Raises:
        ValueError: the arrays or the routes do not fit together.
    """
    warm_up()
    began = time.thread_time()
    desk = _load(arrays, routes, heads, seed)
    start_cost = float(desk.memory.cost[BEST])
    undo = undo_of(arrays.jobs, arrays.routes)
    insert_missing(desk.world, desk.plan, undo, desk.memory)
    scale = settings.scale or _mean_leg(desk)
    plan = desk.plan._replace(reach=settings.reach)
    done = 0
    for share, count in _chunks(limits, began):
        warmth = scale * settings.hot * (settings.cold / settings.hot) ** share
        dials = _dials(settings, warmth)
        run(desk.world, plan, undo, desk.memory, dials, count)
        done += count
        if pool is not None:
            pool.collect(desk.plan)
    return Improved(
        routes=desk.routes(),
        unserved=desk.unserved(),
        cost=float(desk.memory.cost[BEST]),
        iterations=done,
        cpu_s=time.thread_time() - began,
        start_cost=start_cost,
        last=desk.routes(desk.plan.after),
        last_cost=float(desk.memory.cost[CURRENT]),
    )


def warm_up() -> None:
    """Load the compiled search, or compile it where it never ran; ``improve`` does so before its clock starts."""
    if _WARM:
        return
    _WARM.append(True)
    toy = build(travel_s=np.ones((3, 3)), service_s=[1.0, 1.0], start_node=[2], end_node=[2])
    improve(toy, [[]], [0], seed=0, limits=Limits(iterations=1))


def cost_of(arrays: Arrays, routes: Sequence[Sequence[int]], heads: Sequence[int] | None = None) -> Cost:
    """Return the cost of a plan; jobs of no route are unserved, the windows of heads are not asked.

    Raises:
        ValueError: the arrays or the routes do not fit together.
    """
    desk = _load(arrays, routes, heads or [0] * len(routes), 0)
    n, m = arrays.jobs, arrays.routes
    plan = desk.plan
    stops = plan.stops.reshape(-1, STOP_COLUMNS)
    served = np.flatnonzero(plan.route[:n] >= 0)
    late = float(stops[served, LATENESS].sum())
    waited = np.maximum(stops[served, ARRIVAL] - arrays.wait_from_s[served], 0.0)
    waiting = float((waited * arrays.wait_price[served]).sum())
    missing = plan.route[:n] < 0
    kept = bool((plan.cost < INF / 10).all() and np.isfinite(arrays.unserved_cost[missing]).all())
    return Cost(
        total=float(desk.memory.cost[BEST]) if kept else float("inf"),
        travel=float(stops[:, LEG].sum()),
        lateness=late - waiting,
        waiting=waiting,
        overtime=float(stops[n + m :, LATENESS].sum()),
        pair=float(arrays.pair_cost[arrays.row[plan.route[served]], served].sum()),
        fixed=float(arrays.fixed_cost[plan.held > 0].sum()),
        unserved=float(arrays.unserved_cost[missing].sum()),
    )


def insert_all(
    arrays: Arrays, routes: Sequence[Sequence[int]], heads: Sequence[int], jobs: Sequence[int]
) -> list[list[int]]:
    """Return the routes with jobs inserted one after the other at their cheapest places; what cannot be, is left out.

    Raises:
        ValueError: the arrays or the routes do not fit together.
    """
    desk = _load(arrays, routes, heads, 0)
    desk.plan.missing[: len(jobs)] = jobs
    desk.plan.sizes[MISSING] = len(jobs)
    insert_missing(desk.world, desk.plan, undo_of(arrays.jobs, arrays.routes), desk.memory)
    return desk.routes()


def _chunks(limits: Limits, began: float) -> Iterator[tuple[float, int]]:
    """Yield the share of the limit used and the iterations to do next, until a limit is reached."""
    if limits.iterations is None and limits.cpu_s is None:
        raise ValueError("limits: neither iterations nor cpu_s")
    most = limits.iterations
    size = FIRST_CHUNK if most is None else max(1, most // CHUNKS)
    done, share, last = 0, 0.0, time.thread_time()
    while True:
        if most is not None:
            size = min(size, most - done)
            share = done / most if most else 1.0
        if limits.cpu_s is not None:
            now = time.thread_time()
            share = max(share, (now - began) / limits.cpu_s)
            if most is None and now - last < limits.cpu_s / CHUNKS / 2:
                size *= 2
            last = now
        if share >= 1.0 or size <= 0:
            return
        yield share, size
        done += size


def _dials(settings: Settings, temperature: float) -> Dials:
    return Dials(
        temperature,
        float(settings.mean_removed),
        float(settings.longest_string),
        float(settings.blink),
        float(settings.open_share),
        np.array(settings.orders) / sum(settings.orders),
    )


def _mean_leg(desk: _Desk) -> float:
    """Return the mean price of a leg of the current plan, at least a little."""
    served = int(desk.plan.held.sum()) + int((desk.plan.held > 0).sum())
    legs = float(desk.plan.cost[desk.plan.cost < INF / 10].sum())
    return max(legs / max(served, 1), 1e-6)


def _load(arrays: Arrays, routes: Sequence[Sequence[int]], heads: Sequence[int], seed: int) -> _Desk:
    """Link the routes up and time them; jobs of no route are listed as unserved."""
    _check(arrays, routes, heads)
    world, n, m = world_of(arrays), arrays.jobs, arrays.routes
    after, before, of, locked, anchor = _link(n, m, routes, heads)
    missing, known = np.flatnonzero(of[:n] < 0).astype(np.int32), n * m if n * m <= LARGEST_TABLE else 0
    plan = Plan(
        after=after,
        before=before,
        route=of,
        stops=np.zeros((n + 2 * m) * STOP_COLUMNS),
        leg=np.zeros(n + 2 * m),
        whim=np.zeros(1),
        home=np.full(n, -1, np.int32),
        anchor=anchor,
        locked=locked,
        held=np.array([len(stops) for stops in routes], dtype=np.int32),
        cost=np.zeros(m),
        load=np.array([arrays.demand[list(stops)].sum(axis=0) for stops in routes], dtype=np.int32).reshape(-1),
        version=np.zeros(m, np.int64),
        empty=np.zeros(world.fleets, np.int32),
        live=np.zeros(m, np.int32),
        missing=np.concatenate([missing, np.zeros(n - missing.size, np.int32)]),
        doubtful=np.zeros(m, np.int32),
        tried=np.zeros(m, np.int32),
        stamp=np.zeros(m, np.int64),
        reach=0,
        known=int(known > 0),
        known_version=np.zeros(known, np.int64),
        known_place=np.zeros(known, np.int32),
        known_price=np.zeros(known),
        sizes=np.array([0, 0, missing.size, 0, n - missing.size - int(locked.sum()), 50, 0], dtype=np.int64),
    )
    room = _memory(n, m, seed)
    take_up(world, plan, room)
    return _Desk(world, plan, room)


def _link(n: int, m: int, routes: Sequence[Sequence[int]], heads: Sequence[int]) -> tuple[np.ndarray, ...]:
    """Return what comes after and before each node, its route, which jobs are locked, and each route's last such."""
    after, before = np.zeros(n + 2 * m, np.int32), np.zeros(n + 2 * m, np.int32)
    of = np.full(n + 2 * m, -1, np.int32)
    locked, anchor = np.zeros(n, np.uint8), np.arange(n, n + m, dtype=np.int32)
    for route, (stops, head) in enumerate(zip(routes, heads, strict=True)):
        line = [n + route, *stops, n + m + route]
        after[line[:-1]], before[line[1:]] = line[1:], line[:-1]
        of[line] = route
        locked[list(stops[:head])] = 1
        anchor[route] = line[head]
    return after, before, of, locked, anchor


def _memory(n: int, m: int, seed: int) -> Memory:
    return Memory(np.zeros(2), np.zeros(n + 2 * m, np.int32), np.zeros(n), np.zeros(n, np.int32), draw.seeded(seed))


def _check(arrays: Arrays, routes: Sequence[Sequence[int]], heads: Sequence[int]) -> None:
    stops = [stop for route in routes for stop in route]
    if len(routes) != arrays.routes or len(heads) != arrays.routes:
        raise ValueError("routes and heads must have an entry for every route")
    if len(set(stops)) != len(stops) or not all(0 <= stop < arrays.jobs for stop in stops):
        raise ValueError("a job stands twice, or a stop is no job")
    if any(not 0 <= head <= len(route) for head, route in zip(heads, routes, strict=True)):
        raise ValueError("a head is longer than its route")
