"""What the search reads (``Task``) and what it changes (``State``): few wide tables, so that calls stay cheap."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Flags = NDArray[np.bool_]
Random = NDArray[np.uint64]

# Columns of Task.jobs and Task.crew (seconds and prices), and of Task.nodes.
(OPENS, CLOSES, SERVICE, UNSERVED) = range(4)
(READY, UNTIL, WAGE, FIXED) = range(4)
(START_NODE, END_NODE, DEPOT_NODE, HEAD) = range(4)

# Columns of State.seg: the segment of the first i stops with the start, and that of stop i to the end: duration at
# least, earliest and latest start that keep it. A ninth number would leave the cache line.
(AHEAD_D, AHEAD_E, AHEAD_L, BACK_D, BACK_E, BACK_L) = range(6)
SEG_COLUMNS = 8

# Columns of State.price (REST does not depend on hours or on the depot) and of State.mark.
(COST, REST) = range(2)
(SIZE, DEPOT_AT, NEED, FRESH, VERSION) = range(5)

# Columns of State.memo: version of the route for which it holds, price added, position (-1: not below that price).
(MEMO_VERSION, MEMO_PRICE, MEMO_PLACE) = range(3)

# Prefixes with the depot behind them that are kept; the front holds duration, earliest, latest start and toll.
FRONT = 8

# Columns of Knobs: jobs taken out on average, longest string, share of blinks, share of rounds that empty a technician.
(MEAN_OUT, LONGEST, BLINK, ROUTES_OUT) = range(4)

EPS = 1e-7


class Task(NamedTuple):
    """The problem: n jobs, m technicians, k kinds of parts, N nodes of the matrix (jobs are 0..n-1)."""

    travel: Floats  # [N, N] seconds from, to
    into: Floats  # [N, N] to, from: the same numbers
    toll: Floats  # [N, N] price of driving from, to
    tolled: bool  # False when every price of driving is zero
    jobs: Floats  # [n, 4]
    crew: Floats  # [m, 4]
    nodes: Ints  # [m, 4] matrix nodes of start, end, depot (-1 none); leading stops that stay
    lacks: Flags  # [m, n] a tool is missing until the depot has been visited
    demand: Ints  # [n, k]
    stock: Ints  # [m, k]
    who: Ints  # technicians allowed, job by job, the nearest home first
    who_from: Ints  # [n + 1] where each job's technicians stand in ``who``
    pair: Floats  # [m, n] price of giving a job to a technician
    near: Ints  # [n, n] jobs by distance, the job itself first
    keys: Floats  # [orders, n] sort keys of the recreate step


class State(NamedTuple):
    """A plan under work and what is kept of each route."""

    seq: Ints  # [m, n] stops
    where: Ints  # [n] technician of a job, -1 absent
    mark: NDArray[np.int64]  # [m, 5] size, stop before which the depot is visited, first stop in need, fresh, version
    price: Floats  # [m, 2]
    seg: Floats  # [m, n + 1, SEG_COLUMNS]
    used: Ints  # [m, n + 1, k] parts used by the first i stops
    front: Floats  # [m, n + 1, FRONT, 4] undominated prefixes with the depot behind
    front_n: Ints  # [m, n + 1]
    memo: Floats  # [n, m, 3]
    absent: Ints  # [n + 1] jobs that nobody serves; the last entry counts them
    clock: NDArray[np.int64]  # [1] versions given so far


class Undo(NamedTuple):
    """Routes as they were before the iteration."""

    seq: Ints  # [m, n]
    mark: NDArray[np.int64]  # [m, 5]
    touched: Ints  # [m + 1]; the last entry counts them
    is_touched: Flags  # [m]
    absent: Ints  # [n + 1]


def empty_state(task: Task) -> State:
    """Return the state in which every job is absent; routes must be refreshed before use."""
    n, m, kinds = len(task.jobs), len(task.crew), task.demand.shape[1]
    absent = np.arange(n + 1, dtype=np.int32)
    return State(
        np.zeros((m, n), np.int32),
        np.full(n, -1, np.int32),
        np.zeros((m, 5), np.int64),
        np.zeros((m, 2)),
        np.zeros((m, n + 1, SEG_COLUMNS)),
        np.zeros((m, n + 1, kinds), np.int32),
        np.zeros((m, n + 1, FRONT, 4)),
        np.zeros((m, n + 1), np.int32),
        np.full((n, m, 3), -1.0),
        absent,
        np.zeros(1, np.int64),
    )


def empty_undo(task: Task) -> Undo:
    """Return scratch for one search."""
    n, m = len(task.jobs), len(task.crew)
    return Undo(
        np.zeros((m, n), np.int32),
        np.zeros((m, 5), np.int64),
        np.zeros(m + 1, np.int32),
        np.zeros(m, np.bool_),
        np.zeros(n + 1, np.int32),
    )
