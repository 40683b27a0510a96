"""A whole plan by working time: searches fill a pool of routes, CP-SAT chooses among them, and a search ends it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from routing.partition import Column, Effort, Rules, choose, idle_columns
from routing.search.arrays import Arrays
from routing.search.engine import Limits
from routing.search.hours.engine import DEFAULT, Dials, Paid, Search, paid
from routing.search.hours.supplies import Supplies
from routing.search.pool import Pool


@dataclass(frozen=True)
class Rounds:
    """How the time is shared: searches from nothing, then as often merge and a search from what was merged."""

    searches: int = 2
    search_share: float = 0.3
    merges: int = 2
    pool: int = 6000
    deterministic_s: float = 2.0
    warm: float = 0.1  # temperature of the searches after a merge, as a share of the first one's


DEFAULT_ROUNDS = Rounds()
# A merge takes at most about this share of the time.
_MERGE_SHARE = 0.05


def plan(
    arrays: Arrays,
    supplies: Supplies,
    *,
    seed: int,
    cpu_s: float,
    rounds: Rounds = DEFAULT_ROUNDS,
    dials: Dials = DEFAULT,
    tell: Callable[[str, float], None] | None = None,
) -> Paid:
    """Return the best plan found from nothing within ``cpu_s`` CPU seconds of the process, one thread.

    Args:
        arrays: the problem.
        supplies: tools and depots.
        seed: of all chance.
        cpu_s: limit; the compiled code's loading is not part of it when it has been called before.
        rounds: how the time is shared.
        dials: of the search.
        tell: called with what was done and the cost then.

    Raises:
        ValueError: as ``engine.improve``.
    """
    began = time.process_time()
    nothing: list[list[int]] = [[] for _ in range(arrays.routes)]
    best: Search | None = None
    pools = []
    for number in range(rounds.searches):
        pool = Pool(rounds.pool // rounds.searches)
        search = Search(arrays, supplies, nothing, [0] * arrays.routes, seed * 1000 + number)
        search.run(Limits(cpu_s=cpu_s * rounds.search_share), pool, dials)
        pools.append(pool)
        best = search if best is None or search.cost < best.cost else best
        _tell(tell, "search", search.cost)
    if best is None:
        raise ValueError("rounds: no search")
    for left in range(rounds.merges, 0, -1):
        _merge(best, pools, Effort(min(rounds.deterministic_s, cpu_s * _MERGE_SHARE), seed=left))
        _tell(tell, "merge", best.cost)
        rest = (cpu_s - (time.process_time() - began)) / left
        if rest > 0:
            pools.append(Pool(rounds.pool // rounds.searches))
            best.run(Limits(cpu_s=rest), pools[-1], replace(dials, hot=dials.hot * rounds.warm, pool_from=0.0))
            _tell(tell, "search", best.cost)
    return paid(best, time.process_time() - began)


def _tell(tell: Callable[[str, float], None] | None, what: str, cost: float) -> None:
    if tell is not None:
        tell(what, cost)


def _merge(search: Search, pools: list[Pool], effort: Effort) -> None:
    """Restart the search from the best choice of routes out of its own plan and the pools."""
    crew, jobs = len(search.task.crew), len(search.task.jobs)
    columns = list(idle_columns(range(crew)))
    known: dict[tuple[int, frozenset[int]], int] = {}
    for technician, stops, cost in _routes(search, pools):
        key = (technician, frozenset(stops))
        if key not in known:
            known[key] = len(columns)
            columns.append(Column(technician, stops, cost))
        elif cost < columns[known[key]].cost:
            columns[known[key]] = Column(technician, stops, cost)
    incumbent = [known[r, frozenset(stops)] if stops else r for r, stops in enumerate(search.routes())]
    prices = {job: float(search.task.jobs[job, -1]) for job in range(jobs)}
    choice = choose(columns, Rules(prices), effort=effort, incumbent=incumbent)
    if choice.columns:
        chosen = {columns[index].technician: list(columns[index].jobs) for index in choice.columns}
        search.restart([chosen.get(r, []) for r in range(crew)])


def _routes(search: Search, pools: list[Pool]) -> list[tuple[int, tuple[int, ...], float]]:
    """Return technician, stops and cost of the present best plan's routes and of all pools' routes."""
    own = zip(range(len(search.task.crew)), search.routes(), search.prices(), strict=True)
    mine = [(technician, tuple(stops), price) for technician, stops, price in own if stops]
    return mine + [route for pool in pools for route in pool]
