"""Changing a plan in compiled code: linking stops, keeping its figures true, and taking changes back."""

from __future__ import annotations

import numpy as np

from routing.search.compiled import inline, njit
from routing.search.layout import INF, JOB_COLUMNS, LATENESS, LEG, STOP_COLUMNS, UNSERVED, State, Undo, World
from routing.search.timing import retime_backward, retime_forward, time_backward, time_forward

# Entries of State.sizes: live routes, used ones among them, unserved jobs, last version given, jobs served that are not
# locked, chances till the next blink, looks for a place near by.
(LIVE, USED, MISSING, VERSIONS, FREE, CHANCES, LOOKS) = range(7)
(ROUTES, STOPS, GONE) = range(3)  # entries of Undo.sizes


@njit
def retime(world: World, state: State, route: int) -> None:
    """Bring times, cost and version of a changed route up to date."""
    state.cost[route] = time_forward(world, state, route)
    time_backward(world, state, route)
    state.sizes[VERSIONS] += 1
    state.version[route] = state.sizes[VERSIONS]


@inline
def retime_part(world: World, state: State, route: int, stop: int, target: int) -> None:
    """Bring a route up to date of which only what lies between two stops was changed."""
    if state.cost[route] > INF / 10 or state.held[route] <= 1:
        retime(world, state, route)
        return
    last = retime_forward(world, state, route, stop, target)
    retime_backward(world, state, route, last, stop)
    state.sizes[VERSIONS] += 1
    state.version[route] = state.sizes[VERSIONS]


@inline
def link(world: World, state: State, route: int, job: int, stop: int) -> None:
    """Put a job behind a stop of a route; the caller retimes the route."""
    follower = state.after[stop]
    state.after[stop], state.before[job] = job, stop
    state.after[job], state.before[follower] = follower, job
    state.route[job] = route
    state.held[route] += 1
    state.sizes[FREE] += 1
    for part in range(world.parts):
        state.load[route * world.parts + part] += world.demand[job * world.parts + part]
    at = job * STOP_COLUMNS
    state.stops[at + LEG] = state.stops[at + LATENESS] = 0.0
    state.cost[route] += world.pair_cost[world.row[route] + job]
    if state.held[route] == 1:
        list_live(world, state)


@inline
def unlink(world: World, state: State, job: int) -> None:
    """Take a job out of its route; the caller retimes the route."""
    route, previous, follower = state.route[job], state.before[job], state.after[job]
    state.after[previous], state.before[follower] = follower, previous
    state.route[job] = -1
    state.home[job] = route
    state.held[route] -= 1
    state.sizes[FREE] -= 1
    at = job * STOP_COLUMNS
    state.cost[route] -= state.stops[at + LEG] + state.stops[at + LATENESS] + world.pair_cost[world.row[route] + job]
    for part in range(world.parts):
        state.load[route * world.parts + part] -= world.demand[job * world.parts + part]
    if state.held[route] == 0:
        list_live(world, state)


@njit
def list_live(world: World, state: State) -> None:
    """List the routes worth trying: the used ones and the first empty one of each fleet."""
    used, live = 0, 0
    for fleet in range(world.fleets):
        state.empty[fleet] = -1
    for route in range(world.m):
        if state.held[route] > 0:
            state.live[used] = route
            used += 1
        elif state.empty[world.fleet[route]] < 0:
            state.empty[world.fleet[route]] = route
    live = used
    for fleet in range(world.fleets):
        if state.empty[fleet] >= 0:
            state.live[live] = state.empty[fleet]
            live += 1
    state.sizes[USED] = used
    state.sizes[LIVE] = live


@inline
def begin(state: State, undo: Undo) -> None:
    """Open a change: from here on routes are saved when they are first touched."""
    undo.sizes[ROUTES] = undo.sizes[STOPS] = 0
    undo.sizes[3] += 1
    missing = state.sizes[MISSING]
    undo.sizes[GONE] = missing
    for place in range(missing):
        undo.missing[place] = state.missing[place]


@inline
def save(world: World, state: State, undo: Undo, route: int) -> None:
    """Remember a route before it is touched, once per change."""
    if undo.saved[route] == undo.sizes[3]:
        return
    undo.saved[route] = undo.sizes[3]
    index, size = undo.sizes[ROUTES], undo.sizes[STOPS]
    undo.route[index], undo.first[index] = route, size
    undo.cost[index], undo.version[index] = state.cost[route], state.version[route]
    end = world.n + world.m + route
    stop = state.anchor[route]
    while stop != end:
        stop = state.after[stop]
        undo.stop[size] = stop
        for column in range(STOP_COLUMNS):
            undo.stops[size * STOP_COLUMNS + column] = state.stops[stop * STOP_COLUMNS + column]
        size += 1
    undo.sizes[ROUTES], undo.sizes[STOPS] = index + 1, size
    undo.first[index + 1] = size


@inline
def take_back(world: World, state: State, undo: Undo) -> None:
    """Restore every route touched since ``begin``."""
    jobs = world.n
    emptied = False
    for index in range(undo.sizes[ROUTES]):
        route = undo.route[index]
        stop = state.after[state.anchor[route]]
        emptied = emptied or state.held[route] == 0
        while stop < jobs:
            state.route[stop] = -1
            drop_load(world, state, route, stop)
            stop = state.after[stop]
    for index in range(undo.sizes[ROUTES]):
        restore(world, state, undo, index)
        emptied = emptied or state.held[undo.route[index]] == 0
    missing = undo.sizes[GONE]
    state.sizes[MISSING] = missing
    for place in range(missing):
        state.missing[place] = undo.missing[place]
    if emptied:
        list_live(world, state)


@inline
def drop_load(world: World, state: State, route: int, job: int) -> None:
    """Count a job out of its route's figures."""
    state.held[route] -= 1
    state.sizes[FREE] -= 1
    for part in range(world.parts):
        state.load[route * world.parts + part] -= world.demand[job * world.parts + part]


@inline
def restore(world: World, state: State, undo: Undo, index: int) -> None:
    """Put back one saved route: links, rows, figures."""
    route = undo.route[index]
    previous = state.anchor[route]
    for place in range(undo.first[index], undo.first[index + 1]):
        stop = undo.stop[place]
        state.after[previous], state.before[stop] = stop, previous
        for column in range(STOP_COLUMNS):
            state.stops[stop * STOP_COLUMNS + column] = undo.stops[place * STOP_COLUMNS + column]
        state.leg[stop] = undo.stops[place * STOP_COLUMNS + LEG]
        previous = stop
        if stop < world.n:
            state.route[stop] = route
            state.held[route] += 1
            state.sizes[FREE] += 1
            for part in range(world.parts):
                state.load[route * world.parts + part] += world.demand[stop * world.parts + part]
    state.cost[route] = undo.cost[index]
    state.version[route] = undo.version[index]


@inline
def change_of_cost(world: World, state: State, undo: Undo) -> float:
    """Return the cost of the plan now minus its cost at ``begin``."""
    difference = 0.0
    for index in range(undo.sizes[ROUTES]):
        difference += state.cost[undo.route[index]] - undo.cost[index]
    for place in range(state.sizes[MISSING]):
        difference += world.jobs[state.missing[place] * JOB_COLUMNS + UNSERVED]
    for place in range(undo.sizes[GONE]):
        difference -= world.jobs[undo.missing[place] * JOB_COLUMNS + UNSERVED]
    return difference


@njit
def total_cost(world: World, state: State) -> float:
    """Return the cost of the whole plan, unserved jobs included."""
    cost = 0.0
    for route in range(world.m):
        cost += state.cost[route]
    for place in range(state.sizes[MISSING]):
        cost += world.jobs[state.missing[place] * JOB_COLUMNS + UNSERVED]
    return cost


def undo_of(jobs: int, routes: int) -> Undo:
    """Return room for the changes of a plan of so many jobs and routes."""
    return Undo(
        np.zeros(routes, np.int64),
        np.zeros(routes, np.int32),
        np.zeros(routes + 1, np.int32),
        np.zeros(jobs + routes, np.int32),
        np.zeros((jobs + routes) * STOP_COLUMNS),
        np.zeros(routes),
        np.zeros(routes, np.int64),
        np.zeros(jobs, np.int32),
        np.zeros(4, np.int64),
    )
