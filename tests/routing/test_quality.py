"""The quality of a plan: no plan is below the bound, and the gap says how much might be saved."""

from __future__ import annotations

import tracemalloc

import pytest
from msgspec.structs import replace

from routing import quality as judging
from routing.plan import Plan
from routing.planner import plan_routes
from routing.quality import plan_quality
from routing.stop import MaxIterations
from tests.routing.worlds import HOUR, a_job, a_problem, a_technician, east, random_problem


@pytest.mark.parametrize("seed", range(6))
def test_no_plan_is_below_the_bound_when_searched_from_anywhere(seed: int) -> None:
    """Keeps the bound of every plan under the cost of the best one known."""
    problem = random_problem(seed, crew=6, count=30, emergencies=0)
    problem = replace(problem, jobs=tuple(replace(job, is_leak=False) for job in problem.jobs))
    plans = [plan_routes(problem, seed=n, stop=MaxIterations(count=15 * n)).plan for n in range(3)]
    best = min(plan.objective.total for plan in plans)
    for plan in plans:
        quality = plan_quality(problem, plan)
        assert quality.cost == pytest.approx(plan.objective.total)
        assert 0.0 < quality.bound <= best
        assert quality.gap == pytest.approx((quality.cost - quality.bound) / quality.cost)


def test_gap_is_nothing_when_the_plan_cannot_be_better() -> None:
    """Proves the way to the only stop and back to be the best there is."""
    wang = a_technician("Wang", end_place=east(0))
    problem = a_problem([wang], [a_job("routine", east(2000))])
    quality = plan_quality(problem, plan_routes(problem, seed=1, stop=MaxIterations(count=5)).plan)
    assert (quality.gap, quality.bound_reason) == (0.0, "assignment")


def test_gap_is_seen_when_a_plan_leaves_out_what_could_be_done() -> None:
    """Shows a wide gap for a plan without routes, and what a longer search would have found."""
    problem = a_problem([a_technician("Wang")], [a_job("routine", east(1000), due_s=9 * HOUR)])
    quality = plan_quality(problem, Plan(), reference=MaxIterations(count=5))
    best = plan_routes(problem, seed=1, stop=MaxIterations(count=5)).objective.total
    assert quality.gap > 0.9
    assert quality.bound <= best == quality.reference


def test_nothing_is_left_to_judge_when_every_stop_is_committed() -> None:
    """Takes what is under way as it stands."""
    problem = a_problem([a_technician("Wang", committed=("routine",))], [a_job("routine", east(1000))])
    quality = plan_quality(problem, plan_routes(problem, seed=1, stop=MaxIterations(count=1)).plan)
    assert (quality.gap, quality.bound_reason) == (0.0, "nothing_to_plan")


@pytest.mark.parametrize("at_once", [(500, 256), (7, 4)])
def test_bound_of_a_large_day_is_below_that_of_the_assignment(
    monkeypatch: pytest.MonkeyPatch, at_once: tuple[int, int]
) -> None:
    """The weaker bound is one, and the same however many jobs are looked at together."""
    problem = random_problem(4, crew=6, count=40, emergencies=1)
    plan = plan_routes(problem, seed=1, stop=MaxIterations(count=10)).plan
    exact, usual = plan_quality(problem, plan), plan_quality(problem, plan, largest=0)
    monkeypatch.setattr(judging, "_STARTS_AT_ONCE", at_once[0])
    monkeypatch.setattr(judging, "_JOBS_AT_ONCE", at_once[1])
    few = plan_quality(problem, plan, largest=0)
    assert (exact.bound_reason, few.bound_reason) == ("assignment", "nearest_entry")
    assert few.bound == pytest.approx(usual.bound)
    assert 0.0 < few.bound <= exact.bound


def test_judging_a_large_day_holds_no_table_of_all_legs() -> None:
    """1,500 orders: what is held at once stays far below the nine million numbers of all legs between them."""
    problem = random_problem(5, crew=60, count=1500, emergencies=0)
    empty = Plan()
    tracemalloc.start()
    plan_quality(problem, empty, largest=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * 1560 * 1560 * 2
