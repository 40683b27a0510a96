"""Simulated annealing over ruin and recreate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from routing.search.compiled import njit
from routing.search.draw import unit
from routing.search.hours.layout import BLINK, ROUTES_OUT, SIZE, Floats, Ints, Random, State, Task, Undo
from routing.search.hours.moves import begin, recreate, ruin, ruin_route, sort_absent, take_back, total_cost

# Entries of ``costs``.
(PRESENT, BEST) = range(2)
_GAIN = 1e-9


@njit
def _keep(state: State, best_seq: Ints, best_size: NDArray[np.int64]) -> None:
    for r in range(len(best_size)):
        best_size[r] = state.mark[r, SIZE]
        for i in range(best_size[r]):
            best_seq[r, i] = state.seq[r, i]


@njit
def anneal(
    task: Task,
    state: State,
    undo: Undo,
    best_seq: Ints,
    best_size: NDArray[np.int64],
    random: Random,
    shares: Floats,
    knobs: Floats,
    costs: Floats,
    rounds: int,
    hot: float,
    cool: float,
) -> None:
    """Run ``rounds`` iterations from temperature ``hot``, multiplied by ``cool`` after each."""
    heat = hot
    for _ in range(rounds):
        begin(state, undo)
        if unit(random) < knobs[ROUTES_OUT]:
            ruin_route(task, state, undo, random)
        ruin(task, state, undo, random, knobs)
        sort_absent(task, state, random, shares)
        recreate(task, state, undo, random, knobs[BLINK])
        now = total_cost(task, state)
        if now < costs[PRESENT] - heat * np.log(unit(random)):
            costs[PRESENT] = now
            if now < costs[BEST] - _GAIN:
                costs[BEST] = now
                _keep(state, best_seq, best_size)
        else:
            take_back(task, state, undo)
        heat *= cool
