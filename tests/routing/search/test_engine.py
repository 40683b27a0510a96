"""The compiled search prices plans as plain Python does, never loses what it was given, and repeats itself."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import numpy as np
import pytest

from routing.search import arrays, engine
from tests.routing.search import plain

SEEDS = range(40)
pytestmark = pytest.mark.timeout(600)  # the first run on a machine compiles the search


def empty(world: arrays.Arrays) -> plain.Routes:
    """Return a plan without stops."""
    return [[] for _ in range(world.routes)]


def improve(world: arrays.Arrays, seed: int = 1, iterations: int = 400, reach: int = 0) -> engine.Improved:
    """Plan from nothing within an iteration limit."""
    limits, settings = engine.Limits(iterations=iterations), engine.Settings(reach=reach)
    return engine.improve(world, empty(world), [0] * world.routes, seed=seed, limits=limits, settings=settings)


@pytest.mark.parametrize("seed", SEEDS)
def test_cost_of_a_random_plan_equals_plain_python(seed: int) -> None:
    """Any order of any jobs, broken rules of time included; ranks, skills and parts are not the pricing's business."""
    world, draw = plain.problem(seed), random.Random(seed)
    for _ in range(30):
        jobs = draw.sample(range(world.jobs), draw.randint(0, 7))
        plan = [sorted(jobs[at :: world.routes], key=lambda job: int(world.first[job])) for at in range(world.routes)]
        plan = [[job for job in stops if world.allowed[at, job]] for at, stops in enumerate(plan)]
        if any((world.demand[stops].sum(axis=0) > world.stock[at]).any() for at, stops in enumerate(plan)):
            continue
        assert engine.cost_of(world, plan).total == pytest.approx(plain.plan_cost(world, plan))


@pytest.mark.parametrize("seed", SEEDS)
def test_improved_plan_costs_what_the_search_says_and_keeps_every_rule(seed: int) -> None:
    """The cost summed up over hundreds of changes is that of plain Python, and finite."""
    world = plain.problem(seed)
    found = improve(world, seed)
    assert found.cost == pytest.approx(plain.plan_cost(world, found.routes), rel=1e-9)
    assert sorted([job for stops in found.routes for job in stops] + found.unserved) == list(range(world.jobs))


@pytest.mark.parametrize("seed", SEEDS)
def test_search_that_tries_near_routes_alone_keeps_every_rule_and_loses_no_job(seed: int) -> None:
    """However short the reach, costs stay those of plain Python and nobody is forgotten."""
    world = plain.problem(seed)
    for reach in (1, 3):
        found = improve(world, seed, reach=reach)
        assert found.cost == pytest.approx(plain.plan_cost(world, found.routes), rel=1e-9)
        assert sorted([job for stops in found.routes for job in stops] + found.unserved) == list(range(world.jobs))


@pytest.mark.parametrize("seed", SEEDS)
def test_job_is_inserted_at_its_cheapest_place(seed: int) -> None:
    """Trying every place in plain Python finds nothing cheaper, and leaving the job out is a place too."""
    world = plain.problem(seed, jobs=9)
    plan = improve(world, seed, 50).routes
    served = [job for stops in plan for job in stops]
    job = served[seed % len(served)]
    rest = [[stop for stop in stops if stop != job] for stops in plan]
    tries = [plain.plan_cost(world, rest)] + [
        plain.plan_cost(world, [*rest[:route], [*stops[:at], job, *stops[at:]], *rest[route + 1 :]])
        for route, stops in enumerate(rest)
        for at in range(len(stops) + 1)
    ]
    inserted = engine.insert_all(world, rest, [0] * world.routes, [job])
    assert plain.plan_cost(world, inserted) == pytest.approx(min(tries))


@pytest.mark.parametrize("seed", range(10))
def test_improved_plan_is_never_worse_than_the_plan_given(seed: int) -> None:
    """Not even with a hot start and hardly an iteration."""
    world = plain.problem(seed)
    good = improve(world, seed)
    hot = engine.Settings(hot=50.0, cold=50.0)
    heads = [0] * world.routes
    again = engine.improve(world, good.routes, heads, seed=2, limits=engine.Limits(iterations=30), settings=hot)
    assert again.cost <= good.cost + 1e-6


def test_same_seed_and_iterations_give_the_same_plan() -> None:
    """Another seed may give another."""
    world = plain.problem(5, jobs=30, routes=5)
    assert improve(world, 7).routes == improve(world, 7).routes


def test_head_of_a_route_stays_when_the_rest_is_replanned() -> None:
    """The first two stops of a route are promised: nothing comes before or between them."""
    world = plain.problem(6, jobs=20, routes=4)
    first = improve(world, 1)
    heads = [min(2, len(stops)) for stops in first.routes]
    again = engine.improve(world, first.routes, heads, seed=3, limits=engine.Limits(iterations=500))
    assert [stops[:head] for stops, head in zip(again.routes, heads, strict=True)] == [
        stops[:head] for stops, head in zip(first.routes, heads, strict=True)
    ]


def test_only_one_of_many_equal_empty_routes_is_tried() -> None:
    """Twenty interchangeable vans and five: the same search."""
    travel = np.abs(np.subtract.outer(np.arange(9.0), np.arange(9.0)))
    fleets = [
        arrays.build(
            travel_s=travel, service_s=[1.0] * 8, start_node=[8] * vans, end_node=[8] * vans, route={"fleet": 0}
        )
        for vans in (5, 20)
    ]
    assert improve(fleets[0]).routes == improve(fleets[1]).routes[:5]


def test_wrong_shapes_are_refused() -> None:
    """Compiled code checks nothing, so that the door must."""
    world = plain.problem(1)
    with pytest.raises(ValueError, match="twice"):
        engine.cost_of(world, [[0], [0], []])
    with pytest.raises(ValueError, match="entry for every route"):
        engine.cost_of(world, [[0]])
    with pytest.raises(ValueError, match="unknown fields"):
        arrays.build(travel_s=np.zeros((2, 2)), service_s=[1.0], start_node=[1], end_node=[1], job={"colour": 1.0})


def test_search_without_numba_finds_the_same_plan() -> None:
    """The plain functions are the compiled ones: same seed, same plan."""
    script = (
        "from routing.search import compiled, engine\nfrom tests.routing.search import plain, test_engine\n"
        "assert not compiled.IS_COMPILED\n"
        "print([test_engine.improve(plain.problem(3), 3, 60, reach).routes for reach in (0, 3)])"
    )
    surroundings = {**os.environ, "LEAKFIRST_NO_NUMBA": "1"}
    done = subprocess.run([sys.executable, "-c", script], env=surroundings, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str([improve(plain.problem(3), 3, 60, reach).routes for reach in (0, 3)])
