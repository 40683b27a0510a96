"""Taking strings of stops out of neighbouring routes (Christiaens and Vanden Berghe 2020, "SISR")."""

from __future__ import annotations

from routing.search.change import FREE, MISSING, USED, retime_part, save, unlink
from routing.search.compiled import inline
from routing.search.draw import below, unit
from routing.search.layout import Ints, Random, State, Undo, World

LONGEST_PRESERVED = 30
SPLIT_SHARE, GROW_SHARE = 0.5, 0.01  # alpha and beta of the paper


@inline
def free_stops(world: World, state: State, route: int, job: int, line: Ints) -> tuple[int, int]:
    """List the stops of a route that may move; return how many and the job's place among them."""
    size, place = 0, 0
    stop = state.after[state.anchor[route]]
    while stop < world.n:
        if stop == job:
            place = size
        line[size] = stop
        size += 1
        stop = state.after[stop]
    return size, place


@inline
def remove(world: World, state: State, job: int) -> None:
    """Take a job out and list it as unserved."""
    unlink(world, state, job)
    state.missing[state.sizes[MISSING]] = job
    state.sizes[MISSING] += 1


@inline
def kept_inside(size: int, length: int, random: Random) -> int:
    """Return how many stops a split string keeps in its middle; 0 is a plain string."""
    kept = 0
    if length > 1 and unit(random) < SPLIT_SHARE:
        kept = 1
        while length + kept < size and kept < LONGEST_PRESERVED and unit(random) > GROW_SHARE:
            kept += 1
        if length + kept > size:
            kept = 0
    return kept


@inline
def cut(world: World, state: State, undo: Undo, job: int, longest: float, line: Ints, random: Random) -> None:
    """Remove a string of stops that holds the job, sometimes with a part in its middle that stays."""
    route = state.route[job]
    save(world, state, undo, route)
    size, place = free_stops(world, state, route, job, line)
    length = min(size, int(unit(random) * min(float(size), longest)) + 1)
    kept = kept_inside(size, length, random)
    span = length + kept
    lowest, highest = max(0, place - span + 1), min(place, size - span)
    first = lowest + below(random, highest - lowest + 1)
    hole = first + below(random, length + 1) if kept > 0 else first + span
    before, after = state.before[line[first]], state.after[line[first + span - 1]]
    for index in range(first, first + span):
        if index < hole or index >= hole + kept:
            remove(world, state, line[index])
    retime_part(world, state, route, before, after)


@inline
def ruin(
    world: World, state: State, undo: Undo, mean_removed: float, longest: float, line: Ints, random: Random
) -> None:
    """Remove strings from the routes around a random job."""
    served = state.sizes[FREE]
    if served <= 0:
        return
    string = min(longest, served / max(state.sizes[USED], 1))
    strings = int(unit(random) * (4.0 * mean_removed / (1.0 + string) - 1.0)) + 1
    seed = below(random, world.n)
    for index in range(world.neighbours):
        job = world.near[seed * world.neighbours + index]
        route = state.route[job]
        if route < 0 or state.locked[job] == 1 or undo.saved[route] == undo.sizes[3]:
            continue
        cut(world, state, undo, job, string, line, random)
        strings -= 1
        if strings <= 0:
            break
