"""The problem of the search as numpy arrays: n jobs, m routes (technicians or vans), N nodes of the travel matrices.

Jobs are the nodes 0..n-1. A start or an end is any node; a node without distance to all others is a free end.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from routing.search.layout import Floats, Ints
from routing.search.near import nearest


@dataclass(frozen=True, eq=False)
class Arrays:
    """One problem; ``build`` fills what is left out. Nothing may be changed once the search has seen it.

    A route's row of ``allowed``, ``latest_start`` and ``pair_cost`` is ``row[r]``, so that equal technicians share one.
    """

    travel_s: Floats  # [N, N] seconds from, to
    travel_cost: Floats  # [N, N] price from, to
    service_s: Floats  # [n]
    service_factor: Floats  # [m] a route's services take so many times as long
    window_from: Ints  # [n + 1] a job's hard windows for the start of service, sorted: from, until the next job's
    window_open: Floats
    window_close: Floats
    due_s: Floats  # [n] soft: a later start costs late_price per second
    late_price: Floats  # [n]
    due2_s: Floats  # [n] soft: from here on late2_price per second is added
    late2_price: Floats  # [n]
    wait_from_s: Floats  # [n] every second from here to the arrival costs wait_price
    wait_price: Floats  # [n]
    unserved_cost: Floats  # [n] inf = must be served
    first: Ints  # [n] on a route a lower rank stands before every higher one
    row: Ints  # [m]
    allowed: NDArray[np.bool_]  # [rows, n]
    latest_start: Floats  # [rows, n] inf = none; a skill that expires
    pair_cost: Floats  # [rows, n]
    start_node: Ints  # [m]
    end_node: Ints  # [m]
    ready_s: Floats  # [m]
    latest_end: Floats  # [m] hard
    overtime_from: Floats  # [m]
    overtime_price: Floats  # [m] per second
    work_price: Floats  # [m] per second of end minus latest departure that keeps the end
    fixed_cost: Floats  # [m] of a route with any job
    fleet: Ints  # [m] routes of one number are interchangeable while they are empty
    break_open: Floats  # [m] first and last start of the break
    break_close: Floats  # [m]
    break_s: Floats  # [m] 0 = no break
    demand: Ints  # [n, k]
    stock: Ints  # [m, k]
    near: Ints | None = None  # [n, neighbours] nearest jobs, the job itself first

    @property
    def jobs(self) -> int:
        """Return n."""
        return int(self.service_s.shape[0])

    @property
    def routes(self) -> int:
        """Return m."""
        return int(self.start_node.shape[0])

    def with_neighbours(self, count: int) -> Arrays:
        """Return the same problem with the ``count`` nearest jobs of every job listed."""
        return dataclasses.replace(self, near=nearest(self.travel_cost, self.jobs, count))


def _floats(values: ArrayLike | None, size: int, default: float) -> Floats:
    if values is None:
        return np.full(size, default)
    return np.ascontiguousarray(np.broadcast_to(np.asarray(values, dtype=np.float64), (size,)))


def _windows(windows: Sequence[Sequence[tuple[float, float]]] | None, jobs: int) -> tuple[Ints, Floats, Floats]:
    each = [sorted(windows[job]) or [(-np.inf, np.inf)] if windows else [(-np.inf, np.inf)] for job in range(jobs)]
    begins = np.zeros(jobs + 1, np.int32)
    begins[1:] = np.cumsum([len(one) for one in each])
    flat = np.array([window for one in each for window in one], dtype=np.float64).reshape(-1, 2)
    return begins, flat[:, 0].copy(), flat[:, 1].copy()


def build(
    *,
    travel_s: Floats,
    service_s: ArrayLike,
    start_node: Sequence[int] | Ints,
    end_node: Sequence[int] | Ints,
    travel_cost: Floats | None = None,
    windows: Sequence[Sequence[tuple[float, float]]] | None = None,
    job: dict[str, ArrayLike] | None = None,
    route: dict[str, ArrayLike] | None = None,
    tables: dict[str, ArrayLike] | None = None,
) -> Arrays:
    """Return a problem with everything left out at its default.

    Args:
        travel_s: seconds [N, N].
        service_s: seconds [n].
        start_node: [m].
        end_node: [m].
        travel_cost: price [N, N]; the seconds when left out.
        windows: hard windows of each job; none means any time.
        job: further fields [n] (or one value) by name: due_s, late_price, unserved_cost, first, demand [n, k] …
        route: further fields [m] (or one value) by name: ready_s, latest_end, stock [m, k] …
        tables: row, allowed, latest_start, pair_cost.

    Raises:
        ValueError: a field is unknown or has the wrong shape.
    """
    starts = np.array(start_node, dtype=np.int32)
    m, n = starts.size, int(np.size(service_s))
    begins, opens, closes = _windows(windows, n)
    given_job, given_route = dict(job or {}), dict(route or {})
    fields: dict[str, object] = {
        "travel_s": np.ascontiguousarray(travel_s, dtype=np.float64),
        "travel_cost": np.ascontiguousarray(travel_s if travel_cost is None else travel_cost, dtype=np.float64),
        "service_s": _floats(service_s, n, 0.0),
        "window_from": begins,
        "window_open": opens,
        "window_close": closes,
        "start_node": starts,
        "end_node": np.array(end_node, dtype=np.int32),
        **_parts(given_job.pop("demand", None), given_route.pop("stock", None), n, m),
        **_tables(tables or {}, n, m),
        **_whole_numbers("first", given_job, np.zeros(n, np.int32)),
        **_whole_numbers("fleet", given_route, np.arange(m, dtype=np.int32)),
        **_listed(given_job, n, _JOB_DEFAULTS),
        **_listed(given_route, m, _ROUTE_DEFAULTS),
    }
    return Arrays(**fields)  # type: ignore[arg-type]  # the names and types are those of the tables above


_JOB_DEFAULTS = {
    "due_s": np.inf,
    "late_price": 0.0,
    "due2_s": np.inf,
    "late2_price": 0.0,
    "wait_from_s": 0.0,
    "wait_price": 0.0,
    "unserved_cost": np.inf,
}
_ROUTE_DEFAULTS = {
    "service_factor": 1.0,
    "ready_s": 0.0,
    "latest_end": np.inf,
    "overtime_from": np.inf,
    "overtime_price": 0.0,
    "work_price": 0.0,
    "fixed_cost": 0.0,
    "break_open": 0.0,
    "break_close": np.inf,
    "break_s": 0.0,
}


def _listed(given: dict[str, ArrayLike], size: int, defaults: dict[str, float]) -> dict[str, Floats]:
    unknown = set(given) - set(defaults)
    if unknown:
        raise ValueError(f"unknown fields: {sorted(unknown)}")
    return {name: _floats(given.get(name), size, default) for name, default in defaults.items()}


def _whole_numbers(name: str, given: dict[str, ArrayLike], default: Ints) -> dict[str, Ints]:
    values = given.pop(name, None)
    return {name: default if values is None else np.array(np.broadcast_to(values, default.shape), dtype=np.int32)}


def _parts(demand: ArrayLike | None, stock: ArrayLike | None, jobs: int, routes: int) -> dict[str, Ints]:
    if demand is None or stock is None:
        return {"demand": np.zeros((jobs, 0), np.int32), "stock": np.zeros((routes, 0), np.int32)}
    return {
        "demand": np.array(demand, dtype=np.int32).reshape(jobs, -1),
        "stock": np.array(stock, dtype=np.int32).reshape(routes, -1),
    }


def _tables(given: dict[str, ArrayLike], jobs: int, routes: int) -> dict[str, NDArray[Any]]:
    row = np.array(given.get("row", np.arange(routes)), dtype=np.int32)
    rows = int(row.max()) + 1 if routes else 0
    allowed, latest, pair = (given.get(name) for name in ("allowed", "latest_start", "pair_cost"))
    return {
        "row": row,
        "allowed": np.ones((rows, jobs), bool) if allowed is None else np.array(allowed, dtype=bool),
        "latest_start": np.full((rows, jobs), np.inf) if latest is None else np.array(latest, dtype=np.float64),
        "pair_cost": np.zeros((rows, jobs)) if pair is None else np.array(pair, dtype=np.float64),
    }
