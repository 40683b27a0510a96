"""The instant answer to an emergency: exact, certified, and careful with what was promised."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from routing.plan import Plan
from routing.planner import plan_routes
from routing.problem import Job, Leave, Problem, Skill, Technician
from routing.stop import MaxIterations
from routing.travel import StraightLine
from routing.urgent import insert_job, insert_urgent, rank_candidates
from routing.verify import verify_plan
from shared.errors import DomainError
from tests.routing.worlds import (
    DAY_END,
    DAY_START,
    HOUR,
    a_job,
    a_leak,
    a_problem,
    a_technician,
    changed_job,
    east,
    random_problem,
)


def starts(plan: Plan) -> dict[str, int]:
    """Return the start second of every planned job."""
    return {stop.job_id: stop.start_s for route in plan.routes for stop in route.stops}


def planned(problem: Problem, count: int = 10) -> Plan:
    """Return a plan of the problem."""
    return plan_routes(problem, seed=1, stop=MaxIterations(count=count)).plan


def drive_s(problem: Problem, source: Job | Technician | Leave, target: Job) -> int:
    """Return driving seconds by the provider."""
    return int(StraightLine(problem.profile).matrix([source.place], [target.place], 0)[0][0, 0])


def brute_force_arrival(problem: Problem, leak: Job) -> float:
    """Return the earliest arrival over every technician, walked by hand; stops under way have no windows here."""
    jobs = {job.id: job for job in problem.jobs}
    arrivals = [math.inf]
    for technician in problem.technicians:
        free_s, here = max(technician.available_s, technician.shift_start_s, problem.now_s), technician.place
        for job_id in technician.committed:
            job = jobs[job_id]
            arrival = max(free_s + drive_s(problem, replace(technician, place=here), job), job.release_s)
            free_s, here = max(arrival, job.earliest_s) + job.service_s, job.place
        ways = [free_s + drive_s(problem, replace(technician, place=here), leak)]
        if technician.leave is not None:
            ways.append(max(problem.now_s, technician.leave.from_s) + drive_s(problem, technician.leave, leak))
        until = {skill.name: skill.valid_until_s or math.inf for skill in technician.skills}
        arrivals += [
            arrival
            for arrival in (max(way, leak.release_s) for way in ways)
            if arrival <= technician.shift_end_s and all(until.get(name, -1.0) >= arrival for name in leak.skills)
        ]
    return min(arrivals)


@given(st.integers(0, 100_000))
@settings(max_examples=60, deadline=None)
def test_emergency_arrival_equals_brute_force_when_a_random_day_is_under_way(seed: int) -> None:
    """Equals the minimum over all technicians, walked by hand, to the second; nobody free means nobody named."""
    problem = random_problem(seed, crew=8, count=20, emergencies=0)
    problem = replace(problem, jobs=tuple(replace(job, windows=()) for job in problem.jobs))
    leak = a_leak("leak", east(seed % 7000), release_s=problem.now_s)
    before = planned(problem, count=1)
    with_leak = replace(problem, jobs=(*problem.jobs, leak))
    answer = insert_urgent(with_leak, before, "leak")
    best = brute_force_arrival(with_leak, leak)
    assert (answer.certificate.arrival_s or math.inf) == best
    assert (starts(answer.plan).get("leak", math.inf)) == best
    assert verify_plan(with_leak, answer.plan) == []


def test_certificate_names_choice_next_best_and_bound_when_two_are_free() -> None:
    """Names the near technician, the far one as next best, and the free drive of the near one as the bound."""
    near, far = a_technician("Wang", east(1000)), a_technician("Qi", east(6000))
    problem = a_problem([far, near], [a_leak("leak")])
    certificate = insert_urgent(problem, None, "leak").certificate
    assert (certificate.technician_id, certificate.next_best_technician_id) == ("Wang", "Qi")
    assert certificate.arrival_s == certificate.lower_bound_s == DAY_START + drive_s(problem, near, problem.jobs[0])
    assert certificate.lower_bound_reason == "drive"
    assert certificate.next_best_arrival_s == DAY_START + drive_s(problem, far, problem.jobs[0])
    assert certificate.travel_quality == "straight"


def test_certificate_gives_each_reason_when_technicians_are_ruled_out() -> None:
    """Lists every technician: without skill, with an expired one, off shift; and one who can."""
    crew = [
        a_technician("no-skill", skills=()),
        a_technician("expired", skills=(Skill(name="gas", valid_until_s=DAY_START - 1),)),
        a_technician("night", shift_start_s=DAY_START - 10 * HOUR, shift_end_s=DAY_START),
        a_technician("Wang", east(9000)),
    ]
    certificate = insert_urgent(a_problem(crew, [a_leak("leak", east(100))]), None, "leak").certificate
    reasons = {one.technician_id: one.reason for one in certificate.candidates}
    assert reasons == {"no-skill": "no_skill", "expired": "skill_expired", "night": "off_shift", "Wang": None}
    assert certificate.lower_bound_technician_id == "Wang"


def test_answer_names_nobody_when_nobody_qualifies() -> None:
    """Leaves the emergency out with the reason, and says so in the certificate."""
    problem = a_problem([a_technician("Wang", skills=())], [a_leak("leak")])
    answer = insert_urgent(problem, None, "leak")
    assert answer.certificate.technician_id is None
    assert answer.certificate.lower_bound_reason == "no_qualified_technician"
    assert answer.plan.unserved == {"leak": "no_skill"}


def test_busy_technician_is_asked_to_leave_when_that_is_earlier() -> None:
    """Shows the arrival with consent and without, and brings him back for the time that was left."""
    busy = a_technician("Wang", east(500), available_s=DAY_START + HOUR)
    busy = replace(busy, leave=Leave(place=east(500), from_s=DAY_START + 300))
    other = a_technician("Qi", east(12_000))
    problem = a_problem([busy, other], [a_leak("leak"), a_job("later", east(800), locked_to="Wang")])
    before = insert_job(problem, None, "later")
    answer = insert_urgent(problem, before, "leak")
    certificate = answer.certificate
    assert certificate.needs_consent_of == "Wang"
    assert certificate.arrival_s == DAY_START + 300 + drive_s(problem, busy, problem.jobs[0])
    assert certificate.technician_without_consent == "Qi"
    assert certificate.arrival_without_consent_s == DAY_START + drive_s(problem, other, problem.jobs[0])
    route = next(route for route in answer.plan.routes if route.technician_id == "Wang")
    back = route.stops[0].end_s + drive_s(problem, problem.jobs[0], replace(problem.jobs[0], place=busy.place))
    left_s = HOUR - 300
    later = replace(problem.jobs[1], place=busy.place)
    assert route.leaves_for == 1
    assert route.stops[1].start_s == back + left_s + drive_s(problem, later, problem.jobs[1])
    assert verify_plan(problem, answer.plan) == []


def test_driver_turns_round_and_goes_on_when_an_emergency_is_nearer() -> None:
    """Takes the emergency first with consent, then drives straight to the stop he was under way to."""
    wang = a_technician("Wang", committed=("under-way",))
    wang = replace(wang, leave=Leave(place=wang.place, from_s=DAY_START))
    problem = a_problem([wang], [a_job("under-way", east(9000)), a_leak("leak", east(3000))])
    answer = insert_urgent(problem, None, "leak")
    leak, under_way = answer.plan.routes[0].stops
    assert answer.certificate.needs_consent_of == "Wang"
    assert leak.arrival_s == DAY_START + drive_s(problem, wang, problem.jobs[1])
    assert under_way.arrival_s == leak.end_s + drive_s(problem, problem.jobs[1], problem.jobs[0])
    assert verify_plan(problem, answer.plan) == []


def test_nobody_leaves_a_job_when_an_emergency_waits_for_him() -> None:
    """Keeps the emergency he has accepted where it is: one emergency never delays another."""
    busy = a_technician("Wang", available_s=DAY_START + 1200, committed=("first",))
    busy = replace(busy, leave=Leave(place=busy.place, from_s=DAY_START))
    problem = a_problem([busy], [a_leak("first", east(900)), a_leak("second", east(-900))])
    answer = insert_urgent(problem, None, "second")
    assert answer.certificate.needs_consent_of is None
    assert [stop.job_id for stop in answer.plan.routes[0].stops] == ["first", "second"]


def test_technician_without_promises_goes_when_two_arrive_at_once() -> None:
    """Breaks the tie of equal arrivals by the fewest promised stops moved or late."""
    crew = [a_technician("Lu"), a_technician("Wang")]
    promise = a_job("promise", east(100), promised=True, due_s=DAY_START + HOUR, locked_to="Lu")
    routine = a_job("routine", east(100), due_s=DAY_START + HOUR, locked_to="Wang")
    problem = a_problem(crew, [promise, routine])
    before = planned(problem)
    with_leak = replace(problem, jobs=(*problem.jobs, a_leak("leak", east(3000))))
    certificate = insert_urgent(with_leak, before, "leak").certificate
    assert certificate.technician_id == "Wang"
    assert certificate.made_late == ("routine",)


def test_moved_stops_are_named_when_an_emergency_pushes_them_away() -> None:
    """Gives the stop whose window cannot be kept to the other technician and names it with both times."""
    near, far = a_technician("Wang"), a_technician("Qi", east(9000))
    promise = a_job("promise", east(100), promised=True, windows=((DAY_START, DAY_START + 1800),))
    problem = a_problem([near, far], [promise])
    before = planned(problem)
    with_leak = replace(problem, jobs=(promise, a_leak("leak", east(2000))))
    certificate = insert_urgent(with_leak, before, "leak").certificate
    (moved,) = certificate.moved
    assert (moved.job_id, moved.technician_before, moved.technician_after) == ("promise", "Wang", "Qi")
    assert moved.promised
    assert moved.start_before_s == starts(before)["promise"]
    assert moved.start_after_s == DAY_START + drive_s(problem, far, promise)


def test_emergencies_of_the_plan_are_not_delayed_when_another_comes() -> None:
    """Queues the second emergency behind the first, at the only technician's."""
    problem = a_problem([a_technician("Wang")], [a_leak("first", east(5000)), a_leak("second", east(200))])
    first = insert_urgent(problem, None, "first").plan
    both = insert_urgent(problem, first, "second").plan
    assert starts(both)["first"] == starts(first)["first"]
    assert starts(both)["second"] > starts(both)["first"]


def test_urgent_leak_goes_behind_emergencies_and_before_routine_when_inserted() -> None:
    """Keeps the two tiers in order on one route."""
    jobs = [a_job("routine", east(100)), a_leak("emergency", east(3000)), a_leak("urgent", east(200), priority=2)]
    problem = a_problem([a_technician("Wang")], jobs)
    plan = insert_urgent(problem, planned(replace(problem, jobs=tuple(jobs[:1]))), "emergency").plan
    plan = insert_urgent(problem, plan, "urgent").plan
    assert [stop.job_id for stop in plan.routes[0].stops] == ["emergency", "urgent", "routine"]


def test_urgent_leak_waits_its_turn_when_its_door_opens_later() -> None:
    """Lets routine work go before a leak that nobody can get to before the afternoon."""
    leak = a_leak("urgent", priority=2, windows=((DAY_START + 6 * HOUR, DAY_END),))
    problem = a_problem([a_technician("Wang")], [leak, a_job("routine", east(300), due_s=DAY_START + HOUR)])
    plan = planned(problem)
    assert starts(plan)["routine"] < starts(plan)["urgent"] == DAY_START + 6 * HOUR


def test_unknown_job_is_refused_when_asked_for() -> None:
    """Answers with the code and the id."""
    problem = a_problem([a_technician("Wang")], [])
    for ask in (insert_urgent, insert_job, rank_candidates):
        with pytest.raises(DomainError, match="job_unknown"):
            ask(problem, None, "ghost")


def test_candidates_are_ranked_by_cost_when_the_job_is_routine() -> None:
    """Puts the technician with the shortest detour first and the unqualified one last with his reason."""
    crew = [a_technician("Qi", east(9000)), a_technician("Wang", east(500)), a_technician("Zhou", skills=())]
    problem = a_problem(crew, [a_job("routine", skills=("gas",))])
    ranked = rank_candidates(problem, None, "routine")
    assert [one.technician_id for one in ranked] == ["Wang", "Qi", "Zhou"]
    assert ranked[0].delta_cost == ranked[0].travel_s == drive_s(problem, crew[1], problem.jobs[0])
    assert ranked[2].reason == "no_skill"


def test_candidates_are_ranked_by_arrival_when_the_job_is_an_emergency() -> None:
    """Agrees with the certificate, and shows what each choice would move."""
    problem = random_problem(11, crew=6, count=20, emergencies=1)
    plan = planned(problem)
    answer = insert_urgent(problem, plan, "J000")
    ranked = rank_candidates(problem, plan, "J000")
    sound = [one for one in ranked if one.reason is None]
    assert sound[0].arrival_s == answer.certificate.arrival_s
    assert [one.arrival_s for one in sound] == sorted(one.arrival_s or 0 for one in sound)
    assert {one.technician_id for one in ranked} == {technician.id for technician in problem.technicians}


def test_emergency_goes_to_the_named_technician_when_locked_to_him() -> None:
    """Honours a dispatcher's own choice, and says of the others that the job is locked."""
    crew = [a_technician("Wang"), a_technician("Qi", east(9000))]
    problem = changed_job(a_problem(crew, [a_leak("leak")]), "leak", locked_to="Qi")
    certificate = insert_urgent(problem, None, "leak").certificate
    assert certificate.technician_id == "Qi"
    assert {one.reason for one in certificate.candidates} == {None, "locked_to_other"}


def test_leak_that_only_a_leaving_technician_could_take_says_so() -> None:
    """Wang leaves in half an hour and would need three quarters: nobody is named, and the reason stands in the plan."""
    wang = a_technician("Wang", away_from_s=DAY_START + HOUR // 2)
    answer = insert_urgent(a_problem([wang], [a_leak("leak", east(500))]), None, "leak")
    assert (answer.certificate.technician_id, answer.plan.unserved) == (None, {"leak": "away"})
