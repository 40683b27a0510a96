"""The search's arrays price a plan exactly as the walk does, and regions add up to one sound plan."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from routing.bridge import lay_out
from routing.grid import build_grid
from routing.optimiser import waiting_jobs
from routing.planner import plan_routes
from routing.problem import Break, Problem, SkillReserve
from routing.regional import Course, search_regions
from routing.regions import cut_regions, share_out
from routing.search import engine
from routing.search.compiled import IS_COMPILED
from routing.state import State, state_of
from routing.stop import MaxIterations
from routing.travel import StraightLine
from routing.urgent import first_tier_order, place_first
from routing.verify import verify_plan
from tests.routing.worlds import DAY_START, HOUR, a_job, a_problem, a_technician, east, random_problem

compiled = pytest.mark.skipif(not IS_COMPILED, reason="uncompiled, a search of this length takes minutes")


def started(problem: Problem) -> State:
    """Return a state with the first tiers placed."""
    state = state_of(build_grid(problem, StraightLine(problem.profile)), None, keep_first=False)
    for job in first_tier_order(state.grid, state.unplanned()):
        place_first(state, job)
    return state


def rich_problem() -> Problem:
    """Return a day with a rest, overtime, a foreign territory and a second piece of lateness."""
    rest = (Break(duration_s=1800, earliest_s=DAY_START + 3 * HOUR, latest_s=DAY_START + 5 * HOUR),)
    fields = {"end_place": east(0), "overtime_from_s": DAY_START + 6 * HOUR, "overtime_price_per_h": 1800.0}
    crew = [
        a_technician("Wang", east(-3000), breaks=rest, territories=("west",), **fields),
        a_technician("Qi", east(3000), territories=("east",), **fields),
    ]
    jobs = [
        a_job(
            f"J{n:02d}",
            east(911.0 * n % 7000 - 3500, 577.0 * n % 5000),
            territory="west" if n % 2 else "east",
            due_s=DAY_START + n * 1500,
            breach_s=DAY_START + n * 1500 + 1800,
            breach_weight=4.0,
        )
        for n in range(20)
    ]
    crew[1] = replace(crew[1], skills=())
    kept = SkillReserve(skills=("gas",), price=300.0)
    return a_problem(crew, jobs, foreign_territory_price=400.0, reserve=kept)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("steps", [0, 40])
def test_search_saves_what_the_walk_says_when_days_are_random(seed: int, steps: int) -> None:
    """Agrees on the difference between two plans to the last second, heads and committed stops included."""
    state = started(random_problem(seed, crew=5, count=30))
    before, ground = state.objective().total, lay_out(state, range(5), waiting_jobs(state))
    routes, heads = ground.lines(state)
    found = engine.improve(ground.arrays, routes, heads, seed=1, limits=engine.Limits(iterations=steps))
    ground.put_back(state, found.routes)
    assert state.repair() == []
    assert before - state.objective().total == pytest.approx(found.start_cost - found.cost, abs=1e-3)


def test_search_prices_rests_overtime_and_territories_as_the_walk_does() -> None:
    """Agrees on the whole difference where every price of the model is at work."""
    state = started(rich_problem())
    before, ground = state.objective().total, lay_out(state, range(2), waiting_jobs(state))
    routes, heads = ground.lines(state)
    found = engine.improve(ground.arrays, routes, heads, seed=1, limits=engine.Limits(iterations=60))
    ground.put_back(state, found.routes)
    assert state.repair() == []
    after = state.objective()
    assert before - after.total == pytest.approx(found.start_cost - found.cost, abs=1e-3)
    assert after.overtime > 0.0
    assert after.territory > 0.0
    assert after.reserve > 0.0


@pytest.mark.parametrize("count", [1, 2, 3, 7, 20])
@pytest.mark.parametrize("turn", [0, 1, 5])
def test_regions_hold_everybody_once_when_cut_at_any_angle(count: int, turn: int) -> None:
    """Cuts forty points into groups of nearly equal size."""
    points = np.random.default_rng(turn).uniform(0, 30, (40, 2))
    groups = cut_regions(points, count, turn)
    assert sorted(point for group in groups for point in group) == list(range(40))
    assert max(map(len, groups)) - min(map(len, groups)) <= 2


def test_jobs_go_to_a_region_that_may_take_them_when_shared_out() -> None:
    """Gives each job to one group with the skill, and what nobody may take to none."""
    crew = [a_technician("Wang", east(-5000)), a_technician("Qi", east(5000), skills=())]
    jobs = [a_job(f"J{n}", east(4000.0 + n), skills=("gas",)) for n in range(4)] + [a_job("odd", skills=("welding",))]
    state = started(a_problem(crew, jobs))
    assert share_out(state, range(5), [[0], [1]]) == [[0, 1, 2, 3], []]


@compiled
def test_regional_plan_is_the_same_when_more_searches_run_side_by_side() -> None:
    """Depends on seed and iterations alone, and loses no job."""
    problem = random_problem(6, crew=90, count=240, emergencies=3)
    first, second = (plan_routes(problem, seed=2, stop=MaxIterations(count=30), workers=n) for n in (1, 2))
    assert first == second
    assert "sisr" in first.engines
    assert verify_plan(problem, first.plan) == []


@compiled
def test_regional_search_tells_its_rounds_and_ends_better_than_it_began() -> None:
    """Notes the state after every round; the last is far below an empty day."""
    state = started(random_problem(7, crew=40, count=160, emergencies=0))
    seen: list[float] = []
    limits = engine.Limits(iterations=4000)
    done = search_regions(
        state, limits, 1, Course(rounds=3, crew=10), lambda _, now: seen.append(now.objective().total)
    )
    assert len(seen) == 3
    assert done.objective().total == seen[-1] < state.objective().total
