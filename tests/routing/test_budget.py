"""The stability budget: no more stops change their technician than the dispatcher allows."""

from __future__ import annotations

from unittest import mock

import pytest
from msgspec.structs import replace

from routing.merge import merge
from routing.plan import Plan
from routing.planner import plan_routes
from routing.problem import Problem
from routing.search.compiled import IS_COMPILED
from routing.stop import MaxIterations, MaxSeconds
from routing.verify import verify_plan
from tests.routing.worlds import DAY_START, HOUR, a_job, a_leak, a_problem, a_technician, east, random_problem


def owners(plan: Plan) -> dict[str, str | None]:
    """Return the technician of every planned job."""
    return {stop.job_id: route.technician_id for route in plan.routes for stop in route.stops}


def moves(problem: Problem, plan: Plan) -> set[str]:
    """Return the stops of the previous plan that another technician has now, or nobody."""
    now, names = owners(plan), {technician.id for technician in problem.technicians}
    return {job for job, had in problem.previous.items() if had in names and now.get(job) != had}


def crossed(count: int = 4) -> tuple[Problem, Plan]:
    """Return a day in which every stop stands with the technician across town, and moving is free."""
    crew = [a_technician("Wang", east(-6000)), a_technician("Qi", east(6000))]
    sides = {f"J{n}": ("Wang" if n % 2 else "Qi") for n in range(count)}
    jobs = [
        a_job(name, east(-5900.0 if had == "Qi" else 5900.0, 40.0 * n)) for n, (name, had) in enumerate(sides.items())
    ]
    problem = a_problem(crew, jobs, previous=dict(sides), moved_stop_price=0.0)
    locked = replace(problem, jobs=tuple(replace(job, locked_to=sides[job.id]) for job in problem.jobs))
    return problem, plan_routes(locked, seed=1, stop=MaxIterations(count=5)).plan


@pytest.mark.parametrize("most", [0, 1, 2, 3])
def test_no_more_stops_move_than_allowed_when_all_stand_on_the_wrong_side(most: int) -> None:
    """Keeps the budget, says that it bound, and names the stops that moved."""
    problem, before = crossed()
    answer = plan_routes(problem, seed=1, stop=MaxIterations(count=40), warm=before, max_moved=most)
    assert min(1, most) <= len(moves(problem, answer.plan)) <= most
    assert {one.job_id for one in answer.moved} == moves(problem, answer.plan)
    assert answer.moved_budget_bound
    assert verify_plan(problem, answer.plan) == []


def test_everything_moves_when_the_budget_is_wide() -> None:
    """Puts every stop on its own side, unbound."""
    problem, before = crossed()
    answer = plan_routes(problem, seed=1, stop=MaxIterations(count=40), warm=before, max_moved=4)
    assert len(answer.moved) == 4
    assert not answer.moved_budget_bound
    assert {one.technician_after for one in answer.moved} == {"Wang", "Qi"}


def test_moves_that_a_leak_forces_are_listed_when_the_budget_is_nothing() -> None:
    """Lets the emergency push a promise away although nothing else may move."""
    crew = [a_technician("Wang"), a_technician("Qi", east(9000))]
    promise = a_job("promise", east(100), promised=True, windows=((DAY_START, DAY_START + HOUR // 2),))
    problem = a_problem(crew, [promise], previous={"promise": "Wang"})
    before = plan_routes(problem, seed=1, stop=MaxIterations(count=5)).plan
    with_leak = replace(problem, jobs=(promise, a_leak("leak", east(2000))))
    answer = plan_routes(with_leak, seed=1, stop=MaxIterations(count=5), warm=before, max_moved=0)
    (moved,) = answer.moved
    assert (moved.job_id, moved.promised, moved.technician_before, moved.technician_after) == (
        "promise",
        True,
        "Wang",
        "Qi",
    )
    assert moved.start_before_s != moved.start_after_s


@pytest.mark.parametrize("seed", range(4))
def test_plan_under_a_budget_is_never_worse_than_its_start_when_days_are_random(seed: int) -> None:
    """Stays at or below the warm start's objective with at most two more moves than the start already had."""
    problem = random_problem(seed, crew=6, count=40, emergencies=0)
    start = plan_routes(problem, seed=seed, stop=MaxIterations(count=0))
    stable = replace(problem, previous=dict(owners(start.plan)))
    base = plan_routes(stable, seed=seed, stop=MaxIterations(count=0), warm=start.plan)
    answer = plan_routes(stable, seed=seed, stop=MaxIterations(count=40), warm=start.plan, max_moved=2)
    assert len(moves(stable, answer.plan)) <= max(2, len(moves(stable, base.plan)))
    assert answer.objective.total <= base.objective.total
    assert verify_plan(stable, answer.plan) == []


@pytest.mark.skipif(not IS_COMPILED, reason="only the compiled search keeps the routes it has seen")
def test_long_search_ends_with_the_best_choice_of_the_routes_it_has_seen() -> None:
    """Steps enough for the merge: where it is better the plan names it, passes the judge, comes out again the same."""
    problems = [random_problem(number, crew=12, count=80, emergencies=1) for number in range(1, 7)]
    plans = [plan_routes(problem, seed=1, stop=MaxIterations(1000)) for problem in problems]
    better = [number for number, plan in enumerate(plans) if "partition" in plan.engines]
    assert better != []
    problem, plan = problems[better[0]], plans[better[0]]
    assert plan.engines == ("insertion", "sisr", "partition")
    assert verify_plan(problem, plan.plan) == []
    assert plan == plan_routes(problem, seed=1, stop=MaxIterations(1000))
    assert "partition" not in plan_routes(problem, seed=1, stop=MaxIterations(999)).engines


@pytest.mark.skipif(not IS_COMPILED, reason="only the compiled search keeps the routes it has seen")
def test_run_of_the_server_s_own_length_ends_with_the_merge() -> None:
    """Five seconds, of which preparing takes a part: the routes are put together all the same; who wins is open."""
    problem = random_problem(21, crew=40, count=400, emergencies=0)
    with mock.patch("routing.budget.merge", wraps=merge) as merging:
        plan = plan_routes(problem, seed=1, stop=MaxSeconds(5))
        assert merging.call_count == 1
        plan_routes(problem, seed=1, stop=MaxSeconds(1))
        assert merging.call_count == 1
    assert verify_plan(problem, plan.plan) == []
