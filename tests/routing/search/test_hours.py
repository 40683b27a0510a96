"""Plans paid by working time are priced as plain Python does it, with tools, parts and the depot's best place."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise, permutations

import numpy as np
import pytest

from routing.search.arrays import Arrays, build
from routing.search.engine import Limits
from routing.search.hours import engine, rounds
from routing.search.hours.supplies import Supplies

# The first call in a fresh checkout compiles the search.
pytestmark = [pytest.mark.timeout(900), pytest.mark.slow]

JOBS, CREW, DEPOT = 7, 3, 7
SEEDS = range(30)


def a_problem(seed: int, *, wage: float = 2.0) -> tuple[Arrays, Supplies]:
    """Return seven jobs and three technicians on a square, with windows, tolls, parts, tools and one depot."""
    luck = random.Random(seed)
    places = [(luck.uniform(0, 100), luck.uniform(0, 100)) for _ in range(JOBS + 1 + CREW)]
    travel = np.array([[np.hypot(a[0] - b[0], a[1] - b[1]) for b in places] for a in places])
    opens = [luck.uniform(0, 300) for _ in range(JOBS)]
    homes = range(JOBS + 1, JOBS + 1 + CREW)
    arrays = build(
        travel_s=travel,
        travel_cost=travel * luck.choice((0.0, 0.5)),
        service_s=[luck.uniform(5, 30) for _ in range(JOBS)],
        start_node=homes,
        end_node=homes,
        windows=[[(at, at + luck.choice((60, 200, 800)))] for at in opens],
        job={"unserved_cost": 5000.0, "demand": [[luck.choice((0, 0, 1, 2)) for _ in range(2)] for _ in range(JOBS)]},
        route={
            "ready_s": 10.0,
            "latest_end": 900.0,
            "work_price": wage,
            "fixed_cost": 7.0,
            "stock": [[luck.randint(0, 3) for _ in range(2)] for _ in range(CREW)],
        },
        tables={"pair_cost": [[luck.choice((0, 20)) for _ in range(JOBS)] for _ in range(CREW)]},
    )
    lacks = np.array([[luck.random() < 0.2 for _ in range(JOBS)] for _ in range(CREW)])
    return arrays, Supplies(np.full(CREW, DEPOT, np.int32), lacks)


def plain_price(arrays: Arrays, supplies: Supplies, route: int, stops: list[int], depot_before: int) -> float:
    """Return a route's price with the depot at a place (-1 never); inf when a window, a part or a tool is missed."""
    home = int(arrays.start_node[route])
    tour = [*stops[:depot_before], DEPOT, *stops[depot_before:]] if depot_before >= 0 else list(stops)
    nodes, clock, van = [home, *tour, home], float(arrays.ready_s[route]), arrays.stock[route].copy()
    starts = [clock]
    for before, after in pairwise(nodes):
        clock += arrays.travel_s[before, after] + (arrays.service_s[before] if before < JOBS else 0.0)
        if after < JOBS:
            clock = max(clock, arrays.window_open[after])
            supplied = DEPOT in nodes[: len(starts) + 1]
            van = van if supplied else van - arrays.demand[after]
            if clock > arrays.window_close[after] or (not supplied and (van.min() < 0 or supplies.lacks[route, after])):
                return float("inf")
        starts.append(clock)
    leave = clock
    for before, after in reversed(list(pairwise(nodes))):
        leave -= arrays.travel_s[before, after] + (arrays.service_s[before] if before < JOBS else 0.0)
        leave = min(leave, arrays.window_close[before]) if before < JOBS else leave
    tolls = sum(arrays.travel_cost[before, after] for before, after in pairwise(nodes))
    extras = arrays.fixed_cost[route] + arrays.pair_cost[route, stops].sum()
    if clock > arrays.latest_end[route]:
        return float("inf")
    return float(arrays.work_price[route] * (clock - leave) + tolls + extras)


def cheapest(arrays: Arrays, supplies: Supplies, route: int, stops: list[int]) -> float:
    """Return the least price over every place of the depot; it is visited only when the van alone will not do."""
    if not stops:
        return 0.0
    alone = plain_price(arrays, supplies, route, stops, -1)
    return min([alone, *(plain_price(arrays, supplies, route, stops, at) for at in range(len(stops)))])


def empty() -> list[list[int]]:
    """Return a plan in which nobody has work."""
    return [[] for _ in range(CREW)]


@pytest.mark.parametrize("seed", SEEDS)
def test_route_costs_what_plain_python_says_with_the_depot_at_its_best_place(seed: int) -> None:
    """Random orders of up to four jobs; a route that cannot be driven is refused."""
    arrays, supplies = a_problem(seed)
    luck = random.Random(seed)
    search = engine.Search(arrays, supplies, empty(), [0] * CREW, 1)
    for _ in range(20):
        stops = luck.sample(range(JOBS), luck.randint(1, 4))
        plan = [stops, [], []]
        expected = cheapest(arrays, supplies, 0, stops)
        if expected == float("inf"):
            with pytest.raises(ValueError, match="route 0"):
                search.restart(plan)
        else:
            search.restart(plan, insert=False)
            assert search.prices()[0] == pytest.approx(expected)
            at = search.depot_before()[0]
            assert plain_price(arrays, supplies, 0, stops, at) == pytest.approx(expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_missing_job_is_inserted_at_the_cheapest_place_of_any_technician(seed: int) -> None:
    """One job is out of a plan; brute force tries every technician and position, the depot anew each time."""
    arrays, supplies = a_problem(seed)
    found = engine.improve(arrays, supplies, empty(), [0] * CREW, seed=seed, limits=Limits(iterations=30))
    out = random.Random(seed).randrange(JOBS)
    plan = [[job for job in stops if job != out] for stops in found.routes]
    best = 5000.0
    for route, stops in enumerate(plan):
        before = cheapest(arrays, supplies, route, stops)
        for at in range(len(stops) + 1):
            best = min(best, cheapest(arrays, supplies, route, [*stops[:at], out, *stops[at:]]) - before)
    left = sum(5000.0 for job in found.unserved if job != out)
    start = sum(cheapest(arrays, supplies, route, stops) for route, stops in enumerate(plan)) + left
    search = engine.Search(arrays, supplies, plan, [0] * CREW, 1)
    assert search.cost <= start + best + 1e-6
    if not left:
        assert search.cost == pytest.approx(start + best)


def test_small_problem_is_solved_to_the_optimum_of_brute_force() -> None:
    """One technician, five jobs: every order and every place of the depot tried."""
    arrays, supplies = a_problem(3)
    one = replace(arrays, allowed=arrays.allowed & (np.arange(CREW) == 1)[:, None])
    found = engine.improve(one, supplies, empty(), [0] * CREW, seed=1, limits=Limits(iterations=2000))
    served = found.routes[1]
    best = min(cheapest(arrays, supplies, 1, list(order)) for order in permutations(served))
    assert found.cost == pytest.approx(best + 5000.0 * len(found.unserved))


def test_same_seed_and_iterations_give_the_same_plan() -> None:
    """Chance comes from the seed alone."""
    arrays, supplies = a_problem(5)
    first, again = (
        engine.improve(arrays, supplies, empty(), [0] * CREW, seed=9, limits=Limits(iterations=200)) for _ in range(2)
    )
    assert (first.routes, first.cost, first.depot_before) == (again.routes, again.cost, again.depot_before)


def test_plan_is_never_worse_than_the_one_given_and_heads_stay() -> None:
    """The first stop of each route is under way and keeps its place."""
    arrays, supplies = a_problem(8)
    start = engine.improve(arrays, supplies, empty(), [0] * CREW, seed=1, limits=Limits(iterations=5))
    heads = [min(1, len(stops)) for stops in start.routes]
    given = engine.Search(arrays, supplies, start.routes, heads, 2).cost
    after = engine.improve(arrays, supplies, start.routes, heads, seed=2, limits=Limits(iterations=300))
    assert after.cost <= given
    for stops, before, head in zip(after.routes, start.routes, heads, strict=True):
        assert stops[:head] == before[:head]


def test_merged_searches_serve_everybody_at_the_price_they_name() -> None:
    """Two searches, CP-SAT over their routes, a search from there: the price is that of the plan handed out."""
    arrays, supplies = a_problem(11)
    plan = rounds.plan(arrays, supplies, seed=1, cpu_s=0.4)
    total = sum(
        plain_price(arrays, supplies, route, stops, at)
        for route, (stops, at) in enumerate(zip(plan.routes, plan.depot_before, strict=True))
        if stops
    )
    assert plan.cost == pytest.approx(total + 5000.0 * len(plan.unserved))


def test_problem_with_rules_unknown_to_this_search_is_refused_by_name() -> None:
    """Soft lateness and breaks belong to the general search."""
    arrays, supplies = a_problem(1)
    late = replace(arrays, late_price=np.ones(JOBS), break_s=np.ones(CREW))
    with pytest.raises(ValueError, match="soft lateness, breaks"):
        engine.improve(late, supplies, empty(), [0] * CREW, seed=1, limits=Limits(iterations=1))
