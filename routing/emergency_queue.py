"""The rule by which waiting emergencies are shared out among crews, on plain arrays: the server's and the benchmarks'.

Every emergency may wait behind others in a crew's line. Lines are compared lexicographically: first what lies beyond
the target (each emergency late, and by how much), then all seconds waited. When a crew will be ready is uncertain:
a line's cost is the mean over equally likely scenarios, so a crew that may overrun is trusted only as far as it
deserves. Serving first those who can still be reached in time would starve the one who no longer can: beyond a limit
waiting weighs more, so that from some moment on the longest waiting goes before any number of others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from routing.search.compiled import njit
from routing.waiting import QueueRules, Waiting

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
# Arrays of a `Waiting` and the prices of `QueueRules`, as the compiled functions take them.
_Desk = tuple[Floats, Floats, Floats, Floats, Floats, Floats, Floats]

_MOST_ROUNDS = 50
# One second beyond the target outweighs any sum of waiting within it: 11 days.
_FIRST = 1e6
# A crew that may not go, or comes after it must be gone: worse than any waiting.
_BARRED = 1e18
# Sums of thousands of seconds times _FIRST are exact to about this: smaller gains are rounding.
_ROUNDING = 1e-3


def arrange_lines(waiting: Waiting, rules: QueueRules, lines: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return for each crew the emergencies it is to reach, in order, never worse than the lines given.

    Emergencies in no line are added first, the longest waiting before others; one that no crew may reach stays out.
    Then one is moved or two are exchanged until nothing gets better.
    """
    count = len(waiting.waited_s)
    desk = _desk(waiting, rules)
    # Two rows more than crews, to try lines in: compiled code makes no arrays.
    table = np.full((len(lines) + 2, count + 1), -1, dtype=np.int64)
    lengths = np.array([len(line) for line in lines], dtype=np.int64)
    for crew, line in enumerate(lines):
        table[crew, : len(line)] = line
    placed = {job for line in lines for job in line}
    order = np.argsort(-waiting.waited_s, kind="stable").astype(np.int64)
    _fill(desk, table, lengths, np.array([job for job in order if job not in placed], dtype=np.int64))
    _improve(desk, table, lengths, order)
    return [[int(job) for job in table[crew, : lengths[crew]]] for crew in range(len(lines))]


def warm_up() -> None:
    """Share out an invented queue of two, so that no transaction waits until the compiled rule is loaded."""
    pair = np.ones((2, 2))
    queue = Waiting(
        travel_s=pair,
        between_s=pair,
        ready_s=np.zeros((2, 1)),
        service_s=np.ones((2, 1)),
        waited_s=np.zeros(2),
        latest_s=np.full((2, 2), np.inf),
    )
    arrange_lines(queue, QueueRules(target_s=1.0), [[0, 1], []])


def lines_cost(waiting: Waiting, rules: QueueRules, lines: Sequence[Sequence[int]]) -> tuple[float, float]:
    """Return (mean weighted seconds beyond the target, mean seconds waited) of lines; infinite when one is barred."""
    desk = _desk(waiting, rules)
    beyond = waited = 0.0
    for crew, line in enumerate(lines):
        both = _line_cost(desk, crew, np.array(line, dtype=np.int64), len(line))
        beyond, waited = beyond + both[0], waited + both[1]
    return beyond, waited


def _desk(waiting: Waiting, rules: QueueRules) -> _Desk:
    prices = np.array([rules.target_s, rules.late_s, rules.limit_s, rules.limit_weight], dtype=np.float64)
    arrays = (waiting.travel_s, waiting.between_s, waiting.ready_s, waiting.service_s, waiting.waited_s)
    travel, between, ready, service, waited = (np.ascontiguousarray(one, dtype=np.float64) for one in arrays)
    return travel, between, ready, service, waited, np.ascontiguousarray(waiting.latest_s, dtype=np.float64), prices


@njit
def _line_cost(desk: _Desk, crew: int, line: Ints, count: int) -> tuple[float, float]:
    """Return the mean over scenarios of (weighted seconds beyond the target, seconds waited); infinite: barred."""
    travel, between, ready, service, waited, latest, prices = desk
    scenarios = ready.shape[1]
    beyond = total = 0.0
    for scenario in range(scenarios):
        clock = ready[crew, scenario]
        for place in range(count):
            job = line[place]
            clock += travel[crew, job] if place == 0 else between[line[place - 1], job]
            clock = max(clock, -waited[job])
            if clock > latest[crew, job]:
                return np.inf, np.inf
            wait = waited[job] + clock
            total += wait
            if wait > prices[0]:
                beyond += prices[1] + wait - prices[0]
            if wait > prices[2]:
                beyond += prices[3] * (wait - prices[2])
            # Scenarios of different visits are independent: each takes another of the equally likely lengths.
            clock += service[job, (scenario * 7 + place * 3 + crew) % scenarios]
    return beyond / scenarios, total / scenarios


@njit
def _price(desk: _Desk, crew: int, line: Ints, count: int) -> float:
    """Return the lexicographic cost of one crew's line as one number."""
    beyond, waited = _line_cost(desk, crew, line, count)
    return _BARRED if beyond == np.inf else beyond * _FIRST + waited


@njit
def _copy_without(line: Ints, count: int, job: int, out: Ints) -> int:
    kept = 0
    for place in range(count):
        if line[place] != job:
            out[kept] = line[place]
            kept += 1
    return kept


@njit
def _copy_with(line: Ints, count: int, job: int, position: int, out: Ints) -> None:
    for place in range(position):
        out[place] = line[place]
    out[position] = job
    for place in range(position, count):
        out[place + 1] = line[place]


@njit
def _best_place(desk: _Desk, table: Ints, lengths: Ints, job: int, limit: float) -> tuple[float, int, int]:
    """Return (added price, crew, position) of the cheapest place that adds less than ``limit``; crew −1: none."""
    trial = table[len(lengths)]
    best, best_crew, best_position = limit, -1, 0
    for crew in range(len(lengths)):
        before = _price(desk, crew, table[crew], lengths[crew])
        for position in range(lengths[crew] + 1):
            _copy_with(table[crew], lengths[crew], job, position, trial)
            added = _price(desk, crew, trial, lengths[crew] + 1) - before
            if added < best - _ROUNDING:
                best, best_crew, best_position = added, crew, position
    return best, best_crew, best_position


@njit
def _put(table: Ints, lengths: Ints, job: int, crew: int, position: int) -> None:
    for place in range(lengths[crew], position, -1):
        table[crew, place] = table[crew, place - 1]
    table[crew, position] = job
    lengths[crew] += 1


@njit
def _fill(desk: _Desk, table: Ints, lengths: Ints, jobs: Ints) -> None:
    """Put each job where it adds least, in the order given; one that nobody may reach stays out."""
    for job in jobs:
        _, crew, position = _best_place(desk, table, lengths, job, _BARRED / 2)
        if crew >= 0:
            _put(table, lengths, job, crew, position)


@njit
def _find(table: Ints, lengths: Ints, job: int) -> tuple[int, int]:
    """Return crew and position of a job, (−1, −1) when it stands in no line."""
    for crew in range(len(lengths)):
        for position in range(lengths[crew]):
            if table[crew, position] == job:
                return crew, position
    return -1, -1


@njit
def _move_best(desk: _Desk, table: Ints, lengths: Ints, job: int) -> bool:
    """Move a job to the best place there is; tell whether that was better than where it was."""
    crew, position = _find(table, lengths, job)
    if crew < 0:
        return False
    before = _price(desk, crew, table[crew], lengths[crew])
    shorter = table[len(lengths) + 1]
    lengths[crew] = _copy_without(table[crew], lengths[crew], job, shorter)
    for place in range(lengths[crew]):
        table[crew, place] = shorter[place]
    freed = before - _price(desk, crew, table[crew], lengths[crew])
    _, new_crew, new_position = _best_place(desk, table, lengths, job, freed)
    if new_crew < 0:
        _put(table, lengths, job, crew, position)
        return False
    _put(table, lengths, job, new_crew, new_position)
    return True


@njit
def _swap(desk: _Desk, table: Ints, lengths: Ints, one: int, other: int) -> bool:
    """Exchange two jobs when that is better; tell whether it was."""
    crew_a, place_a = _find(table, lengths, one)
    crew_b, place_b = _find(table, lengths, other)
    if crew_a < 0 or crew_b < 0:
        return False
    before = _pair_price(desk, table, lengths, crew_a, crew_b)
    table[crew_a, place_a], table[crew_b, place_b] = other, one
    if _pair_price(desk, table, lengths, crew_a, crew_b) < before - _ROUNDING:
        return True
    table[crew_a, place_a], table[crew_b, place_b] = one, other
    return False


@njit
def _pair_price(desk: _Desk, table: Ints, lengths: Ints, crew_a: int, crew_b: int) -> float:
    price = _price(desk, crew_a, table[crew_a], lengths[crew_a])
    return price if crew_a == crew_b else price + _price(desk, crew_b, table[crew_b], lengths[crew_b])


@njit
def _improve(desk: _Desk, table: Ints, lengths: Ints, order: Ints) -> None:
    """Move one job or exchange two until nothing gets better."""
    for _ in range(_MOST_ROUNDS):
        better = False
        for job in order:
            better = _move_best(desk, table, lengths, job) or better
        for index in range(len(order)):
            for earlier in range(index):
                better = _swap(desk, table, lengths, order[index], order[earlier]) or better
        if not better:
            break
