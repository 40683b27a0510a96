"""Putting jobs into routes at their cheapest place, and the sort orders in which they get their turn."""

from __future__ import annotations

import math

from routing.search.change import CHANCES, GONE, LIVE, LOOKS, MISSING, USED, link, retime_part, save
from routing.search.compiled import inline
from routing.search.draw import below, unit
from routing.search.layout import (
    FIXED,
    HAS_PARTS,
    HAS_RANK,
    INF,
    JOB_COLUMNS,
    LAST_CLOSE,
    LEAVE,
    OPEN,
    RANK,
    ROUTE_COLUMNS,
    SERVICE,
    STOP_COLUMNS,
    UNSERVED,
    Floats,
    Random,
    State,
    Undo,
    World,
)
from routing.search.timing import cannot_stand, insertion_time_cost, last_start

(RANDOM, DEMAND, FAR, CLOSE_BY, WIDTH, OPENING, CLOSING) = range(7)
ORDERS = 7
RETRIED, RETRY_ALL_SHARE = 8, 0.01  # jobs unserved for longer that a change tries again


@inline
def fits(world: World, state: State, route: int, job: int) -> bool:
    """Tell whether a route may hold the job at all: skills and parts."""
    if not world.allowed[world.row[route] + job]:
        return False
    if world.has[HAS_PARTS]:
        at, job_at = route * world.parts, job * world.parts
        for part in range(world.parts):
            if state.load[at + part] + world.demand[job_at + part] > world.stock[at + part]:
                return False
    return True


@inline
def rank_of(world: World, job: int) -> float:
    """Return the job's rank in the order of a route."""
    return world.jobs[job * JOB_COLUMNS + RANK]


@inline
def first_gap(world: World, state: State, route: int, job: int) -> int:
    """Return the stop behind which the first place for a job lies: what ranks before it stays before it."""
    stop = state.anchor[route]
    if world.has[HAS_RANK]:
        follower = state.after[stop]
        while follower < world.n and rank_of(world, follower) < rank_of(world, job):
            stop, follower = follower, state.after[follower]
    return stop


@inline
def best_place(world: World, state: State, route: int, job: int, budget: float, shunned: int) -> tuple[float, int]:
    """Return price and stop of the cheapest place in a route below ``budget``, not behind ``shunned``; -1 when none."""
    best, place = budget, -1
    base = world.pair_cost[world.row[route] + job]
    if state.held[route] == 0:
        base += world.routes[route * ROUTE_COLUMNS + FIXED] - state.whim[0]
    latest = last_start(world, route, job)
    stop = first_gap(world, state, route, job)
    into, out, node, at = world.into_cost, world.travel_cost, world.node, job * world.size
    here = node[stop]
    while stop < world.n + world.m:
        target = state.after[stop]
        there = node[target]
        price = base + into[at + here] + out[at + there] - state.leg[target]
        if price < best and stop != shunned:
            if state.stops[stop * STOP_COLUMNS + LEAVE] > latest:
                break
            if not cannot_stand(world, state, route, job, stop, target):
                price += insertion_time_cost(world, state, route, job, stop, target, best - price)
                if price < best:
                    best, place = price, stop
        if world.has[HAS_RANK] and target < world.n and rank_of(world, target) > rank_of(world, job):
            break
        stop, here = target, there
    return best, place


@inline
def blinks(state: State, random: Random, blink: float) -> bool:
    """Tell whether a place is overlooked this time; the number of places until the next is drawn once for all."""
    if blink <= 0.0:
        return False
    state.sizes[CHANCES] -= 1
    if state.sizes[CHANCES] > 0:
        return False
    state.sizes[CHANCES] = 1 + int(math.log(1.0 - unit(random)) / math.log(1.0 - blink))
    return True


@inline
def list_near(world: World, state: State, job: int, reach: int) -> int:
    """List the routes that hold or held last a job's nearest jobs and itself, then empty ones; return how many."""
    state.sizes[LOOKS] += 1
    look, found = state.sizes[LOOKS], 0
    for index in range(min(reach, world.neighbours)):
        other = world.near[job * world.neighbours + index]
        route = state.route[other]
        if route < 0:
            route = state.home[other]
        if route >= 0 and state.held[route] > 0 and state.stamp[route] != look:
            state.stamp[route] = look
            state.tried[found] = route
            found += 1
    for index in range(state.sizes[USED], state.sizes[LIVE]):
        state.tried[found] = state.live[index]
        found += 1
    return found


@inline
def look_up(
    world: World, state: State, job: int, random: Random, blink: float, reach: int
) -> tuple[float, int, int, int]:
    """Return price, stop and route of the cheapest place known, and how many routes must be looked at anew.

    A place is known while its route is unchanged; of a route without any place below a price only that price is known.
    """
    best, place, chosen, doubtful = world.jobs[job * JOB_COLUMNS + UNSERVED], -1, -1, 0
    for index in range(list_near(world, state, job, reach) if reach > 0 else state.sizes[LIVE]):
        route = state.tried[index] if reach > 0 else state.live[index]
        at = job * world.m + route
        if state.known == 0 or state.held[route] == 0 or state.known_version[at] != state.version[route]:
            state.doubtful[doubtful] = route
            doubtful += 1
        elif state.known_price[at] < best:
            if state.known_place[at] < 0:
                state.doubtful[doubtful] = route
                doubtful += 1
            elif not blinks(state, random, blink):
                best, place, chosen = state.known_price[at], state.known_place[at], route
            else:
                price, stop = best_place(world, state, route, job, best, state.known_place[at])
                if stop >= 0:
                    best, place, chosen = price, stop, route
    return best, place, chosen, doubtful


@inline
def look_at(world: World, state: State, route: int, job: int, budget: float) -> tuple[float, int]:
    """Return price and stop of the cheapest place in a route below ``budget``, -1 when none, and remember it."""
    price, stop = INF, -1
    if fits(world, state, route, job):
        price, stop = best_place(world, state, route, job, budget, -1)
    if state.known and state.held[route] > 0:
        at = job * world.m + route
        state.known_version[at] = state.version[route]
        state.known_place[at], state.known_price[at] = stop, price
    return price, stop


@inline
def look_everywhere(world: World, state: State, job: int, random: Random, blink: float, reach: int) -> tuple[int, int]:
    """Return stop and route of the cheapest place within reach, of all when that is 0; -1 when there is none."""
    home = state.home[job]
    if state.known and home >= 0 and state.held[home] > 0:  # a good price first makes the others short work
        at = job * world.m + home
        if state.known_version[at] != state.version[home]:
            look_at(world, state, home, job, world.jobs[job * JOB_COLUMNS + UNSERVED])
    best, place, chosen, doubtful = look_up(world, state, job, random, blink, reach)
    for index in range(doubtful):
        route = state.doubtful[index]
        price, stop = look_at(world, state, route, job, best)
        if stop >= 0 and blinks(state, random, blink):
            price, stop = best_place(world, state, route, job, best, stop)
        if stop >= 0:
            best, place, chosen = price, stop, route
    return place, chosen


@inline
def insert_best(world: World, state: State, undo: Undo, job: int, random: Random, blink: float) -> bool:
    """Insert a job where it is cheapest, unless leaving it out is cheaper."""
    place, chosen = look_everywhere(world, state, job, random, blink, state.reach)
    if chosen < 0 and state.reach > 0:
        place, chosen = look_everywhere(world, state, job, random, blink, 0)
    if chosen < 0:
        return False
    save(world, state, undo, chosen)
    target = state.after[place]
    link(world, state, chosen, job, place)
    retime_part(world, state, chosen, place, target)
    return True


@inline
def sort_key(world: World, order: int, job: int, random: Random) -> float:
    """Return the number by which an order ranks a job; the smallest is inserted first."""
    jobs, at = world.jobs, job * JOB_COLUMNS
    if order == DEMAND:
        return -float(world.demand[job * world.parts]) if world.parts > 0 else -jobs[at + SERVICE]
    if order in (FAR, CLOSE_BY):
        return -world.depot_cost[job] if order == FAR else world.depot_cost[job]
    if order == WIDTH:
        return jobs[at + LAST_CLOSE] - jobs[at + OPEN]
    if order == OPENING:
        return jobs[at + OPEN]
    if order == CLOSING:
        return -jobs[at + LAST_CLOSE]
    return unit(random)


@inline
def pick_order(weights: Floats, random: Random) -> int:
    """Return a sort order drawn by weight; the weights sum to 1."""
    left = unit(random)
    for order in range(ORDERS):
        left -= weights[order]
        if left < 0.0:
            return order
    return RANDOM


@inline
def defer(state: State, undo: Undo, random: Random) -> int:
    """Move all but a few of the jobs that were unserved before this change to the front; return where the rest begins.

    On a day with more work than hands every change would otherwise try them all. Now and then all are tried.
    """
    before = undo.sizes[GONE]
    if before <= RETRIED or unit(random) < RETRY_ALL_SHARE:
        return 0
    for back in range(1, RETRIED + 1):
        place, other = before - back, below(random, before - back + 1)
        state.missing[place], state.missing[other] = state.missing[other], state.missing[place]
    return before - RETRIED


@inline
def sort_missing(world: World, state: State, keys: Floats, order: int, first: int, random: Random) -> None:
    """Sort the unserved jobs from place ``first`` on by rank, then by an order; few at a time, so by insertion."""
    missing = state.missing
    for place in range(first, state.sizes[MISSING]):
        other = first + below(random, place + 1 - first)  # shuffled first: equal keys come in any order
        missing[place], missing[other] = missing[other], missing[place]
    for place in range(first, state.sizes[MISSING]):
        job = missing[place]
        key = sort_key(world, order, job, random)
        rank = rank_of(world, job)
        back = place - 1
        while back >= first and (
            rank_of(world, missing[back]) > rank or (rank_of(world, missing[back]) == rank and keys[back] > key)
        ):
            missing[back + 1], keys[back + 1] = missing[back], keys[back]
            back -= 1
        missing[back + 1], keys[back + 1] = job, key


@inline
def draw_whim(world: World, state: State, first: int, open_share: float, random: Random) -> None:
    """Now and then make empty routes look cheaper for one change.

    The first stop of a new route pays for both its long legs, so that cheapest insertion alone opens too few.
    """
    state.whim[0] = 0.0
    if unit(random) < open_share and first < state.sizes[MISSING]:
        job = state.missing[first]
        state.whim[0] = unit(random) * 2.0 * world.depot_cost[job]


@inline
def recreate(world: World, state: State, undo: Undo, first: int, random: Random, blink: float) -> None:
    """Give the unserved jobs from place ``first`` on, in the order of the list, their cheapest places."""
    left = first
    for place in range(first, state.sizes[MISSING]):
        job = state.missing[place]
        if not insert_best(world, state, undo, job, random, blink):
            state.missing[left] = job
            left += 1
    state.sizes[MISSING] = left
