"""When a technician arrives, starts and leaves, and what that costs: the only place where the search computes time.

The break is taken where he is, between two stops: at the first departure at or after its opening, or at the last one
from which the next stop would end after the break's close. Before the way home only if that would end after it.
"""

from __future__ import annotations

from routing.search.compiled import inline, njit
from routing.search.layout import (
    ARRIVAL,
    BREAK_CLOSE,
    BREAK_OPEN,
    BREAK_S,
    CLOSE,
    DUE,
    DUE2,
    FACTOR,
    FIXED,
    FLAT,
    HAS_EXPIRY,
    INF,
    JOB_COLUMNS,
    LAST,
    LAST_CLOSE,
    LATE,
    LATE2,
    LATENESS,
    LATEST_END,
    LEAVE,
    LEG,
    OPEN,
    OVERTIME,
    OVERTIME_FROM,
    READY,
    RESTED,
    ROUTE_COLUMNS,
    SERVICE,
    START,
    STOP_COLUMNS,
    WAIT,
    WAIT_FROM,
    State,
    World,
)


@inline
def start_of(world: World, route: int, job: int, arrival: float) -> float:
    """Return the earliest legal start at or after an arrival, INF when no window is left."""
    jobs, at = world.jobs, job * JOB_COLUMNS
    start = arrival
    if arrival < jobs[at + OPEN]:
        start = jobs[at + OPEN]
    elif arrival > jobs[at + CLOSE]:
        start = INF
        for window in range(world.window_from[job] + 1, world.window_from[job + 1]):
            if arrival <= world.window_close[window]:
                start = max(arrival, world.window_open[window])
                break
    if world.has[HAS_EXPIRY] and start > world.latest_start[world.row[route] + job]:
        return INF
    return start


@inline
def service_of(world: World, route: int, job: int) -> float:
    """Return the seconds that the job takes on this route."""
    return world.jobs[job * JOB_COLUMNS + SERVICE] * world.routes[route * ROUTE_COLUMNS + FACTOR]


@inline
def drive_s(world: World, stop: int, target: int) -> float:
    """Return the seconds from one stop to another."""
    return world.travel_s[world.node[stop] * world.size + world.node[target]]


@inline
def last_start(world: World, route: int, job: int) -> float:
    """Return the last moment at which the job may start on this route."""
    last = world.jobs[job * JOB_COLUMNS + LAST_CLOSE]
    if world.has[HAS_EXPIRY]:
        last = min(last, world.latest_start[world.row[route] + job])
    return last


@inline
def time_cost(world: World, job: int, arrival: float, start: float) -> float:
    """Return what arriving and starting then costs: two pieces of lateness and the price of waiting."""
    jobs, at = world.jobs, job * JOB_COLUMNS
    cost = 0.0
    if start > jobs[at + DUE]:
        cost += (start - jobs[at + DUE]) * jobs[at + LATE]
    if start > jobs[at + DUE2]:
        cost += (start - jobs[at + DUE2]) * jobs[at + LATE2]
    if arrival > jobs[at + WAIT_FROM]:
        cost += (arrival - jobs[at + WAIT_FROM]) * jobs[at + WAIT]
    return cost


@inline
def rests_before(world: World, route: int, leave: float, arrival: float, job: int) -> bool:
    """Tell whether the break is taken now, before driving on to a job (-1: home)."""
    at = route * ROUTE_COLUMNS
    if job < 0:
        return arrival > world.routes[at + BREAK_CLOSE]
    end = max(start_of(world, route, job, arrival), arrival) + service_of(world, route, job)
    return leave >= world.routes[at + BREAK_OPEN] or end > world.routes[at + BREAK_CLOSE]


@inline
def arrive(world: World, route: int, leave: float, rested: float, stop: int, target: int) -> tuple[float, float]:
    """Return arrival at ``target`` when leaving ``stop`` at ``leave``, and whether the break has been taken by then."""
    drive = drive_s(world, stop, target)
    if rested > 0.0:
        return leave + drive, rested
    job = target if target < world.n else -1
    if rests_before(world, route, leave, leave + drive, job):
        at = route * ROUTE_COLUMNS
        return max(leave, world.routes[at + BREAK_OPEN]) + world.routes[at + BREAK_S] + drive, 1.0
    return leave + drive, 0.0


@inline
def end_cost(world: World, route: int, arrival: float) -> float:
    """Return the overtime of coming home then, INF when it is forbidden."""
    at = route * ROUTE_COLUMNS
    if arrival > world.routes[at + LATEST_END]:
        return INF
    return max(0.0, arrival - world.routes[at + OVERTIME_FROM]) * world.routes[at + OVERTIME]


@inline
def owes_no_break(world: World, route: int) -> float:
    """Return 1 when the route has no break, or begins after it must have begun."""
    at = route * ROUTE_COLUMNS
    if world.routes[at + BREAK_S] <= 0.0 or world.routes[at + READY] > world.routes[at + BREAK_CLOSE]:
        return 1.0
    return 0.0


@njit
def time_forward(world: World, state: State, route: int) -> float:
    """Recompute the times of a route's stops; return its cost, INF when a stop cannot be kept, 0 without stops."""
    stop, end = world.n + route, world.n + world.m + route
    stops, at = state.stops, (world.n + route) * STOP_COLUMNS
    leave, rested = world.routes[route * ROUTE_COLUMNS + READY], owes_no_break(world, route)
    stops[at + ARRIVAL] = stops[at + START] = stops[at + LEAVE] = leave
    stops[at + RESTED] = rested
    cost = 0.0
    while stop != end:
        target = state.after[stop]
        leave, rested = arrive(world, route, leave, rested, stop, target)
        at = target * STOP_COLUMNS
        leg = world.travel_cost[world.node[stop] * world.size + world.node[target]]
        stops[at + ARRIVAL], stops[at + RESTED], stops[at + LEG] = leave, rested, leg
        state.leg[target] = leg
        if target == end:
            stops[at + LATENESS] = end_cost(world, route, leave)
        else:
            leave = time_stop(world, state, route, target)
            cost += world.pair_cost[world.row[route] + target]
        cost += leg + stops[at + LATENESS]
        stop = target
    if state.held[route] == 0:
        stops[at + LEG] = stops[at + LATENESS] = state.leg[end] = 0.0
        return 0.0
    return cost + world.routes[route * ROUTE_COLUMNS + FIXED]


@inline
def time_stop(world: World, state: State, route: int, job: int) -> float:
    """Recompute start and time cost of a stop whose arrival is known; return when it is left."""
    stops, at = state.stops, job * STOP_COLUMNS
    arrival = stops[at + ARRIVAL]
    start = start_of(world, route, job, arrival)
    late = 0.0
    if start >= INF:
        start = arrival
        if state.locked[job] == 0:  # a head is a fact on the ground, whatever its window says
            late = INF
    leave = start + service_of(world, route, job)
    stops[at + START], stops[at + LEAVE] = start, leave
    stops[at + LATENESS] = late + time_cost(world, job, arrival, start)
    return leave


@inline
def first_rise(world: World, job: int, start: float) -> float:
    """Return the start from which on the job's time costs more than at ``start``."""
    due = min(world.jobs[job * JOB_COLUMNS + DUE], world.jobs[job * JOB_COLUMNS + DUE2])
    return max(start, due)


@inline
def flat_until(world: World, state: State, stop: int, room: float) -> float:
    """Return the latest arrival that changes no cost from this job on; ``room`` is the latest harmless start.

    Before the break only an arrival that is waited out is harmless, because every other moves the break.
    """
    stops, at = state.stops, stop * STOP_COLUMNS
    jobs, job = world.jobs, stop * JOB_COLUMNS
    start = stops[at + START]
    flat = start
    if stops[at + RESTED] > 0.0 and jobs[job + OPEN] <= start <= jobs[job + CLOSE]:
        flat = max(start, min(room, first_rise(world, stop, start), jobs[job + CLOSE]))
    if jobs[job + WAIT] > 0.0:
        flat = max(stops[at + ARRIVAL], min(flat, jobs[job + WAIT_FROM]))
    return flat


@inline
def end_flat(world: World, state: State, route: int, latest: float) -> float:
    """Return the latest way home that costs what it costs now; an empty route costs nothing yet."""
    at = (world.n + world.m + route) * STOP_COLUMNS
    flat = latest
    if world.routes[route * ROUTE_COLUMNS + OVERTIME] > 0.0:
        flat = min(world.routes[route * ROUTE_COLUMNS + OVERTIME_FROM], latest)
    if state.stops[at + RESTED] == 0.0:
        flat = -INF
    return flat if state.held[route] == 0 else max(flat, state.stops[at + ARRIVAL])


@njit
def time_backward(world: World, state: State, route: int) -> None:
    """Recompute FLAT and LAST of a timed route."""
    target = world.n + world.m + route
    last = world.routes[route * ROUTE_COLUMNS + LATEST_END]
    flat = end_flat(world, state, route, last)
    state.stops[target * STOP_COLUMNS + LAST], state.stops[target * STOP_COLUMNS + FLAT] = last, flat
    stop = state.before[target]
    while stop < world.n:
        used = service_of(world, route, stop) + drive_s(world, stop, target)
        bound = last_start(world, route, stop)
        last = min(last - used, bound)
        flat = flat_until(world, state, stop, min(flat - used, bound))
        state.stops[stop * STOP_COLUMNS + FLAT], state.stops[stop * STOP_COLUMNS + LAST] = flat, last
        target, stop = stop, state.before[stop]


@inline
def retime_forward(world: World, state: State, route: int, stop: int, through: int) -> int:
    """Recompute times and cost from a stop on, at least to ``through``; return the last stop that changed.

    A job just linked must stand in the rows with neither leg nor lateness.
    """
    stops, end = state.stops, world.n + world.m + route
    leave, rested = stops[stop * STOP_COLUMNS + LEAVE], stops[stop * STOP_COLUMNS + RESTED]
    passed, change = False, 0.0
    while stop != end:
        target = state.after[stop]
        at = target * STOP_COLUMNS
        leave, rested = arrive(world, route, leave, rested, stop, target)
        if passed and leave == stops[at + ARRIVAL] and rested == stops[at + RESTED]:
            break
        change -= stops[at + LEG] + stops[at + LATENESS]
        leg = world.travel_cost[world.node[stop] * world.size + world.node[target]]
        stops[at + ARRIVAL], stops[at + RESTED], stops[at + LEG] = leave, rested, leg
        state.leg[target] = leg
        if target == end:
            stops[at + LATENESS] = end_cost(world, route, leave)
        else:
            leave = time_stop(world, state, route, target)
        change += leg + stops[at + LATENESS]
        passed = passed or target == through
        stop = target
    state.cost[route] += change
    return stop


@inline
def retime_backward(world: World, state: State, route: int, stop: int, back_to: int) -> None:
    """Recompute FLAT and LAST from a stop backwards, at least to ``back_to``."""
    stops, end = state.stops, world.n + world.m + route
    if stop == end:
        stops[end * STOP_COLUMNS + FLAT] = end_flat(world, state, route, stops[end * STOP_COLUMNS + LAST])
        stop = state.before[end]
    passed = False
    while stop < world.n:
        target, at = state.after[stop], stop * STOP_COLUMNS
        used = service_of(world, route, stop) + drive_s(world, stop, target)
        bound = last_start(world, route, stop)
        last = min(stops[target * STOP_COLUMNS + LAST] - used, bound)
        flat = flat_until(world, state, stop, min(stops[target * STOP_COLUMNS + FLAT] - used, bound))
        if passed and flat == stops[at + FLAT] and last == stops[at + LAST]:
            break
        stops[at + FLAT], stops[at + LAST] = flat, last
        passed = passed or stop == back_to
        stop = state.before[stop]


@inline
def shift_cost(
    world: World, state: State, route: int, leave: float, rested: float, stop: int, target: int, budget: float
) -> float:
    """Return what the stops from ``target`` on cost more when ``stop`` is left at ``leave`` before them.

    Legs are not counted. INF when a stop cannot be kept, or when the cost reaches ``budget``.
    """
    stops, end = state.stops, world.n + world.m + route
    extra = 0.0
    while True:
        arrival, rested = arrive(world, route, leave, rested, stop, target)
        at = target * STOP_COLUMNS
        if arrival > stops[at + LAST]:
            return INF
        if rested == stops[at + RESTED] and stops[at + ARRIVAL] <= arrival <= stops[at + FLAT]:
            return extra
        if target == end:
            return extra + end_cost(world, route, arrival) - stops[at + LATENESS]
        start = start_of(world, route, target, arrival)
        if start >= INF:
            return INF
        extra += time_cost(world, target, arrival, start) - stops[at + LATENESS]
        if extra >= budget:
            return INF
        leave = start + service_of(world, route, target)
        stop, target = target, state.after[target]


@inline
def cannot_stand(world: World, state: State, route: int, job: int, stop: int, target: int) -> bool:
    """Tell quickly that a job cannot be done between two stops; False when it must be worked out."""
    at, jobs = job * world.size, world.jobs
    start = state.stops[stop * STOP_COLUMNS + LEAVE] + world.into_s[at + world.node[stop]]
    if start > jobs[job * JOB_COLUMNS + LAST_CLOSE]:
        return True
    start = max(start, jobs[job * JOB_COLUMNS + OPEN]) + service_of(world, route, job)
    return start + world.travel_s[at + world.node[target]] > state.stops[target * STOP_COLUMNS + LAST]


@inline
def insertion_time_cost(
    world: World, state: State, route: int, job: int, stop: int, target: int, budget: float
) -> float:
    """Return the time cost of doing ``job`` between two stops, its own and what it delays; INF when impossible."""
    at = stop * STOP_COLUMNS
    arrival, rested = arrive(world, route, state.stops[at + LEAVE], state.stops[at + RESTED], stop, job)
    start = start_of(world, route, job, arrival)
    if start >= INF:
        return INF
    own = time_cost(world, job, arrival, start)
    if own >= budget:
        return INF
    leave = start + service_of(world, route, job)
    return own + shift_cost(world, state, route, leave, rested, job, target, budget - own)
