"""Ruin (adjacent strings), recreate (greedy with blinks) and undo: Christiaens & Vanden Berghe 2020."""

from __future__ import annotations

from routing.search.compiled import njit
from routing.search.draw import below, unit
from routing.search.hours.insertion import known_place
from routing.search.hours.layout import (
    COST,
    HEAD,
    LONGEST,
    MEAN_OUT,
    SIZE,
    UNSERVED,
    VERSION,
    Floats,
    Random,
    State,
    Task,
    Undo,
)
from routing.search.hours.routes import refresh

_KEEP_GROWS = 0.99
_SPLIT = 0.5


@njit
def begin(state: State, undo: Undo) -> None:
    """Open an iteration: nothing is touched yet."""
    for t in range(undo.touched[-1]):
        undo.is_touched[undo.touched[t]] = False
    undo.touched[-1] = 0
    count = state.absent[-1]
    undo.absent[-1] = count
    for a in range(count):
        undo.absent[a] = state.absent[a]


@njit
def remember(state: State, undo: Undo, r: int) -> None:
    """Save a route before its first change in this iteration."""
    if undo.is_touched[r]:
        return
    undo.is_touched[r] = True
    undo.touched[undo.touched[-1]] = r
    undo.touched[-1] += 1
    undo.mark[r, SIZE] = state.mark[r, SIZE]
    undo.mark[r, VERSION] = state.mark[r, VERSION]
    for i in range(state.mark[r, SIZE]):
        undo.seq[r, i] = state.seq[r, i]


@njit
def take_back(task: Task, state: State, undo: Undo) -> None:
    """Restore every touched route and the absent jobs."""
    for t in range(undo.touched[-1]):
        r = undo.touched[t]
        for i in range(state.mark[r, SIZE]):
            state.where[state.seq[r, i]] = -1
    for t in range(undo.touched[-1]):
        r = undo.touched[t]
        state.mark[r, SIZE] = undo.mark[r, SIZE]
        for i in range(undo.mark[r, SIZE]):
            state.seq[r, i] = undo.seq[r, i]
            state.where[undo.seq[r, i]] = r
        refresh(task, state, r)
        state.mark[r, VERSION] = undo.mark[r, VERSION]
    count = undo.absent[-1]
    state.absent[-1] = count
    for a in range(count):
        state.absent[a] = undo.absent[a]


@njit
def ruin(task: Task, state: State, undo: Undo, random: Random, knobs: Floats) -> None:
    """Take out strings of stops near a random job, at most one per route."""
    n, used = len(state.where), 0
    for r in range(len(state.mark)):
        used += 1 if state.mark[r, SIZE] > task.nodes[r, HEAD] else 0
    if used == 0:
        return
    longest = min(knobs[LONGEST], (n - state.absent[-1]) / used)
    strings = int(unit(random) * (4.0 * knobs[MEAN_OUT] / (1.0 + longest) - 1.0) + 1.0)
    near = task.near[below(random, n)]
    for c in near:
        r = state.where[c]
        if r < 0 or undo.is_touched[r]:
            continue
        i, size = task.nodes[r, HEAD], state.mark[r, SIZE]
        while i < size and state.seq[r, i] != c:
            i += 1
        if i == size:
            continue
        remember(state, undo, r)
        _cut(task, state, r, i, random, longest)
        strings -= 1
        if strings <= 0:
            return


@njit
def _cut(task: Task, state: State, r: int, i: int, random: Random, longest: float) -> None:
    """Take out a string that holds stop i, half of the time with a stretch inside that stays."""
    head, size = task.nodes[r, HEAD], state.mark[r, SIZE]
    free = size - head
    length = int(unit(random) * min(float(free), longest)) + 1
    kept = 0
    if 1 < length < free and unit(random) < _SPLIT:
        kept = 1
        while length + kept < free and unit(random) < _KEEP_GROWS:
            kept += 1
    span = length + kept
    low, high = max(head, i - span + 1), min(i, size - span)
    first = low + below(random, high - low + 1)
    stay = first + below(random, length + 1) if kept > 0 else size
    to = first
    for q in range(first, size):
        j = state.seq[r, q]
        if q < first + span and not (stay <= q < stay + kept):
            _drop(state, j)
        else:
            state.seq[r, to] = j
            to += 1
    state.mark[r, SIZE] = to
    refresh(task, state, r)


@njit
def _drop(state: State, j: int) -> None:
    state.where[j] = -1
    state.absent[state.absent[-1]] = j
    state.absent[-1] += 1


@njit
def ruin_route(task: Task, state: State, undo: Undo, random: Random) -> None:
    """Take out all that may leave a random technician, so that another may take his round."""
    crew = len(state.mark)
    r = below(random, crew)
    for _ in range(crew):
        if state.mark[r, SIZE] > task.nodes[r, HEAD]:
            break
        r = (r + 1) % crew
    head, size = task.nodes[r, HEAD], state.mark[r, SIZE]
    if size <= head:
        return
    remember(state, undo, r)
    for i in range(head, size):
        _drop(state, state.seq[r, i])
    state.mark[r, SIZE] = head
    refresh(task, state, r)


@njit
def sort_absent(task: Task, state: State, random: Random, shares: Floats) -> None:
    """Bring the absent jobs into the order of a key drawn by ``shares``; the last share is a random order."""
    luck, which = unit(random), 0
    while which < len(shares) - 1 and luck >= shares[which]:
        luck -= shares[which]
        which += 1
    count = state.absent[-1]
    for a in range(count - 1, 0, -1):
        b = below(random, a + 1)
        state.absent[a], state.absent[b] = state.absent[b], state.absent[a]
    if which == len(shares) - 1:
        return
    for a in range(1, count):
        j, b = state.absent[a], a - 1
        while b >= 0 and task.keys[which, state.absent[b]] > task.keys[which, j]:
            state.absent[b + 1] = state.absent[b]
            b -= 1
        state.absent[b + 1] = j


@njit
def recreate(task: Task, state: State, undo: Undo, random: Random, blink: float) -> None:
    """Give each absent job its cheapest place, in the order they stand; what fits nowhere stays absent."""
    left = 0
    for a in range(state.absent[-1]):
        j = state.absent[a]
        best, route, place = task.jobs[j, UNSERVED], -1, -1
        for w in range(task.who_from[j], task.who_from[j + 1]):
            r = task.who[w]
            price, i = known_place(task, state, r, j, random, blink, best)
            if i >= 0:
                best, route, place = price, r, i
        if route < 0:
            state.absent[left] = j
            left += 1
        else:
            put(task, state, undo, j, route, place)
    state.absent[-1] = left


@njit
def put(task: Task, state: State, undo: Undo, j: int, r: int, i: int) -> None:
    """Insert job j as stop i of route r."""
    remember(state, undo, r)
    for q in range(state.mark[r, SIZE], i, -1):
        state.seq[r, q] = state.seq[r, q - 1]
    state.seq[r, i] = j
    state.mark[r, SIZE] += 1
    state.where[j] = r
    refresh(task, state, r)


@njit
def total_cost(task: Task, state: State) -> float:
    """Return the price of the plan with the unserved jobs."""
    total = 0.0
    for r in range(len(state.price)):
        total += state.price[r, COST]
    for a in range(state.absent[-1]):
        total += task.jobs[state.absent[a], UNSERVED]
    return total
