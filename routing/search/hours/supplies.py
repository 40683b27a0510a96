"""From the named arrays, tools and depots to the tables of the compiled search; shapes and limits are checked here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from routing.search.arrays import Arrays
from routing.search.hours.layout import Flags, Floats, Ints, Task
from routing.search.near import nearest

# Price of leaving out a job that must be served: far above a day's wages, and still exact beside them.
MUST = 1e7
_FAR = 1e9


@dataclass(frozen=True, eq=False)
class Supplies:
    """Tools and depots. Parts are ``demand`` and ``stock`` of the arrays: what is needed and what is on the van.

    Attributes:
        depot_node: [m] node where technician r may fetch tools and parts without limit, once; -1 none.
        lacks: [m, n] job n needs a tool that technician r does not have on the van.
    """

    depot_node: Ints
    lacks: Flags

    @classmethod
    def none(cls, arrays: Arrays) -> Supplies:
        """Return supplies of a problem where nothing is fetched and no tool is missing."""
        return cls(np.full(arrays.routes, -1, np.int32), np.zeros((arrays.routes, arrays.jobs), np.bool_))


def task_of(arrays: Arrays, supplies: Supplies, heads: Ints) -> Task:
    """Return the tables of the search by working time.

    Raises:
        ValueError: shapes do not fit, or the problem has rules that this search does not know: several windows of a
            job, soft lateness, waiting prices, overtime, breaks, ranks, expiring skills, services by technician.
    """
    _refuse(arrays, supplies)
    allowed = arrays.allowed[arrays.row]
    who = [np.flatnonzero(allowed[:, job]) for job in range(arrays.jobs)]
    away = arrays.travel_s[arrays.start_node]
    who = [some[np.argsort(away[some, job], kind="stable")] for job, some in enumerate(who)]
    ends = np.cumsum([0, *(len(some) for some in who)])
    nodes = np.stack([arrays.start_node, arrays.end_node, supplies.depot_node, heads], axis=1)
    return Task(
        travel=np.ascontiguousarray(arrays.travel_s),
        into=np.ascontiguousarray(arrays.travel_s.T),
        toll=np.ascontiguousarray(arrays.travel_cost),
        tolled=bool(arrays.travel_cost.any()),
        jobs=_jobs(arrays),
        crew=_crew(arrays),
        nodes=nodes.astype(np.int32),
        lacks=np.ascontiguousarray(supplies.lacks),
        demand=np.ascontiguousarray(arrays.demand),
        stock=np.ascontiguousarray(arrays.stock),
        who=np.concatenate([np.zeros(0, np.int64), *who]).astype(np.int32),
        who_from=ends.astype(np.int32),
        pair=np.ascontiguousarray(arrays.pair_cost[arrays.row]),
        near=nearest(arrays.travel_s, arrays.jobs, arrays.jobs),
        keys=_keys(arrays, who),
    )


def _refuse(arrays: Arrays, supplies: Supplies) -> None:
    n, m = arrays.jobs, arrays.routes
    if supplies.depot_node.shape != (m,) or supplies.lacks.shape != (m, n):
        raise ValueError("supplies: wrong shape")
    rules = {
        "several windows": np.any(np.diff(arrays.window_from) != 1),
        "soft lateness": arrays.late_price.any() or arrays.late2_price.any() or arrays.wait_price.any(),
        "overtime": arrays.overtime_price.any(),
        "breaks": arrays.break_s.any(),
        "ranks": n > 0 and np.ptp(arrays.first) > 0,
        "expiring skills": np.isfinite(arrays.latest_start).any(),
        "services by technician": np.any(arrays.service_factor != 1.0),
    }
    known = [name for name, found in rules.items() if found]
    if known:
        raise ValueError(f"the search by working time does not know: {', '.join(known)}")


def _jobs(arrays: Arrays) -> Floats:
    columns = (
        np.maximum(arrays.window_open, -_FAR),
        np.minimum(arrays.window_close, _FAR),
        arrays.service_s,
        np.minimum(arrays.unserved_cost, MUST),
    )
    return np.ascontiguousarray(np.stack(columns, axis=1), dtype=np.float64)


def _crew(arrays: Arrays) -> Floats:
    columns = (arrays.ready_s, np.minimum(arrays.latest_end, _FAR), arrays.work_price, arrays.fixed_cost)
    return np.ascontiguousarray(np.stack(columns, axis=1), dtype=np.float64)


def _keys(arrays: Arrays, who: Sequence[NDArray[np.signedinteger[Any]]]) -> Floats:
    """Return the sort keys of the recreate step: far, near, short window, early, closing late, few technicians."""
    starts = np.unique(arrays.start_node)
    home = arrays.travel_s[starts, : arrays.jobs].mean(axis=0) if starts.size else np.zeros(arrays.jobs)
    opens, closes = arrays.window_open, arrays.window_close
    scarce = np.array([len(some) for some in who], dtype=np.float64)
    return np.nan_to_num(np.stack([-home, home, closes - opens, opens, -closes, scarce]))
