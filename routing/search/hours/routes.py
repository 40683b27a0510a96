"""Keeps the segments of a route: forward, backward, stock used, first need and the depot's best place."""

from __future__ import annotations

import numpy as np

from routing.search.compiled import njit
from routing.search.hours.layout import (
    AHEAD_D,
    AHEAD_E,
    AHEAD_L,
    BACK_D,
    BACK_E,
    BACK_L,
    CLOSES,
    COST,
    DEPOT_AT,
    DEPOT_NODE,
    END_NODE,
    EPS,
    FIXED,
    FRESH,
    FRONT,
    HEAD,
    NEED,
    OPENS,
    READY,
    REST,
    SERVICE,
    SIZE,
    START_NODE,
    UNTIL,
    VERSION,
    WAGE,
    State,
    Task,
)


@njit
def join(d1: float, e1: float, l1: float, leg: float, d2: float, e2: float, l2: float) -> tuple[float, float, float]:
    """Return two segments joined by a leg; the caller has seen that the second is reached in time."""
    ahead = d1 + leg
    wait = max(0.0, e2 - ahead - l1)
    return ahead + d2 + wait, max(e2 - ahead, e1) - wait, min(l2 - ahead, l1)


@njit
def refresh(task: Task, state: State, r: int) -> bool:
    """Rebuild what is kept of a route after a change; False when it breaks a window, or a need that no depot fills."""
    mark, size = state.mark[r], state.mark[r, SIZE]
    state.clock[0] += 1
    mark[VERSION] = state.clock[0]
    mark[FRESH] = 0
    mark[DEPOT_AT] = -1
    _open(task, state, r, size)
    if size == 0:
        mark[NEED] = 0
        state.price[r, COST] = 0.0
        state.price[r, REST] = task.crew[r, FIXED] + task.toll[task.nodes[r, START_NODE], task.nodes[r, END_NODE]]
        return True
    ahead = _forward(task, state, r, size)
    back = _backward(task, state, r, size)
    _take_stock(task, state, r, size)
    _price(task, state, r, size)
    if not (ahead and back):
        state.price[r, COST] = np.inf
    return bool(state.price[r, COST] < np.inf)


@njit
def _open(task: Task, state: State, r: int, size: int) -> None:
    begin, close = state.seg[r, 0], state.seg[r, size]
    begin[AHEAD_D] = close[BACK_D] = 0.0
    begin[AHEAD_E] = close[BACK_E] = task.crew[r, READY]
    begin[AHEAD_L] = close[BACK_L] = task.crew[r, UNTIL]
    state.used[r, 0, :] = 0


@njit
def _forward(task: Task, state: State, r: int, size: int) -> bool:
    here, late = task.nodes[r, START_NODE], False
    d, e, last = 0.0, task.crew[r, READY], task.crew[r, UNTIL]
    for i in range(size):
        j = state.seq[r, i]
        job, leg, row = task.jobs[j], task.travel[here, j], state.seg[r, i + 1]
        late = late or e + d + leg > job[CLOSES] + EPS
        d, e, last = join(d, e, last, leg, job[SERVICE], job[OPENS], job[CLOSES])
        row[AHEAD_D], row[AHEAD_E], row[AHEAD_L] = d, e, last
        here = j
    return not late and e + d + task.travel[here, task.nodes[r, END_NODE]] <= task.crew[r, UNTIL] + EPS


@njit
def _backward(task: Task, state: State, r: int, size: int) -> bool:
    there, late = task.nodes[r, END_NODE], False
    d, e, last = 0.0, task.crew[r, READY], task.crew[r, UNTIL]
    for i in range(size - 1, -1, -1):
        j = state.seq[r, i]
        job, leg, row = task.jobs[j], task.travel[j, there], state.seg[r, i]
        late = late or job[OPENS] + job[SERVICE] + leg > last + EPS
        d, e, last = join(job[SERVICE], job[OPENS], job[CLOSES], leg, d, e, last)
        row[BACK_D], row[BACK_E], row[BACK_L] = d, e, last
        there = j
    return not late


@njit
def _take_stock(task: Task, state: State, r: int, size: int) -> None:
    """Note the parts used stop by stop and the first stop that start stock and tools on the van cannot serve."""
    kinds = task.demand.shape[1]
    need = size
    for i in range(size):
        j = state.seq[r, i]
        short = task.lacks[r, j]
        for k in range(kinds):
            total = state.used[r, i, k] + task.demand[j, k]
            state.used[r, i + 1, k] = total
            short = short or total > task.stock[r, k]
        if short and need == size:
            need = i
    state.mark[r, NEED] = need


@njit
def _price(task: Task, state: State, r: int, size: int) -> None:
    """Price the route, with the depot at its best place when one is needed."""
    rest, here, end = task.crew[r, FIXED], task.nodes[r, START_NODE], task.nodes[r, END_NODE]
    row = state.seg[r, size]
    hours = join(
        row[AHEAD_D],
        row[AHEAD_E],
        row[AHEAD_L],
        task.travel[state.seq[r, size - 1], end],
        0.0,
        task.crew[r, READY],
        task.crew[r, UNTIL],
    )[0]
    for i in range(size):
        j = state.seq[r, i]
        rest += task.pair[r, j] + task.toll[here, j]
        here = j
    state.price[r, REST] = rest + task.toll[here, end]
    best, need = task.crew[r, WAGE] * hours, state.mark[r, NEED]
    if need < size:
        best = np.inf
        for p in range(min(need, task.nodes[r, HEAD]), need + 1):
            price = _with_depot_before(task, state, r, p)
            if price < best:
                best = price
                state.mark[r, DEPOT_AT] = p
    state.price[r, COST] = state.price[r, REST] + best


@njit
def _with_depot_before(task: Task, state: State, r: int, p: int) -> float:
    """Return wage and detour's toll of the route with the depot before stop p; inf when that breaks a window."""
    depot = task.nodes[r, DEPOT_NODE]
    if depot < 0:
        return np.inf
    here = state.seq[r, p - 1] if p > 0 else task.nodes[r, START_NODE]
    there = state.seq[r, p]
    leg = task.travel[here, depot] + task.travel[depot, there]
    row = state.seg[r, p]
    if row[AHEAD_E] + row[AHEAD_D] + leg > row[BACK_L] + EPS:
        return np.inf
    d = join(row[AHEAD_D], row[AHEAD_E], row[AHEAD_L], leg, row[BACK_D], row[BACK_E], row[BACK_L])[0]
    return float(task.crew[r, WAGE] * d + task.toll[here, depot] + task.toll[depot, there] - task.toll[here, there])


@njit
def refresh_front(task: Task, state: State, r: int) -> None:
    """Keep, for each i, the undominated prefixes of the first i stops with the depot already visited."""
    state.front_n[r, 0] = 0
    depot, here = task.nodes[r, DEPOT_NODE], task.nodes[r, START_NODE]
    need, head = state.mark[r, NEED], task.nodes[r, HEAD]
    for i in range(state.mark[r, SIZE]):
        j = state.seq[r, i]
        state.front_n[r, i + 1] = 0
        leg = task.travel[here, j]
        for q in range(state.front_n[r, i]):
            row = state.front[r, i, q]
            _extend(task, state, r, i, j, leg, row[0], row[1], row[2], row[3])
        if min(need, head) <= i <= need:
            leg = task.travel[here, depot] + task.travel[depot, j]
            toll = task.toll[here, depot] + task.toll[depot, j] - task.toll[here, j]
            seg = state.seg[r, i]
            _extend(task, state, r, i, j, leg, seg[AHEAD_D], seg[AHEAD_E], seg[AHEAD_L], toll)
        here = j
    state.mark[r, FRESH] = 1


@njit
def _extend(
    task: Task, state: State, r: int, i: int, j: int, leg: float, d: float, e: float, last: float, x: float
) -> None:
    """Add a prefix that reaches job j as stop i, unless it is late or another one is as good in everything."""
    job = task.jobs[j]
    if e + d + leg > job[CLOSES] + EPS:
        return
    d, e, last = join(d, e, last, leg, job[SERVICE], job[OPENS], job[CLOSES])
    front, kept, count = state.front[r, i + 1], 0, state.front_n[r, i + 1]
    for q in range(count):
        one = front[q]
        if one[0] <= d and one[0] + one[1] <= d + e and one[2] >= last and one[3] <= x:
            return
    for q in range(count):
        one = front[q]
        if not (d <= one[0] and d + e <= one[0] + one[1] and last >= one[2] and x <= one[3]):
            front[kept, 0], front[kept, 1], front[kept, 2], front[kept, 3] = one[0], one[1], one[2], one[3]
            kept += 1
    if kept < FRONT:
        front[kept, 0], front[kept, 1], front[kept, 2], front[kept, 3] = d, e, last, x
        kept += 1
    state.front_n[r, i + 1] = kept
