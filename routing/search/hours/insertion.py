"""Finds the cheapest place of a job in a route: each position in constant time, with the depot where one is needed."""

from __future__ import annotations

import numpy as np

from routing.search.compiled import njit
from routing.search.draw import unit
from routing.search.hours.layout import (
    AHEAD_D,
    AHEAD_E,
    AHEAD_L,
    BACK_D,
    BACK_E,
    BACK_L,
    CLOSES,
    COST,
    DEPOT_NODE,
    END_NODE,
    EPS,
    FRESH,
    HEAD,
    MEMO_PLACE,
    MEMO_PRICE,
    MEMO_VERSION,
    NEED,
    OPENS,
    REST,
    SERVICE,
    SIZE,
    START_NODE,
    VERSION,
    WAGE,
    Ints,
    Random,
    State,
    Task,
)
from routing.search.hours.routes import join, refresh_front


@njit
def known_place(
    task: Task, state: State, r: int, j: int, random: Random, blink: float, ceiling: float
) -> tuple[float, int]:
    """Return what ``best_place`` returns, from memory when the route is as it was and no position is blinked at."""
    memo = state.memo[j, r]
    size = state.mark[r, SIZE]
    if blink > 0.0 and unit(random) < blink * (size + 1):
        return best_place(task, state, r, j, random, 1.0 / (size + 1), ceiling)
    if memo[MEMO_VERSION] == state.mark[r, VERSION] and (memo[MEMO_PLACE] >= 0.0 or ceiling <= memo[MEMO_PRICE]):
        if memo[MEMO_PRICE] < ceiling:
            return memo[MEMO_PRICE], int(memo[MEMO_PLACE])
        return ceiling, -1
    price, place = best_place(task, state, r, j, random, 0.0, ceiling)
    memo[MEMO_VERSION], memo[MEMO_PRICE], memo[MEMO_PLACE] = state.mark[r, VERSION], price, place
    return price, place


@njit
def best_place(
    task: Task, state: State, r: int, j: int, random: Random, blink: float, ceiling: float
) -> tuple[float, int]:
    """Return the price that job j adds to route r and the position; ``ceiling`` and -1 when none is cheaper."""
    best, place = ceiling, -1
    size, into, out, job = state.mark[r, SIZE], task.into[j], task.travel[j], task.jobs[j]
    base = state.price[r, REST] + task.pair[r, j] - state.price[r, COST]
    head = min(task.nodes[r, HEAD], size)
    there = state.seq[r, head - 1] if head > 0 else task.nodes[r, START_NODE]
    wage = task.crew[r, WAGE]
    for i in range(head, size + 1):
        here = there
        there = state.seq[r, i] if i < size else task.nodes[r, END_NODE]
        leg, row = into[here], state.seg[r, i]
        if row[AHEAD_E] + row[AHEAD_D] + leg > job[CLOSES] + EPS:
            break
        if blink > 0.0 and unit(random) < blink:
            continue
        d, e, last = join(row[AHEAD_D], row[AHEAD_E], row[AHEAD_L], leg, job[SERVICE], job[OPENS], job[CLOSES])
        if e + d + out[there] > row[BACK_L] + EPS:
            continue
        extra = base + (task.toll[here, j] + task.toll[j, there] - task.toll[here, there] if task.tolled else 0.0)
        price = extra + wage * join(d, e, last, out[there], row[BACK_D], row[BACK_E], row[BACK_L])[0]
        if price < best:
            if not _fits_van(task, state, r, j):
                price = extra + _by_depot(task, state, r, j, i)
            if price < best:
                best, place = price, i
    return best, place


@njit
def _fits_van(task: Task, state: State, r: int, j: int) -> bool:
    """Return whether the whole route with job j is served from the van alone."""
    size = state.mark[r, SIZE]
    if state.mark[r, NEED] < size or task.lacks[r, j]:
        return False
    return not _exceeds(state.used[r, size], task.demand[j], task.stock[r])


@njit
def _by_depot(task: Task, state: State, r: int, j: int, i: int) -> float:
    """Return wage and detour's toll of the route with job j as stop i and the depot at its best place before need."""
    depot = task.nodes[r, DEPOT_NODE]
    if depot < 0:
        return np.inf
    if state.mark[r, FRESH] == 0:
        refresh_front(task, state, r)
    here = state.seq[r, i - 1] if i > 0 else task.nodes[r, START_NODE]
    best = np.inf
    for q in range(state.front_n[r, i]):
        one = state.front[r, i, q]
        best = min(best, one[3] + _through(task, state, r, j, i, task.into[j, here], one[0], one[1], one[2]))
    if i > state.mark[r, NEED]:
        return best
    row = state.seg[r, i]
    leg = task.travel[here, depot] + task.travel[depot, j]
    toll = task.toll[here, depot] + task.toll[depot, j] - task.toll[here, j]
    best = min(best, toll + _through(task, state, r, j, i, leg, row[AHEAD_D], row[AHEAD_E], row[AHEAD_L]))
    if not _short_at(task, state, r, j, i):
        best = min(best, _depot_after(task, state, r, j, i, task.into[j, here]))
    return best


@njit
def _through(task: Task, state: State, r: int, j: int, i: int, leg: float, d: float, e: float, last: float) -> float:
    """Return the wage of prefix, job j and the suffix from stop i; inf when a window breaks."""
    job, row = task.jobs[j], state.seg[r, i]
    if e + d + leg > job[CLOSES] + EPS:
        return np.inf
    d, e, last = join(d, e, last, leg, job[SERVICE], job[OPENS], job[CLOSES])
    there = state.seq[r, i] if i < state.mark[r, SIZE] else task.nodes[r, END_NODE]
    out = task.travel[j, there]
    if e + d + out > row[BACK_L] + EPS:
        return np.inf
    return float(task.crew[r, WAGE] * join(d, e, last, out, row[BACK_D], row[BACK_E], row[BACK_L])[0])


@njit
def _short_at(task: Task, state: State, r: int, j: int, i: int) -> bool:
    """Return whether the van alone cannot serve job j as stop i."""
    return bool(task.lacks[r, j] or _exceeds(state.used[r, i], task.demand[j], task.stock[r]))


@njit
def _depot_after(task: Task, state: State, r: int, j: int, i: int, leg: float) -> float:
    """Return the least wage and toll with the depot after job j (stop i) and not after the first need."""
    depot, size, job, row = task.nodes[r, DEPOT_NODE], state.mark[r, SIZE], task.jobs[j], state.seg[r, i]
    d, e, last = join(row[AHEAD_D], row[AHEAD_E], row[AHEAD_L], leg, job[SERVICE], job[OPENS], job[CLOSES])
    best, here = np.inf, j
    for q in range(i, size):
        there, row = state.seq[r, q], state.seg[r, q]
        leg = task.travel[here, depot] + task.travel[depot, there]
        if e + d + leg <= row[BACK_L] + EPS:
            toll = task.toll[here, depot] + task.toll[depot, there] - task.toll[here, there]
            hours = join(d, e, last, leg, row[BACK_D], row[BACK_E], row[BACK_L])[0]
            best = min(best, toll + task.crew[r, WAGE] * hours)
        leg, job = task.travel[here, there], task.jobs[there]
        if (
            q >= state.mark[r, NEED]
            or _exceeds(state.used[r, q + 1], task.demand[j], task.stock[r])
            or e + d + leg > job[CLOSES] + EPS
        ):
            break
        d, e, last = join(d, e, last, leg, job[SERVICE], job[OPENS], job[CLOSES])
        here = there
    return best


@njit
def _exceeds(used: Ints, more: Ints, stock: Ints) -> bool:
    """Return whether parts used and more of them are beyond the stock of any kind."""
    for k in range(len(stock)):  # noqa: SIM110  # a generator is not compiled
        if used[k] + more[k] > stock[k]:
            return True
    return False
