"""From the named arrays to the tables of the compiled search; shapes are checked here, compiled code checks none."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from routing.search.arrays import Arrays
from routing.search.layout import FLAGS, INF, JOB_COLUMNS, MUST, ROUTE_COLUMNS, Floats, World
from routing.search.near import nearest

NEIGHBOURS = 64  # listed when the problem does not say how many

_PACKED: WeakKeyDictionary[Arrays, World] = WeakKeyDictionary()


def world_of(arrays: Arrays) -> World:
    """Return the tables of the compiled search, made once for each problem.

    Raises:
        ValueError: a shape or a node number is wrong.
    """
    if arrays not in _PACKED:
        _PACKED[arrays] = _pack(arrays)
    return _PACKED[arrays]


def _check(arrays: Arrays) -> None:
    n, m, size = arrays.jobs, arrays.routes, arrays.travel_s.shape[0]
    rows = arrays.allowed.shape[0]
    wrong = [
        name
        for name, shape in (
            ("travel_s", (size, size)),
            ("travel_cost", (size, size)),
            ("latest_start", (rows, n)),
            ("pair_cost", (rows, n)),
            ("allowed", (rows, n)),
            ("window_from", (n + 1,)),
            ("demand", (n, arrays.demand.shape[1])),
            ("stock", (m, arrays.demand.shape[1])),
            *((name, (n,)) for name in ("due_s", "late_price", "due2_s", "late2_price", "wait_price", "first")),
            *((name, (m,)) for name in ("end_node", "row", "ready_s", "latest_end", "fleet", "break_s", "fixed_cost")),
        )
        if getattr(arrays, name).shape != shape
    ]
    nodes = np.concatenate([arrays.start_node, arrays.end_node, [n - 1]])
    if nodes.max(initial=0) >= size or nodes[:-1].min(initial=0) < 0:
        wrong.append("start_node or end_node")
    if m and (arrays.row.min() < 0 or arrays.row.max() >= rows):
        wrong.append("row")
    if wrong:
        raise ValueError(f"wrong shape or range: {', '.join(wrong)}")
    if arrays.work_price.any():
        raise ValueError("work_price: working time is searched by routing.search.hours")


def _finite(values: Floats) -> Floats:
    return np.nan_to_num(values.astype(np.float64), posinf=INF, neginf=-INF)


def _jobs(arrays: Arrays) -> Floats:
    table = np.zeros((arrays.jobs, JOB_COLUMNS))
    begins = arrays.window_from
    due = np.where(arrays.late_price > 0.0, arrays.due_s, INF)
    due2 = np.where(arrays.late2_price > 0.0, arrays.due2_s, INF)
    columns = (
        arrays.window_open[begins[:-1]],
        arrays.window_close[begins[:-1]],
        arrays.window_close[begins[1:] - 1],
        arrays.service_s,
        due,
        arrays.late_price,
        due2,
        arrays.late2_price,
        arrays.wait_from_s,
        arrays.wait_price,
        np.where(np.isinf(arrays.unserved_cost), MUST, arrays.unserved_cost),
        arrays.first,
    )
    for index, column in enumerate(columns):
        table[:, index] = _finite(np.asarray(column))
    return table


def _routes(arrays: Arrays) -> Floats:
    table = np.zeros((arrays.routes, ROUTE_COLUMNS))
    columns = (
        arrays.ready_s,
        arrays.latest_end,
        arrays.overtime_from,
        arrays.overtime_price,
        arrays.fixed_cost,
        arrays.break_open,
        arrays.break_close,
        arrays.break_s,
        arrays.service_factor,
    )
    for index, column in enumerate(columns):
        table[:, index] = _finite(column)
    return table


def _both_ways(matrix: Floats) -> tuple[Floats, Floats]:
    kept = np.require(matrix, np.float64, ["C", "W"])
    return kept, kept if np.array_equal(kept, kept.T) else np.ascontiguousarray(kept.T)


def _pack(arrays: Arrays) -> World:
    _check(arrays)
    near = arrays.near if arrays.near is not None else nearest(arrays.travel_cost, arrays.jobs, NEIGHBOURS)
    n = arrays.jobs
    seconds, into_s = _both_ways(arrays.travel_s)
    same = arrays.travel_cost is arrays.travel_s or np.array_equal(arrays.travel_cost, arrays.travel_s)
    price, into_cost = (seconds, into_s) if same else _both_ways(arrays.travel_cost)
    starts = np.unique(arrays.start_node)
    has = np.zeros(FLAGS, np.int64)
    has[:3] = np.ptp(arrays.first) > 0 if n else 0, np.isfinite(arrays.latest_start).any(), arrays.demand.shape[1] > 0
    rows = np.require(arrays.row, np.int32, ["C", "W"])
    fleet = np.unique(arrays.fleet, return_inverse=True)[1].astype(np.int32)
    return World(
        n=n,
        m=arrays.routes,
        size=int(arrays.travel_s.shape[0]),
        parts=int(arrays.demand.shape[1]),
        neighbours=int(near.shape[1]),
        travel_s=seconds.reshape(-1),
        travel_cost=price.reshape(-1),
        into_s=into_s.reshape(-1),
        into_cost=into_cost.reshape(-1),
        node=np.concatenate([np.arange(n, dtype=np.int32), arrays.start_node, arrays.end_node]).astype(np.int32),
        jobs=_jobs(arrays).reshape(-1),
        routes=_routes(arrays).reshape(-1),
        window_from=np.require(arrays.window_from, np.int32, ["C", "W"]),
        window_open=_finite(arrays.window_open),
        window_close=_finite(arrays.window_close),
        row=rows * np.int32(n),
        allowed=arrays.allowed.astype(np.uint8).reshape(-1),
        latest_start=_finite(arrays.latest_start).reshape(-1),
        pair_cost=_flat(arrays.pair_cost, np.float64),
        demand=_flat(arrays.demand, np.int32),
        stock=_flat(arrays.stock, np.int32),
        fleet=fleet,
        fleets=int(fleet.max(initial=0)) + 1,
        depot_cost=price[starts][:, :n].min(axis=0).copy() if starts.size else np.zeros(n),
        near=_flat(near, np.int32),
        has=has,
    )


def _flat(table: NDArray[Any], kind: type[Any]) -> NDArray[Any]:
    return np.require(table, kind, ["C", "W"]).reshape(-1)
