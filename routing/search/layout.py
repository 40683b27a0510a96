"""What the compiled search reads and writes: columns of its tables and the bundles that carry them.

Stops live in linked lists: 0..n-1 are jobs, n+r is the start of route r, n+m+r its end.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Random = NDArray[np.uint64]

INF = 1e18  # "cannot": far above every cost, and safe to subtract, unlike infinity
MUST = 1e10  # price of leaving out a job that must be served

# Columns of World.jobs: first window, last moment of the last window, soft due times with prices, waiting, order.
(OPEN, CLOSE, LAST_CLOSE, SERVICE, DUE, LATE, DUE2, LATE2, WAIT_FROM, WAIT, UNSERVED, RANK) = range(12)
JOB_COLUMNS = 12

# Columns of World.routes.
(READY, LATEST_END, OVERTIME_FROM, OVERTIME, FIXED, BREAK_OPEN, BREAK_CLOSE, BREAK_S, FACTOR) = range(9)
ROUTE_COLUMNS = 9

# Columns of State.stops: one cache line each. FLAT is the latest arrival that changes no cost from here on,
# LAST the latest arrival that can be feasible, LEG the price of the leg into the stop, LATENESS what its time costs,
# RESTED is 1 when the break lies before the arrival.
(ARRIVAL, START, LEAVE, FLAT, LAST, LEG, LATENESS, RESTED) = range(8)
STOP_COLUMNS = 8

# Entries of World.has: which rules this problem uses at all.
(HAS_RANK, HAS_EXPIRY, HAS_PARTS) = range(3)
FLAGS = 3


class World(NamedTuple):
    """The problem: n jobs, m routes, ``size`` nodes of the travel matrices; every table is flat, row by row."""

    n: int
    m: int
    size: int
    parts: int
    neighbours: int
    travel_s: Floats  # [size * size] from, to
    travel_cost: Floats  # [size * size]
    into_s: Floats  # [size * size] to, from: the same numbers, so that a job's row holds the legs into it
    into_cost: Floats  # [size * size]
    node: Ints  # [n + 2m] matrix node of a stop
    jobs: Floats  # [n * JOB_COLUMNS]
    routes: Floats  # [m * ROUTE_COLUMNS]
    window_from: Ints  # [n + 1]
    window_open: Floats
    window_close: Floats
    row: Ints  # [m] where a route's row begins in the three tables below
    allowed: Bytes  # [rows * n]
    latest_start: Floats  # [rows * n]
    pair_cost: Floats  # [rows * n]
    demand: Ints  # [n * parts]
    stock: Ints  # [m * parts]
    fleet: Ints  # [m] numbered from 0
    fleets: int
    depot_cost: Floats  # [n] price of the leg from the nearest start
    near: Ints  # [n * neighbours] nearest jobs, the job itself first
    has: Longs  # [FLAGS]


class State(NamedTuple):
    """A plan being changed."""

    after: Ints  # [n + 2m]
    before: Ints  # [n + 2m]
    route: Ints  # [n + 2m], -1 = unserved
    stops: Floats  # [(n + 2m) * STOP_COLUMNS]
    leg: Floats  # [n + 2m] column LEG once more, close together for the scan of places
    whim: Floats  # [1] taken off the price of opening a route in the change under way
    home: Ints  # [n] the route that a job was in last, -1 = none
    anchor: Ints  # [m] last stop that stays: the start or the last of the head
    locked: Bytes  # [n]
    held: Ints  # [m] jobs of a route, head included
    cost: Floats  # [m]
    load: Ints  # [m * parts]
    version: Longs  # [m] changes with the content of a route
    empty: Ints  # [fleets] the empty route of a fleet that is tried, -1 = none
    live: Ints  # [m] used routes, then one empty of each fleet
    missing: Ints  # [n] unserved jobs
    doubtful: Ints  # [m] room for routes whose best place is not known
    tried: Ints  # [m] room for the routes near a job
    stamp: Longs  # [m] the last look in which a route was listed as near
    reach: int  # a job's place is sought in the routes of so many nearest jobs, 0 = in all routes
    known: int  # 1 when the three tables below are kept
    known_version: Longs  # [n * m] the version of a route for which a job's best place is known
    known_place: Ints  # [n * m] its stop, -1 = none below the price
    known_price: Floats  # [n * m]
    sizes: Longs  # [7] see change


class Undo(NamedTuple):
    """The routes as they were before the change under way, and the jobs that were unserved."""

    saved: Longs  # [m] the change in which a route was saved last
    route: Ints  # [m] saved routes
    first: Ints  # [m + 1] where a saved route's stops begin
    stop: Ints  # [n + m] saved stops, each route's end among them
    stops: Floats  # [(n + m) * STOP_COLUMNS] their rows
    cost: Floats  # [m]
    version: Longs  # [m]
    missing: Ints  # [n]
    sizes: Longs  # [4] saved routes, saved stops, saved unserved jobs, number of this change


class Memory(NamedTuple):
    """What the loop keeps between chunks."""

    cost: Floats  # [2] of the current and of the best plan
    best: Ints  # [n + 2m] successor of every stop in the best plan, -1 = unserved
    keys: Floats  # [n] room for sorting
    line: Ints  # [n] room for a route's stops
    random: Random  # [1]


class Dials(NamedTuple):
    """Settings of one chunk."""

    temperature: float
    mean_removed: float
    longest: float
    blink: float
    open_share: float
    orders: Floats  # [ORDERS] shares
