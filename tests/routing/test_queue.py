"""Several emergencies at once are arranged together."""

import random

from msgspec.structs import replace

from routing.plan import Plan
from routing.problem import Job, Place, Problem, Profile, Skill, Technician
from routing.queue import arrange_queue
from routing.urgent import insert_urgent

PROFILE = Profile(detour=1.35, speed_m_s=6.1, start_up_s=120)
TARGET_S = 3600


def problem_of(seed: int, crews: int = 6, leaks: int = 9) -> Problem:
    """Return busy crews and leaks that wait, spread over a city."""
    chance = random.Random(seed)

    def place() -> Place:
        return Place(lat=40.7 + chance.uniform(-0.1, 0.1), lon=-73.9 + chance.uniform(-0.1, 0.1))

    technicians = tuple(
        Technician(
            id=f"t{n}",
            place=place(),
            available_s=10_000 + chance.randint(0, 3000),
            shift_start_s=0,
            shift_end_s=200_000,
            skills=(Skill(name="gas_leak"),),
        )
        for n in range(crews)
    )
    jobs = tuple(
        Job(
            id=f"leak{n}",
            place=place(),
            service_s=2700,
            priority=1,
            is_leak=True,
            skills=("gas_leak",),
            release_s=10_000 - chance.randint(0, 2400),
        )
        for n in range(leaks)
    )
    return Problem(now_s=10_000, technicians=technicians, jobs=jobs, profile=PROFILE)


def waited(problem: Problem, plan: Plan) -> tuple[int, int]:
    """Return the seconds waited beyond the target, and all seconds waited."""
    release = {job.id: job.release_s for job in problem.jobs}
    waits = [stop.arrival_s - release[stop.job_id] for route in plan.routes for stop in route.stops]
    return sum(max(0, wait - TARGET_S) for wait in waits), sum(waits)


def test_queue_is_never_worse_than_one_by_one_and_often_better() -> None:
    """All leaks are planned once, and together they wait no longer than placed one after another."""
    better = 0
    for seed in range(12):
        problem = problem_of(seed)
        plan: Plan | None = None
        for job in sorted(problem.jobs, key=lambda j: (j.release_s, j.id)):
            plan = insert_urgent(problem, plan, job.id).plan
        assert plan is not None
        arranged = arrange_queue(problem, None, target_s=TARGET_S).plan
        assert sorted(s.job_id for r in arranged.routes for s in r.stops) == sorted(j.id for j in problem.jobs)
        assert waited(problem, arranged) <= waited(problem, plan)
        better += waited(problem, arranged) < waited(problem, plan)
    assert better >= 6


def test_single_emergency_keeps_its_exact_technician() -> None:
    """With one leak the arrangement is the exact instant answer."""
    for seed in range(10):
        problem = problem_of(seed, leaks=1)
        exact = insert_urgent(problem, None, "leak0").certificate
        arranged = arrange_queue(problem, None, target_s=TARGET_S).certificates[0]
        assert (arranged.technician_id, arranged.arrival_s) == (exact.technician_id, exact.arrival_s)


def test_certificate_names_the_technician_of_the_plan() -> None:
    """Every certificate agrees with the plan: who comes and when."""
    problem = problem_of(3)
    answer = arrange_queue(problem, None, target_s=TARGET_S)
    stops = {s.job_id: (r.technician_id, s.arrival_s) for r in answer.plan.routes for s in r.stops}
    assert {c.job_id: (c.technician_id, c.arrival_s) for c in answer.certificates} == stops


def test_both_persons_of_an_emergency_for_two_are_sent_when_several_wait() -> None:
    """One of three waiting leaks needs two: two technicians stand at it, and every leak still has somebody."""
    known = problem_of(4, leaks=3)
    jobs = (replace(known.jobs[0], crew_size=2), *known.jobs[1:])
    arranged = arrange_queue(replace(known, jobs=jobs), None, target_s=TARGET_S)
    sent = [(stop.job_id, route.technician_id) for route in arranged.plan.routes for stop in route.stops]
    assert sorted(job_id for job_id, _ in sent) == ["leak0", "leak0", "leak1", "leak2"]
    assert len(set(sent)) == 4
    assert sorted(one.job_id for one in arranged.certificates) == ["leak0", "leak1", "leak2"]
