"""The compiled loop: ruin, recreate, accept by simulated annealing, remember the best."""

from __future__ import annotations

import math

from routing.search.bare import bare_dials, bare_memory, bare_state, bare_undo, bare_world
from routing.search.change import MISSING, begin, change_of_cost, list_live, retime, take_back, total_cost
from routing.search.compiled import inline, njit
from routing.search.draw import unit
from routing.search.layout import Dials, Memory, State, Undo, World
from routing.search.recreate import defer, draw_whim, pick_order, recreate, sort_missing
from routing.search.ruin import ruin
from routing.search.timing import time_forward

(CURRENT, BEST) = range(2)  # entries of Memory.cost


@njit
def keep_best(world: World, state: State, memory: Memory) -> None:
    """Remember the current plan as the best."""
    memory.cost[BEST] = memory.cost[CURRENT]
    for stop in range(world.n + 2 * world.m):
        memory.best[stop] = state.after[stop]
    for place in range(state.sizes[MISSING]):
        memory.best[state.missing[place]] = -1


@njit
def _take_up(world: World, state: State, memory: Memory) -> None:
    list_live(world, state)
    for route in range(world.m):
        retime(world, state, route)
    memory.cost[CURRENT] = total_cost(world, state)
    keep_best(world, state, memory)


@njit
def take_up(world: World, state: State, memory: Memory) -> None:
    """Time every route of a plan just loaded and make it the current and the best one."""
    _take_up(bare_world(world), bare_state(state), bare_memory(memory))


@inline
def iterate(world: World, state: State, undo: Undo, memory: Memory, dials: Dials) -> None:
    """Try one change of the current plan."""
    begin(state, undo)
    ruin(world, state, undo, dials.mean_removed, dials.longest, memory.line, memory.random)
    first = defer(state, undo, memory.random)
    sort_missing(world, state, memory.keys, pick_order(dials.orders, memory.random), first, memory.random)
    draw_whim(world, state, first, dials.open_share, memory.random)
    recreate(world, state, undo, first, memory.random, dials.blink)
    change = change_of_cost(world, state, undo)
    if change >= -dials.temperature * math.log(1.0 - unit(memory.random)) and change > 0.0:
        take_back(world, state, undo)
        return
    memory.cost[CURRENT] += change
    if memory.cost[CURRENT] < memory.cost[BEST] - 1e-9:
        for route in range(world.m):  # sums of changes drift by rounding
            state.cost[route] = time_forward(world, state, route)
        memory.cost[CURRENT] = total_cost(world, state)
        if memory.cost[CURRENT] < memory.cost[BEST]:
            keep_best(world, state, memory)


@inline
def _run(world: World, state: State, undo: Undo, memory: Memory, dials: Dials, iterations: int) -> None:
    for _ in range(iterations):
        iterate(world, state, undo, memory, dials)


@njit
def run(world: World, state: State, undo: Undo, memory: Memory, dials: Dials, iterations: int) -> None:
    """Try a number of changes."""
    _run(bare_world(world), bare_state(state), bare_undo(undo), bare_memory(memory), bare_dials(dials), iterations)


@njit
def _insert_missing(world: World, state: State, undo: Undo, memory: Memory) -> None:
    begin(state, undo)
    state.whim[0] = 0.0
    recreate(world, state, undo, 0, memory.random, 0.0)
    memory.cost[CURRENT] = total_cost(world, state)
    keep_best(world, state, memory)


@njit
def insert_missing(world: World, state: State, undo: Undo, memory: Memory) -> None:
    """Give every unserved job its cheapest place, in the order of the list, and nothing else."""
    _insert_missing(bare_world(world), bare_state(state), bare_undo(undo), bare_memory(memory))
