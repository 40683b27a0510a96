"""Random problems for the search, and what a plan of them costs, computed in plain Python from the named arrays."""

from __future__ import annotations

import math
import random

import numpy as np
from numpy.typing import ArrayLike

from routing.search import arrays

Routes = list[list[int]]


def problem(seed: int, *, jobs: int = 12, routes: int = 3) -> arrays.Arrays:
    """Return a random problem that uses every rule of the search."""
    draw = random.Random(seed)
    nodes = jobs + routes + 1
    places = [(draw.uniform(0, 60), draw.uniform(0, 60)) for _ in range(nodes)]
    travel = np.array([[math.dist(a, b) * draw.uniform(1.0, 1.2) for b in places] for a in places])
    travel[:, -1] = travel[-1, :] = 0.0
    shifts = [draw.uniform(0, 30) for _ in range(routes)]
    return arrays.build(
        travel_s=travel,
        travel_cost=travel * 1.5 + 2.0,
        service_s=[draw.uniform(5, 25) for _ in range(jobs)],
        start_node=range(jobs, jobs + routes),
        end_node=[draw.choice([jobs + route, nodes - 1]) for route in range(routes)],
        windows=[_windows(draw) for _ in range(jobs)],
        job={
            "due_s": [draw.choice([math.inf, draw.uniform(50, 250)]) for _ in range(jobs)],
            "late_price": [draw.choice([0.0, 0.5, 3.0]) for _ in range(jobs)],
            "due2_s": [draw.choice([math.inf, draw.uniform(100, 300)]) for _ in range(jobs)],
            "late2_price": [draw.choice([0.0, 5.0]) for _ in range(jobs)],
            "wait_from_s": [draw.uniform(0, 60) for _ in range(jobs)],
            "wait_price": [draw.choice([0.0, 0.0, 0.0, 0.4]) for _ in range(jobs)],
            "unserved_cost": [draw.choice([200.0, 900.0]) for _ in range(jobs)],
            "first": [draw.choice([0, 1, 2, 2, 2, 2]) for _ in range(jobs)],
            "demand": [[draw.randint(0, 3), draw.randint(0, 1)] for _ in range(jobs)],
        },
        route={
            "service_factor": [draw.choice([1.0, 1.3]) for _ in range(routes)],
            "ready_s": shifts,
            "latest_end": [draw.choice([math.inf, 480.0]) for _ in range(routes)],
            "overtime_from": [draw.uniform(150, 350) for _ in range(routes)],
            "overtime_price": [draw.choice([0.0, 2.0]) for _ in range(routes)],
            "fixed_cost": [draw.choice([0.0, 50.0]) for _ in range(routes)],
            "break_open": [draw.uniform(60, 150) for _ in range(routes)],
            "break_close": [draw.uniform(150, 240) for _ in range(routes)],
            "break_s": [draw.choice([0.0, 30.0]) for _ in range(routes)],
            "stock": [[draw.randint(5, 12), draw.randint(1, 4)] for _ in range(routes)],
        },
        tables=_tables(draw, routes, jobs),
    )


def _tables(draw: random.Random, routes: int, jobs: int) -> dict[str, ArrayLike]:
    return {
        "allowed": [[draw.random() < 0.85 for _ in range(jobs)] for _ in range(routes)],
        "latest_start": [[draw.choice([math.inf, math.inf, 250.0]) for _ in range(jobs)] for _ in range(routes)],
        "pair_cost": [[draw.choice([0.0, 0.0, 7.0]) for _ in range(jobs)] for _ in range(routes)],
    }


def _windows(draw: random.Random) -> list[tuple[float, float]]:
    kind = draw.random()
    if kind < 0.4:
        return []
    first = draw.uniform(0, 150)
    windows = [(first, first + draw.uniform(20, 120))]
    if kind > 0.7:
        later = windows[0][1] + draw.uniform(10, 60)
        windows.append((later, later + draw.uniform(20, 120)))
    return windows


def plan_cost(world: arrays.Arrays, routes: Routes) -> float:
    """Return what a plan costs, inf when a rule is broken; slow and written without the search's code."""
    left_out = set(range(world.jobs)) - {job for stops in routes for job in stops}
    cost = float(sum(world.unserved_cost[job] for job in left_out))
    return cost + sum(route_cost(world, route, stops) for route, stops in enumerate(routes))


def route_cost(world: arrays.Arrays, route: int, stops: list[int]) -> float:
    """Return what one route costs, inf when a rule is broken."""
    if not stops:
        return 0.0
    ranks = [int(world.first[job]) for job in stops]
    if ranks != sorted(ranks) or (world.demand[stops].sum(axis=0) > world.stock[route]).any():
        return math.inf
    clock, rested = float(world.ready_s[route]), not world.break_s[route]
    rested = rested or clock > world.break_close[route]
    here = int(world.start_node[route])
    cost = float(world.fixed_cost[route])
    for job in stops:
        if not world.allowed[world.row[route], job]:
            return math.inf
        arrival = clock + float(world.travel_s[here, job])
        start = start_of(world, route, job, arrival)
        used = float(world.service_s[job] * world.service_factor[route])
        if not rested and (clock >= world.break_open[route] or max(start, arrival) + used > world.break_close[route]):
            arrival = max(clock, float(world.break_open[route])) + float(world.break_s[route]) + arrival - clock
            rested, start = True, start_of(world, route, job, arrival)
        if start == math.inf:
            return math.inf
        cost += float(world.travel_cost[here, job] + world.pair_cost[world.row[route], job])
        cost += max(0.0, start - world.due_s[job]) * world.late_price[job] if world.late_price[job] else 0.0
        cost += max(0.0, start - world.due2_s[job]) * world.late2_price[job] if world.late2_price[job] else 0.0
        cost += max(0.0, arrival - world.wait_from_s[job]) * world.wait_price[job]
        clock, here = start + used, job
    drive = float(world.travel_s[here, world.end_node[route]])
    if not rested and clock + drive > world.break_close[route]:
        clock = max(clock, float(world.break_open[route])) + float(world.break_s[route])
    home = clock + drive
    cost += float(world.travel_cost[here, world.end_node[route]])
    cost += max(0.0, home - world.overtime_from[route]) * world.overtime_price[route]
    return cost if home <= world.latest_end[route] else math.inf


def start_of(world: arrays.Arrays, route: int, job: int, arrival: float) -> float:
    """Return the first legal start, inf when there is none."""
    windows = range(int(world.window_from[job]), int(world.window_from[job + 1]))
    open_at = (max(arrival, world.window_open[at]) for at in windows if arrival <= world.window_close[at])
    start = float(next(open_at, math.inf))
    return start if start <= world.latest_start[world.row[route], job] else math.inf
