"""The day plan: leaks first, windows and skills kept, never worse than its start, the same for the same seed."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from routing.grid import build_grid
from routing.plan import Plan
from routing.planner import plan_routes
from routing.problem import Skill
from routing.regions import split_blocks
from routing.state import State
from routing.stop import MaxIterations, MaxSeconds
from routing.travel import Ints, StraightLine
from routing.verify import verify_plan
from routing.wire import encode
from tests.routing.worlds import (
    DAY_END,
    DAY_START,
    HOUR,
    a_job,
    a_leak,
    a_problem,
    a_technician,
    east,
    random_problem,
)


def starts(plan: Plan) -> dict[str, int]:
    """Return the start second of every planned job."""
    return {stop.job_id: stop.start_s for route in plan.routes for stop in route.stops}


def owners(plan: Plan) -> dict[str, str]:
    """Return the technician of every planned job."""
    return {stop.job_id: route.technician_id for route in plan.routes for stop in route.stops}


def test_leak_is_offered_first_when_two_orders_wait() -> None:
    """Drives past the routine job next door to the leak across town, and comes back."""
    problem = a_problem([a_technician("Wang")], [a_job("routine", east(100)), a_leak("leak", east(9000))])
    plan = plan_routes(problem, seed=1, stop=MaxIterations(count=20)).plan
    assert [stop.job_id for stop in plan.routes[0].stops] == ["leak", "routine"]


def test_plan_is_the_same_when_seed_and_iterations_are() -> None:
    """Gives byte-identical answers, warm and cold."""
    problem = random_problem(5, crew=8, count=60)
    first, second = (plan_routes(problem, seed=3, stop=MaxIterations(count=60)) for _ in range(2))
    assert encode(first) == encode(second)
    again = [plan_routes(problem, seed=3, stop=MaxIterations(count=60), warm=first.plan) for _ in range(2)]
    assert encode(again[0]) == encode(again[1])


@given(st.integers(0, 100_000), st.integers(-9000, 9000), st.integers(0, 5 * HOUR))
@settings(max_examples=40, deadline=None)
def test_emergency_is_not_delayed_when_a_routine_job_is_added(seed: int, metres: int, wait_s: int) -> None:
    """Keeps technician and arrival of every emergency whatever routine work comes in."""
    problem = random_problem(seed, emergencies=3)
    routine = a_job("routine", east(metres), windows=((problem.now_s + wait_s, problem.now_s + wait_s + HOUR),))
    more = replace(problem, jobs=(*problem.jobs, routine))
    stop = MaxIterations(count=5)
    before, after = (plan_routes(one, seed=1, stop=stop).certificates for one in (problem, more))
    emergencies = {job.id for job in problem.jobs if job.priority == 1}
    assert [(c.job_id, c.technician_id, c.arrival_s) for c in before if c.job_id in emergencies] == [
        (c.job_id, c.technician_id, c.arrival_s) for c in after if c.job_id in emergencies
    ]


@pytest.mark.parametrize("seed", range(8))
def test_plan_is_never_worse_when_given_more_steps(seed: int) -> None:
    """Stays at or below the exact objective of the warm start, and names a search only when it helped."""
    problem = random_problem(seed, crew=8, count=50)
    start = plan_routes(problem, seed=seed, stop=MaxIterations(count=0))
    better = plan_routes(problem, seed=seed, stop=MaxIterations(count=150))
    warm = plan_routes(problem, seed=seed, stop=MaxIterations(count=50), warm=better.plan)
    assert start.engines == ("insertion",)
    assert better.objective.total <= start.objective.total
    assert warm.objective.total <= better.objective.total
    assert (better.engines != ("insertion",)) == (better.objective.total < start.objective.total)


def test_search_improves_the_plan_when_routes_cross() -> None:
    """Lowers the objective of a crowded day well below what insertion alone reaches."""
    problem = random_problem(21, crew=10, count=80, emergencies=0)
    start = plan_routes(problem, seed=1, stop=MaxIterations(count=0)).objective.total
    assert plan_routes(problem, seed=1, stop=MaxIterations(count=400)).objective.total < start


def test_plan_is_found_when_the_stop_counts_seconds() -> None:
    """Plans under a cap of time as well; the plan is sound."""
    problem = random_problem(7)
    plan = plan_routes(problem, seed=1, stop=MaxSeconds(seconds=0.2)).plan
    assert verify_plan(problem, plan) == []


def test_objective_is_the_sum_of_its_parts_when_recounted_from_the_plan() -> None:
    """Counts driving, weighted lateness, penalties and moved stops again from the plan itself."""
    problem = random_problem(9, crew=4, count=30)
    plan = plan_routes(problem, seed=1, stop=MaxIterations(count=20)).plan
    jobs, owner = {job.id: job for job in problem.jobs}, owners(plan)
    late = sum(jobs[s.job_id].lateness_weight * s.lateness_s for route in plan.routes for s in route.stops)
    moved = [job for job, had in problem.previous.items() if had and job in owner and owner[job] != had]
    assert plan.objective.travel == sum(route.drive_s for route in plan.routes)
    assert plan.objective.lateness == pytest.approx(late)
    assert plan.objective.unserved == sum(jobs[job_id].unserved_penalty for job_id in plan.unserved)
    assert plan.objective.moved == len(moved) * problem.moved_stop_price
    parts = plan.objective
    assert parts.total == pytest.approx(parts.travel + parts.lateness + parts.unserved + parts.moved)


def test_second_window_is_used_when_the_first_has_passed() -> None:
    """Starts in the afternoon window, not in the gap between the two."""
    windows = ((DAY_START - HOUR, DAY_START), (DAY_START + 5 * HOUR, DAY_START + 6 * HOUR))
    problem = a_problem([a_technician("Wang", east(3000))], [a_job("promise", windows=windows)])
    plan = plan_routes(problem, seed=1, stop=MaxIterations(count=20)).plan
    assert starts(plan)["promise"] == DAY_START + 5 * HOUR


def test_stop_stays_with_its_technician_when_moving_costs_more_than_it_saves() -> None:
    """Keeps the job with the technician who had it, and moves it when the price is nothing."""
    crew = [a_technician("Wang"), a_technician("Qi", east(1200))]
    problem = a_problem(crew, [a_job("routine", east(1000))], previous={"routine": "Wang"})
    free = replace(problem, moved_stop_price=0.0)
    kept, moved = (plan_routes(one, seed=1, stop=MaxIterations(count=20)).plan for one in (problem, free))
    assert owners(kept) == {"routine": "Wang"}
    assert owners(moved) == {"routine": "Qi"}


def test_committed_stops_stay_first_when_another_order_would_be_shorter() -> None:
    """Keeps the order of stops under way, even against windows and distance."""
    jobs = [a_job("far", east(9000)), a_job("near", east(200)), a_job("third", east(100))]
    wang = a_technician("Wang", committed=("far", "near"))
    plan = plan_routes(a_problem([wang], jobs), seed=1, stop=MaxIterations(count=20)).plan
    assert [stop.job_id for stop in plan.routes[0].stops] == ["far", "near", "third"]


def test_expiring_skill_is_respected_when_the_search_moves_jobs() -> None:
    """Gives the late jobs to the technician whose certificate lasts."""
    windows = ((DAY_START + 5 * HOUR, DAY_START + 7 * HOUR),)
    jobs = [a_job(f"J{n}", east(300 * n), skills=("gas",), windows=windows) for n in range(3)]
    crew = [
        a_technician("Lu", skills=(Skill(name="gas", valid_until_s=DAY_START + 4 * HOUR),)),
        a_technician("Wang", east(8000)),
    ]
    plan = plan_routes(a_problem(crew, jobs), seed=1, stop=MaxIterations(count=40)).plan
    assert set(owners(plan).values()) == {"Wang"}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"skills": ("welding",)}, "no_skill"),
        ({"locked_to": "Qian"}, "locked_technician_missing"),
        ({"windows": ((DAY_START - 2 * HOUR, DAY_START - HOUR),)}, "window_closed"),
        ({"windows": ((DAY_END + HOUR, DAY_END + 2 * HOUR),)}, "off_shift"),
        ({"service_s": 11 * HOUR}, "off_shift"),
        ({"skills": ("boiler",)}, "skill_expired"),
        ({"place": east(90_000), "unserved_penalty": 60.0}, "too_costly"),
    ],
)
def test_reason_is_given_when_a_job_stays_unserved(fields: dict[str, object], reason: str) -> None:
    """Names the rule that binds for everybody."""
    skills = (Skill(name="gas"), Skill(name="boiler", valid_until_s=DAY_START + 1))
    wang = a_technician("Wang", east(2000), skills=skills)
    job = replace(a_job("J1"), **fields)
    plan = plan_routes(a_problem([wang], [job]), seed=1, stop=MaxIterations(count=5)).plan
    assert plan.unserved == {"J1": reason}


def test_no_room_is_the_reason_when_the_day_is_full() -> None:
    """Leaves out what a full day cannot hold, the cheapest to leave first."""
    jobs = [a_job(f"J{n}", service_s=3 * HOUR, unserved_penalty=50_000.0 + n) for n in range(4)]
    plan = plan_routes(a_problem([a_technician("Wang")], jobs), seed=1, stop=MaxIterations(count=40)).plan
    assert plan.unserved == {"J0": "no_room"}


def test_emergency_keeps_its_place_when_it_comes_near_the_end_of_the_shift() -> None:
    """Sends a technician who arrives within his shift although the work will outlast it."""
    wang = a_technician("Wang", shift_end_s=DAY_START + HOUR, end_place=east(500))
    problem = a_problem([wang], [a_leak("leak", east(2000)), a_job("routine", east(100))])
    plan = plan_routes(problem, seed=1, stop=MaxIterations(count=20)).plan
    assert set(starts(plan)) == {"leak"}
    assert verify_plan(problem, plan) == []


def test_certificate_names_moved_promises_when_planned_from_a_warm_plan() -> None:
    """Says which of his own stops gave way to the leak."""
    promise = a_job("promise", east(100), promised=True, due_s=DAY_START + HOUR)
    problem = a_problem([a_technician("Wang")], [promise])
    warm = plan_routes(problem, seed=1, stop=MaxIterations(count=5)).plan
    with_leak = replace(problem, jobs=(promise, a_leak("leak", east(3000))))
    (certificate,) = plan_routes(with_leak, seed=1, stop=MaxIterations(count=5), warm=warm).certificates
    assert [moved.job_id for moved in certificate.moved] == ["promise"]
    assert certificate.made_late == ("promise",)


def test_emergency_is_revoked_when_somebody_nearer_comes_free() -> None:
    """Places a leak anew at each planning until somebody is under way to it."""
    busy = a_technician("Wang", available_s=DAY_START + 2 * HOUR)
    far = a_technician("Qi", east(9000))
    problem = a_problem([busy, far], [a_leak("leak", east(100))])
    warm = plan_routes(problem, seed=1, stop=MaxIterations(count=1)).plan
    freed = replace(problem, technicians=(a_technician("Wang"), far))
    under_way = replace(problem, technicians=(a_technician("Wang"), replace(far, committed=("leak",))))
    plans = [plan_routes(one, seed=1, stop=MaxIterations(count=1), warm=warm).plan for one in (freed, under_way)]
    assert owners(warm) == {"leak": "Qi"}
    assert [owners(plan)["leak"] for plan in plans] == ["Wang", "Qi"]


def test_every_emergency_is_reached_in_report_order_when_calls_flood_in() -> None:
    """Serves thirty leaks with four crews: all planned, none later than brute force."""
    jobs = [a_leak(f"L{n:02d}", east(311 * n % 8000, 577 * n % 7000), release_s=DAY_START + n) for n in range(30)]
    crew = [a_technician(f"T{n}", east(2000 * n), shift_end_s=DAY_START + 24 * HOUR) for n in range(4)]
    problem = a_problem(crew, jobs)
    plan = plan_routes(problem, seed=1, stop=MaxIterations(count=10)).plan
    assert not plan.unserved
    assert verify_plan(problem, plan) == []


@pytest.mark.parametrize(("crew", "count"), [(0, 5), (3, 0), (0, 0)])
def test_plan_is_empty_when_there_is_nobody_or_nothing(crew: int, count: int) -> None:
    """Answers without routes or without stops, each job with its reason."""
    problem = random_problem(1, crew=max(1, crew), count=count, emergencies=min(1, count))
    if crew == 0:
        problem = replace(problem, technicians=())
    plan = plan_routes(problem, seed=1, stop=MaxIterations(count=5)).plan
    assert len(plan.unserved) == count
    assert verify_plan(problem, plan) == []


def test_unreachable_place_stays_unserved_when_the_provider_says_so() -> None:
    """Plans around an island: the provider's figure for no road is never driven."""

    class Island(StraightLine):
        """Roads everywhere but to the north."""

        def matrix(self, sources: object, targets: object, when_s: int) -> tuple[Ints, Ints]:
            """Return the straight line with the north cut off."""
            seconds, metres = super().matrix(sources, targets, when_s)  # type: ignore[arg-type]  # passed through as given
            north = [place.lat > east(0, 20_000).lat for place in targets]  # type: ignore[attr-defined]  # places
            seconds[:, north] = 2_000_000_000
            return seconds, metres

    jobs = [a_leak("island", east(0, 30_000)), a_job("island-routine", east(0, 30_000)), a_job("town")]
    problem = a_problem([a_technician("Wang")], jobs)
    answer = plan_routes(problem, seed=1, stop=MaxIterations(count=5), travel=Island(problem.profile))
    assert set(starts(answer.plan)) == {"town"}
    assert answer.certificates[0].candidates[0].reason == "unreachable"
    assert math.isfinite(answer.objective.total)


def test_large_problem_is_split_into_blocks_when_beyond_one_model() -> None:
    """Puts every technician and every open stop into exactly one block of at most 40 technicians and 400 jobs."""
    problem = random_problem(3, crew=100, count=300)
    plan_routes(problem, seed=1, stop=MaxIterations(count=0))
    state = State(build_grid(problem, StraightLine(problem.profile)))
    blocks = split_blocks(state)
    assert sorted(tech for block in blocks for tech in block.techs) == list(range(100))
    assert all(len(block.techs) <= 40 and len(block.jobs) <= 400 for block in blocks)
    taken = [job for block in blocks for job in block.jobs]
    assert len(taken) == len(set(taken))


def test_large_problem_is_planned_soundly_when_split() -> None:
    """Plans ninety technicians and two hundred jobs block by block without a violation."""
    problem = random_problem(4, crew=90, count=200)
    plan = plan_routes(problem, seed=1, stop=MaxIterations(count=30)).plan
    assert verify_plan(problem, plan) == []
